import { encodePublish } from "./packet-encoding.ts";

/** A message for subscribers; its QoS 0 packet is made once, however many take it. */
export class OutgoingMessage {
  /** Its place in the order of its source. */
  readonly position: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  #packet: Buffer | undefined;

  constructor(position: number, topic: string, payload: Uint8Array) {
    this.position = position;
    this.topic = topic;
    this.payload = payload;
  }

  get packet(): Buffer {
    this.#packet ??= encodePublish(this.topic, this.payload, { qos: 0, packetId: 0, duplicate: false });
    return this.#packet;
  }
}
