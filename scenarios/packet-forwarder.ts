import { createSocket, type Socket } from "node:dgram";
import { type DeviceSession, encodeGatewayHeader, packetTypes } from "@skylark/testkit";
import { Arrivals } from "./arrivals.ts";
import type { StackProcess } from "./stack-process.ts";

/** One element of `rxpk` with a frame on the first channel of EU868. */
export function rxpk(payload: Uint8Array, changes: Readonly<Record<string, unknown>> = {}): object {
  return {
    tmst: Math.round(performance.now() * 1000) >>> 0,
    chan: 0,
    rfch: 0,
    freq: 868.1,
    stat: 1,
    modu: "LORA",
    datr: "SF7BW125",
    codr: "4/5",
    lsnr: 8,
    rssi: -60,
    size: payload.length,
    data: Buffer.from(payload).toString("base64"),
    ...changes,
  };
}

/** The next frame of a device, ready for the air. */
export function nextFrame(
  session: DeviceSession,
  { fPort = 1, payload = Uint8Array.of(1), confirmed = false } = {},
): Uint8Array {
  const frame = session.sealUplink(
    {
      confirmed,
      fCtrl: { adr: false, adrAckReq: false, ack: false, classB: false },
      commands: new Uint8Array(0),
      fPort,
      payload,
    },
    { dataRate: 5, channel: 0 },
  );
  session.fCntUp++;
  return frame;
}

/** A socket that says to the Gateway Server what a test wants, right or wrong. */
export class PacketForwarder {
  readonly received = new Arrivals<Buffer>();
  readonly #socket: Socket;
  readonly #eui: Uint8Array;
  #token = 0;

  private constructor(socket: Socket, eui: string) {
    this.#socket = socket;
    this.#eui = Buffer.from(eui, "hex");
    socket.on("error", () => {});
    socket.on("message", (datagram) => this.received.add(datagram));
  }

  /** `localAddress` is any of 127.0.0.0/8. */
  static async open(
    stack: Pick<StackProcess, "udpPort">,
    eui: string,
    localAddress = "127.0.0.1",
  ): Promise<PacketForwarder> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind({ address: localAddress }, resolve));
    await new Promise<void>((resolve) => socket.connect(stack.udpPort, "127.0.0.1", resolve));
    return new PacketForwarder(socket, eui);
  }

  /** Sends PUSH_DATA; resolves with whether it was acknowledged within `withinMs`. */
  async push(body: object | string | Uint8Array, withinMs = 3000): Promise<boolean> {
    return this.#ask(packetTypes.pushData, packetTypes.pushAck, body, withinMs);
  }

  pushFrames(...frames: readonly Uint8Array[]): Promise<boolean> {
    return this.push({ rxpk: frames.map((frame) => rxpk(frame)) });
  }

  pull(withinMs = 3000): Promise<boolean> {
    return this.#ask(packetTypes.pullData, packetTypes.pullAck, "", withinMs);
  }

  /** The bytes and nothing else. */
  sendRaw(datagram: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.send(datagram, () => resolve()));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(resolve));
  }

  async #ask(
    type: number,
    answer: number,
    body: object | string | Uint8Array,
    withinMs: number,
  ): Promise<boolean> {
    const token = this.#token++ & 0xffff;
    const bytes = body instanceof Uint8Array ? body : typeof body === "string" ? body : JSON.stringify(body);
    await this.sendRaw(Buffer.concat([encodeGatewayHeader(2, token, type, this.#eui), Buffer.from(bytes)]));
    return this.received
      .first((datagram) => datagram[3] === answer && datagram.readUInt16BE(1) === token, withinMs)
      .then(
        () => true,
        () => false,
      );
  }
}
