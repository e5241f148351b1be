import type { SignalQuality, UplinkTransmission } from "./air.ts";
import type { RadioDataRate } from "./time-on-air.ts";

/** Version of the Semtech UDP protocol; only version 2 has TX_ACK. */
export type SemtechVersion = 1 | 2;

export const packetTypes = {
  pushData: 0,
  pushAck: 1,
  pullData: 2,
  pullResp: 3,
  pullAck: 4,
  txAck: 5,
} as const;

/** A downlink as the server asks for it. */
export interface TxPacket {
  readonly imme?: boolean;
  readonly tmst?: number;
  readonly tmms?: number;
  /** MHz. */
  readonly freq: number;
  readonly powe?: number;
  readonly modu?: string;
  readonly datr: RadioDataRate;
  readonly codr?: string;
  readonly ipol?: boolean;
  readonly ncrc?: boolean;
  readonly size: number;
  readonly data: string;
}

/** The twelve bytes before the body of everything a gateway sends. */
export function encodeGatewayHeader(
  version: SemtechVersion,
  token: number,
  type: number,
  eui: Uint8Array,
): Buffer {
  const header = Buffer.alloc(12);
  header[0] = version;
  header.writeUInt16BE(token & 0xffff, 1);
  header[3] = type;
  header.set(eui, 4);
  return header;
}

/** Where and when a gateway received a frame, in its own terms. */
export interface ReceptionDetails {
  /** Concentrator counter at the end of the frame. */
  readonly tmst: number;
  readonly channel: number;
  /** ISO time and GPS milliseconds of a gateway with GPS. */
  readonly gps?: { readonly time: string; readonly tmms: number };
}

/** One element of `rxpk`. */
export function formatReceivedPacket(
  transmission: UplinkTransmission,
  quality: SignalQuality,
  details: ReceptionDetails,
): string {
  const { payload, frequency, dataRate } = transmission;
  const isFSK = typeof dataRate === "number";
  return JSON.stringify({
    tmst: details.tmst,
    ...details.gps,
    chan: details.channel,
    rfch: 0,
    freq: frequency / 1e6,
    stat: 1,
    modu: isFSK ? "FSK" : "LORA",
    datr: dataRate,
    ...(isFSK ? {} : { codr: "4/5", lsnr: quality.snr }),
    rssi: quality.rssi,
    size: payload.length,
    data: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("base64"),
  });
}

/** Reads the body of a PULL_RESP; undefined for what a forwarder cannot parse and therefore never answers. */
export function parseTxPacket(body: string): TxPacket | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || !("txpk" in parsed)) return undefined;
  const packet = parsed.txpk;
  if (typeof packet !== "object" || packet === null) return undefined;
  const wellFormed =
    "freq" in packet &&
    typeof packet.freq === "number" &&
    "datr" in packet &&
    (typeof packet.datr === "string" || typeof packet.datr === "number") &&
    "size" in packet &&
    typeof packet.size === "number" &&
    "data" in packet &&
    typeof packet.data === "string";
  return wellFormed ? (packet as TxPacket) : undefined;
}
