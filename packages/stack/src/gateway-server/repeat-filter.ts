const remembered = 16;

/** A device repeats a frame only after its receive windows, a second or more later (TS001-1.0.4 §3.3). */
const repeatWindowUs = 500_000;

/**
 * Knows a frame that a gateway hands over again: heard on a neighbouring channel as well, or sent twice by a faulty
 * forwarder. A device's own retransmission is as long as the receive windows away and passes.
 */
export class RepeatFilter {
  readonly #hashes = new Int32Array(remembered);
  readonly #timesUs = new Float64Array(remembered).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  isRepeat(payload: Uint8Array, concentratorTimeUs: number): boolean {
    const hash = fnv1a(payload);
    for (let index = 0; index < remembered; index++) {
      if (this.#hashes[index] !== hash) continue;
      if (Math.abs(concentratorTimeUs - this.#timesUs[index]!) < repeatWindowUs) return true;
    }
    this.#hashes[this.#next] = hash;
    this.#timesUs[this.#next] = concentratorTimeUs;
    this.#next = (this.#next + 1) % remembered;
    return false;
  }
}

function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  return (hash ^ Math.imul(bytes.length, 0x9e3779b1)) | 0;
}
