import { type DataRate, formatDatr } from "@skylark/lorawan";
import type { TransmissionResult } from "../../../domain/downlink.ts";
import type { GatewayStatus } from "../../gateway-status.ts";
import { type DropReason, headerLength, packetTypes } from "./packet.ts";
import { createRxpk, type Rxpk } from "./rxpk.ts";
import { isFields, readRxpk } from "./rxpk-json.ts";
import { RxpkScanner } from "./rxpk-scanner.ts";
import { readStat } from "./stat.ts";

/** More than any forwarder puts into one datagram. */
const maxRxpks = 64;

/** What one PUSH_DATA holds. */
export interface PushData {
  /** The first `count` are of this datagram; the next one reuses them. */
  readonly rxpks: readonly Rxpk[];
  count: number;
  status: GatewayStatus | undefined;
  /** Why single frames were left out. */
  readonly dropped: DropReason[];
}

/** Reads PUSH_DATA after `checkHeader`; what it gives is valid until the next datagram. */
export class PushDataDecoder {
  readonly #scanner = new RxpkScanner();
  readonly #pushData: PushData = {
    rxpks: Array.from({ length: maxRxpks }, createRxpk),
    count: 0,
    status: undefined,
    dropped: [],
  };

  decode(bytes: Uint8Array): PushData | DropReason {
    const data = this.#pushData;
    data.status = undefined;
    data.dropped.length = 0;
    data.count = this.#scanner.scan(bytes, data.rxpks);
    return data.count >= 0 ? data : this.#decodeJson(bytes);
  }

  #decodeJson(bytes: Uint8Array): PushData | DropReason {
    const data = this.#pushData;
    data.count = 0;
    const body = parseBody(bytes);
    if (body === undefined) return "json";
    const { rxpk, stat } = body;
    if (rxpk !== undefined && !Array.isArray(rxpk)) return "rxpk_fields";
    for (const each of (rxpk ?? []) as readonly unknown[]) {
      const into = data.rxpks[data.count];
      const reason = into === undefined ? "rxpk_count" : readRxpk(each, into);
      if (reason === undefined) data.count++;
      else data.dropped.push(reason);
      if (reason === "rxpk_count") break;
    }
    if (stat !== undefined) {
      data.status = readStat(stat);
      if (data.status === undefined) data.dropped.push("status");
    }
    return data;
  }
}

function parseBody(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8", headerLength);
    const body: unknown = JSON.parse(text);
    return isFields(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

const transmissionResults: Readonly<Record<string, TransmissionResult>> = {
  NONE: "SUCCESS",
  TOO_LATE: "TOO_LATE",
  TOO_EARLY: "TOO_EARLY",
  COLLISION_PACKET: "COLLISION_PACKET",
  COLLISION_BEACON: "COLLISION_BEACON",
  TX_FREQ: "TX_FREQ",
  TX_POWER: "TX_POWER",
  GPS_UNLOCKED: "GPS_UNLOCKED",
};

/** Reads the body of TX_ACK. Without one, or with a warning alone (the sx1302 forwarder has them), the frame is queued. */
export function decodeTxAck(bytes: Uint8Array): TransmissionResult | "json" {
  let end = bytes.length;
  // Some forwarders end the text as C does.
  while (end > headerLength && bytes[end - 1] === 0) end--;
  if (end === headerLength) return "SUCCESS";
  const body = parseBody(bytes.subarray(0, end));
  if (body === undefined) return "json";
  const ack = body.txpk_ack;
  if (ack === undefined) return "SUCCESS";
  if (!isFields(ack)) return "json";
  if (ack.error === undefined || ack.error === "") return "SUCCESS";
  const name = String(ack.error);
  return Object.hasOwn(transmissionResults, name) ? transmissionResults[name]! : "UNKNOWN_ERROR";
}

/** A frame for a gateway to send at a value of its counter. */
export interface Txpk {
  /** 32 bits. */
  readonly timestamp: number;
  /** Hz. */
  readonly frequency: number;
  readonly dataRate: DataRate;
  /** EIRP less the antenna's gain, dBm. */
  readonly power: number;
  readonly phyPayload: Uint8Array;
}

// The forwarder takes the conducted power; an isotropic antenna's EIRP is 2.15 dB above a dipole's ERP, which
// regulations and forwarders' tables are written in.
const eirpToErp = 2.15;

/** Writes PULL_RESP. */
export function encodePullResp(version: number, token: number, txpk: Txpk): Uint8Array<ArrayBuffer> {
  const { dataRate } = txpk;
  const json = JSON.stringify({
    txpk: {
      imme: false,
      tmst: txpk.timestamp,
      freq: txpk.frequency / 1e6,
      rfch: 0,
      powe: Math.floor(txpk.power - eirpToErp + 1e-6),
      ...(dataRate.modulation === "FSK"
        ? { modu: "FSK", datr: dataRate.bitRate, fdev: dataRate.bitRate / 2 }
        : { modu: "LORA", datr: formatDatr(dataRate), codr: dataRate.codingRate ?? "4/5" }),
      // TS002 §2: downlinks of LoRa have inverted polarity and no checksum.
      ipol: dataRate.modulation === "LORA",
      size: txpk.phyPayload.length,
      ncrc: dataRate.modulation === "LORA",
      data: Buffer.from(txpk.phyPayload.buffer, txpk.phyPayload.byteOffset, txpk.phyPayload.length).toString(
        "base64",
      ),
    },
  });
  const bytes = new Uint8Array(4 + json.length);
  bytes[0] = version;
  bytes[1] = token >> 8;
  bytes[2] = token;
  bytes[3] = packetTypes.pullResp;
  for (let index = 0; index < json.length; index++) bytes[4 + index] = json.charCodeAt(index);
  return bytes;
}
