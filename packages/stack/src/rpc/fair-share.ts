import { defineErrors } from "../errors/errors.ts";

/**
 * Something of which there is so much and no more, for clients nobody knows yet. Each client may hold at most as much as
 * is left for others: alone half of it, of three a quarter each. So nobody, and no few together, can use it all up.
 */
export class FairShare {
  readonly #held = new Map<string, number>();
  #free: number;

  constructor(total: number) {
    this.#free = total;
  }

  get free(): number {
    return this.#free;
  }

  /** False when the client would hold more than is left for others. */
  take(client: string, amount: number): boolean {
    const held = (this.#held.get(client) ?? 0) + amount;
    if (held > this.#free - amount) return false;
    this.#held.set(client, held);
    this.#free -= amount;
    return true;
  }

  giveBack(client: string, amount: number): void {
    const held = (this.#held.get(client) ?? 0) - amount;
    if (held > 0) this.#held.set(client, held);
    else this.#held.delete(client);
    this.#free += amount;
  }
}

/**
 * What all clients together may make this process hold, over all of its ports: with some 20 kB a connection and 20 to 50
 * kB a call, at most 1 GB.
 */
export interface ClientShares {
  /** Of gRPC. */
  readonly connections: FairShare;
  /** Calls of gRPC that have begun and whose answer the client has not taken yet. */
  readonly calls: FairShare;
  /** Bytes of requests that are being received and, over gRPC, of answers that are not taken. */
  readonly bytes: FairShare;
}

export function createClientShares({
  connections = 10_000,
  calls = 10_000,
  bytes = 256 * 1024 * 1024,
}: {
  readonly connections?: number;
  readonly calls?: number;
  readonly bytes?: number;
} = {}): ClientShares {
  return {
    connections: new FairShare(connections),
    calls: new FairShare(calls),
    bytes: new FairShare(bytes),
  };
}

/** Of everything that listens in this process. */
export const sharesOfAll = createClientShares();

export const tooMuchUnderWay = defineErrors("skylark/rpc").resourceExhausted(
  "bodies_under_way",
  "too many large requests and answers are under way, try again",
);

/** What a single call may hold without a share in the bytes, so that small requests are always taken. */
export const ownBytes = 16 * 1024;

/** The bytes that one call holds. */
export class HeldBytes {
  readonly #bytes: FairShare;
  readonly #client: string;
  #held = 0;
  #shared = 0;

  constructor(bytes: FairShare, client: string) {
    this.#bytes = bytes;
    this.#client = client;
  }

  /** Holds so much from now on; false when that is too much, and then what was held before stays. */
  set(held: number): boolean {
    const more = Math.max(0, held - ownBytes) - this.#shared;
    if (more > 0 && !this.#bytes.take(this.#client, more)) return false;
    if (more < 0) this.#bytes.giveBack(this.#client, -more);
    this.#shared += more;
    this.#held = held;
    return true;
  }

  /** Holds so much more, or less. */
  add(bytes: number): boolean {
    return this.set(this.#held + bytes);
  }
}
