import { Buffer } from "node:buffer";
import type { HeldBytes } from "./fair-share.ts";

/** Flag and length before each message. */
const prefixBytes = 5;

/** So much longer than its compressed form can a message be, for deflate and gzip. */
const mostInflation = 1032;

/** grpc-js reads so many messages of a stream ahead of whoever handles them, and one more is under way. */
const readAhead = 17;

export interface IntakeOptions {
  /** Whether messages follow one another, rather than one that stays until it is answered. */
  readonly isStream: boolean;
  readonly isCompressed: boolean;
  readonly maxMessageBytes: number;
  /** Of the request besides messages. */
  readonly headerBytes: number;
}

const nothing = Buffer.alloc(0);

/**
 * Puts the messages of a request together, in memory of their own: a piece that came in the same packet as others would
 * keep all of them. What is held is counted before it is.
 */
export class MessageIntake {
  readonly #options: IntakeOptions;
  readonly #held: HeldBytes;
  /** Takes one whole message with its prefix, or the prefix of one that is too large. */
  readonly #deliver: (message: Buffer) => void;
  #begun = nothing;
  #length = 0;
  #isOver = false;
  #received = 0;
  /** What is held besides the message that is begun: headers, and messages that are perhaps not handled yet. */
  #delivered: number;
  /** Of a stream, the last of them. */
  readonly #last: number[] | undefined;

  constructor(options: IntakeOptions, held: HeldBytes, deliver: (message: Buffer) => void) {
    this.#options = options;
    this.#held = held;
    this.#deliver = deliver;
    this.#delivered = options.headerBytes;
    this.#last = options.isStream ? [] : undefined;
  }

  /** How many whole messages came. */
  get received(): number {
    return this.#received;
  }

  /** Whether a message was begun and is not whole. */
  get isWaiting(): boolean {
    return this.#length > 0;
  }

  /** Takes the next piece of the request; false when it would hold too much, and then nothing more can be taken. */
  take(piece: Buffer): boolean {
    let rest = piece;
    while (rest.length > 0 && !this.#isOver) {
      const isBegun = this.#length > 0;
      const end = isBegun ? this.#endOf(this.#begun, this.#length) : this.#endOf(rest, rest.length);
      const next = rest.subarray(0, end - this.#length);
      rest = rest.subarray(next.length);
      if (!isBegun && next.length === end && this.#isWhole(next, end)) {
        if (!this.#pass(ownCopy(next))) return false;
        continue;
      }
      if (!this.#append(next, end)) return false;
      if (!this.#isWhole(this.#begun, this.#length)) continue;
      const message = this.#begun.subarray(0, this.#length);
      this.#drop();
      if (!this.#pass(message)) return false;
    }
    return true;
  }

  /** Takes nothing more, and forgets what is not whole. */
  stop(): void {
    this.#isOver = true;
    this.#drop();
  }

  #drop(): void {
    this.#begun = nothing;
    this.#length = 0;
  }

  /** Where the message ends, as far as it is known: of one that is too large, only the prefix is taken. */
  #endOf(bytes: Buffer, length: number): number {
    if (length < prefixBytes) return prefixBytes;
    const size = bytes.readUInt32BE(1);
    return size > this.#options.maxMessageBytes ? prefixBytes : prefixBytes + size;
  }

  #isWhole(bytes: Buffer, length: number): boolean {
    return length >= prefixBytes && length === this.#endOf(bytes, length);
  }

  #append(piece: Buffer, end: number): boolean {
    const length = this.#length + piece.length;
    if (length > this.#begun.length) {
      const capacity = Math.max(length, Math.min(end, this.#begun.length * 2));
      if (!this.#held.set(this.#delivered + capacity)) return false;
      const larger = Buffer.allocUnsafeSlow(capacity);
      this.#begun.copy(larger, 0, 0, this.#length);
      this.#begun = larger;
    }
    piece.copy(this.#begun, this.#length);
    this.#length = length;
    return true;
  }

  #pass(message: Buffer): boolean {
    const { isCompressed, maxMessageBytes } = this.#options;
    // What is too large is refused by grpc-js, and whatever follows belongs to it.
    if (message.readUInt32BE(1) > maxMessageBytes) this.#isOver = true;
    // grpc-js copies each message once, and decompresses it in pieces before it joins them.
    let held = 2 * message.length;
    if (isCompressed && message[0] !== 0) {
      held += 2 * Math.min(maxMessageBytes, mostInflation * message.length);
    }
    this.#received++;
    this.#delivered += held;
    if (this.#last !== undefined && this.#last.push(held) > readAhead) this.#delivered -= this.#last.shift()!;
    if (!this.#held.set(this.#delivered)) return false;
    this.#deliver(message);
    return true;
  }
}

/** The bytes themselves when they are most of their memory, else a copy. */
function ownCopy(bytes: Buffer): Buffer {
  return bytes.length * 2 >= bytes.buffer.byteLength ? bytes : Buffer.from(bytes);
}
