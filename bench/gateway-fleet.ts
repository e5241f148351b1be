import { createSocket, type Socket } from "node:dgram";
import { encodeGatewayHeader, gatewayEui, packetTypes } from "@skylark/testkit";

/** Where the ten digits of `tmst` lie in every datagram of the benchmark. */
const tmstOffset = 12 + '{"rxpk":[{"tmst":'.length;

/** A counter that always has ten digits, so that it can be written into a prepared datagram: 55 minutes of it. */
const firstTmst = 1_000_000_000;

export type PullRespHandler = (gateway: number, message: Buffer) => void;

/**
 * Gateways without a radio that send prepared datagrams over real sockets, two for each gateway as forwarders have.
 * PUSH_ACK is the flow control: only `window` datagrams are unacknowledged at a time, so that they always fit the
 * server's socket buffer and a loss is the server's doing, not the kernel's. A datagram of 300 bytes takes some
 * 1.7 kB of that buffer (seen: 124 filled it): 96 fit the 208 KiB (net.core.rmem_max) that many distributions allow.
 */
export class GatewayFleet {
  /** Datagrams sent, acknowledged, and given up after a second without an acknowledgement. */
  sent = 0;
  acknowledged = 0;
  unacknowledged = 0;
  pullResps = 0;
  onAck: () => void = () => {};
  onPullResp: PullRespHandler = () => {};
  readonly #window: number;
  readonly #upstream: Socket[] = [];
  readonly #downstream: Socket[] = [];
  readonly #euis: Buffer[];
  readonly #startedAt = performance.now();
  readonly #timers: NodeJS.Timeout[] = [];
  #lastAckAt = 0;

  private constructor(seed: number, count: number, window: number) {
    this.#window = window;
    this.#euis = Array.from({ length: count }, (_, index) => Buffer.from(gatewayEui(seed, index), "hex"));
  }

  /** Opens the sockets and waits until the server has answered the PULL_DATA of every gateway. */
  static async connect(options: {
    readonly seed: number;
    readonly count: number;
    readonly port: number;
    readonly window: number;
  }): Promise<GatewayFleet> {
    const fleet = new GatewayFleet(options.seed, options.count, options.window);
    const pulled = new Set<number>();
    for (let gateway = 0; gateway < options.count; gateway++) {
      fleet.#upstream.push(await open(options.port, () => fleet.#handleAck()));
      const handle = (message: Buffer): void => {
        if (message[3] === packetTypes.pullAck) pulled.add(gateway);
        else if (message[3] === packetTypes.pullResp) fleet.#handlePullResp(gateway, message);
      };
      fleet.#downstream.push(await open(options.port, handle));
    }
    for (let attempt = 0; pulled.size < options.count; attempt++) {
      if (attempt === 50) throw new Error(`only ${pulled.size} of ${options.count} gateways got a PULL_ACK`);
      for (let gateway = 0; gateway < options.count; gateway++)
        if (!pulled.has(gateway)) fleet.#pull(gateway);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    fleet.#timers.push(
      setInterval(() => {
        for (let gateway = 0; gateway < options.count; gateway++) fleet.#pull(gateway);
      }, 10_000),
      setInterval(() => fleet.#giveUp(), 500),
    );
    return fleet;
  }

  get count(): number {
    return this.#euis.length;
  }

  eui(gateway: number): Buffer {
    return this.#euis[gateway]!;
  }

  /** Room for `datagrams` more before the window is full. */
  hasRoom(datagrams: number): boolean {
    return this.sent - this.acknowledged - this.unacknowledged + datagrams <= this.#window;
  }

  /** The concentrator counter, the same for all gateways. */
  tmst(now: number): number {
    return firstTmst + Math.floor((now - this.#startedAt) * 1000);
  }

  send(gateway: number, datagram: Buffer, tmst: number): void {
    let rest = tmst;
    for (let at = tmstOffset + 9; at >= tmstOffset; at--) {
      const tenth = (rest / 10) | 0;
      datagram[at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    this.sent++;
    this.#upstream[gateway]!.send(datagram);
  }

  /** Tells the server that a PULL_RESP went on air. */
  acknowledgeDownlink(gateway: number, message: Buffer): void {
    const token = (message[1]! << 8) | message[2]!;
    this.#downstream[gateway]!.send(encodeGatewayHeader(2, token, packetTypes.txAck, this.eui(gateway)));
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of [...this.#upstream, ...this.#downstream]) socket.close();
  }

  #pull(gateway: number): void {
    this.#downstream[gateway]!.send(encodeGatewayHeader(2, gateway, packetTypes.pullData, this.eui(gateway)));
  }

  #handleAck(): void {
    this.acknowledged++;
    this.#lastAckAt = performance.now();
    this.onAck();
  }

  #handlePullResp(gateway: number, message: Buffer): void {
    this.pullResps++;
    this.acknowledgeDownlink(gateway, message);
    this.onPullResp(gateway, message);
  }

  #giveUp(): void {
    const missing = this.sent - this.acknowledged - this.unacknowledged;
    if (missing <= 0 || performance.now() - this.#lastAckAt < 1000) return;
    this.unacknowledged += missing;
    this.onAck();
  }
}

async function open(port: number, handle: (message: Buffer) => void): Promise<Socket> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20, sendBufferSize: 1 << 20 });
  socket.on("message", handle);
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", resolve));
  return socket;
}
