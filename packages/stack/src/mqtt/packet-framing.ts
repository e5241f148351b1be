/** The peer broke the protocol; the connection is closed. [MQTT-4.8.0-1] */
export class MalformedPacket extends Error {}

const maxHeaderLength = 5;
const noBytes = Buffer.alloc(0);

/** Cuts a stream of bytes into whole control packets, and refuses large ones before they are received. */
export class PacketFramer {
  maxPacketLength: number;
  #rest: Buffer = noBytes;
  /** A packet of which the beginning is here. */
  #partial: Buffer | undefined;
  #filled = 0;

  constructor(maxPacketLength: number) {
    this.maxPacketLength = maxPacketLength;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }

  /** First byte of the packet that is being received. */
  get firstByte(): number | undefined {
    return this.#partial?.[0] ?? this.#rest[0];
  }

  /** The next whole packet, header included; undefined until more arrives. */
  next(): Buffer | undefined {
    if (this.#partial !== undefined) return this.#fillPartial(this.#partial);
    const length = this.#packetLength();
    if (length === undefined) return undefined;
    if (length > this.maxPacketLength) throw new MalformedPacket(`packet of ${length} bytes is too large`);
    if (this.#rest.length >= length) return this.#take(length);
    this.#partial = Buffer.allocUnsafe(length);
    this.#filled = 0;
    return this.#fillPartial(this.#partial);
  }

  #fillPartial(partial: Buffer): Buffer | undefined {
    const available = Math.min(partial.length - this.#filled, this.#rest.length);
    this.#rest.copy(partial, this.#filled, 0, available);
    this.#filled += available;
    this.#take(available);
    if (this.#filled < partial.length) return undefined;
    this.#partial = undefined;
    return partial;
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = length === this.#rest.length ? noBytes : this.#rest.subarray(length);
    return taken;
  }

  /** MQTT 3.1.1 §2.2.3: seven bits per byte, lowest first, at most four bytes. */
  #packetLength(): number | undefined {
    let remaining = 0;
    for (let index = 1; index < maxHeaderLength; index++) {
      const byte = this.#rest[index];
      if (byte === undefined) return undefined;
      remaining += (byte & 0x7f) * 2 ** (7 * (index - 1));
      if ((byte & 0x80) === 0) return 1 + index + remaining;
    }
    throw new MalformedPacket("remaining length takes more than four bytes");
  }
}
