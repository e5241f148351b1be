import { RawClient } from "../../../mqtt/raw-client.fixture.ts";

/** A client that keeps QoS 2 by the book over all its connections. */
export class DurableSubscriber {
  /** Payloads in the order in which the application got them. */
  readonly delivered: string[] = [];
  readonly #unreleased = new Set<number>();
  readonly #clientId: string;
  readonly #qos: 1 | 2;
  #isSubscribed = false;
  #client: RawClient | undefined;

  constructor(clientId: string, qos: 1 | 2) {
    this.#clientId = clientId;
    this.#qos = qos;
  }

  /** Receives until the connection ends. */
  async run(port: number): Promise<void> {
    const client = new RawClient(port);
    this.#client = client;
    const connack = await client.connect(this.#clientId, { clean: false, password: "good" });
    if (connack === undefined) return;
    if (!this.#isSubscribed) client.send(0x82, 0, 1, "#", this.#qos);
    for (let packet = await client.receive(); packet !== undefined; packet = await client.receive()) {
      this.#handle(client, packet);
    }
  }

  stop(): void {
    this.#client?.socket.destroy();
  }

  #handle(client: RawClient, packet: Buffer): void {
    const type = packet[0]! >> 4;
    if (type === 9) this.#isSubscribed = true;
    if (type === 6) {
      this.#unreleased.delete(packet.readUInt16BE(2));
      client.send(0x70, packet[2]!, packet[3]!);
    }
    if (type !== 3) return;
    const body = packet[1]! > 127 ? 3 : 2;
    const topicEnd = body + 2 + packet.readUInt16BE(body);
    const packetId = packet.readUInt16BE(topicEnd);
    const isNew = this.#qos === 1 || !this.#unreleased.has(packetId);
    if (isNew) this.delivered.push(packet.toString("utf8", topicEnd + 2));
    if (this.#qos === 2) this.#unreleased.add(packetId);
    client.send(this.#qos === 2 ? 0x50 : 0x40, packet[topicEnd]!, packet[topicEnd + 1]!);
  }
}
