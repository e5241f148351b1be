const windowLength = 20;
const windowMask = 2 ** windowLength - 1;
/** Fewer counters say too little. */
const enough = 10;

/** How many of a device's last uplinks were lost, by the gaps between their counters. Kept in memory alone. */
export class FrameLoss {
  #last = -1;
  /** A bit for each of the last counters, the newest lowest; set when that frame was heard. */
  #heard = 0;
  /** How many of these counters are known. */
  #known = 0;

  /** Notes a frame and gives the share of the last ones that was lost; undefined as long as there are too few. */
  note(fCnt: number): number | undefined {
    const gap = fCnt - this.#last;
    if (this.#last < 0 || gap < 0) {
      this.#heard = 1;
      this.#known = 1;
    } else {
      this.#heard = gap < windowLength ? ((this.#heard << gap) | 1) & windowMask : 1;
      this.#known = Math.min(windowLength, this.#known + gap);
    }
    this.#last = fCnt;
    return this.#known < enough ? undefined : 1 - countBits(this.#heard) / this.#known;
  }
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
