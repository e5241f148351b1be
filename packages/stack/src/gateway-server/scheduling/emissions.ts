/** A transmission of a gateway; times in microseconds of concentrator time. */
export interface Emission {
  readonly startsUs: number;
  readonly durationUs: number;
}

/** The silence that a gateway owes after an emission. */
export interface TimeOffAir {
  readonly fraction: number;
  readonly durationUs: number;
}

export function endsUs({ startsUs, durationUs }: Emission): number {
  return startsUs + durationUs;
}

function endsWithOffAirUs(emission: Emission, offAir: TimeOffAir): number {
  return endsUs(emission) + Math.max(offAir.durationUs, emission.durationUs * offAir.fraction);
}

/** Emissions by their start. */
export class Emissions {
  #sorted: Emission[] = [];

  insert(emission: Emission): void {
    this.#sorted.splice(this.#indexAfter(emission.startsUs), 0, emission);
  }

  remove(emission: Emission): void {
    const index = this.#sorted.indexOf(emission);
    if (index >= 0) this.#sorted.splice(index, 1);
  }

  /** Forgets what ended before. */
  forgetBefore(timeUs: number): void {
    const kept = this.#sorted.findIndex((emission) => endsUs(emission) >= timeUs);
    if (kept !== 0) this.#sorted = kept < 0 ? [] : this.#sorted.slice(kept);
  }

  /** The emission that this one would overlap, off-air times included. */
  findConflict(emission: Emission, offAir: TimeOffAir): Emission | undefined {
    const index = this.#indexAfter(emission.startsUs);
    const before = this.#sorted[index - 1];
    if (before !== undefined && endsWithOffAirUs(before, offAir) > emission.startsUs) return before;
    const after = this.#sorted[index];
    if (after !== undefined && endsWithOffAirUs(emission, offAir) > after.startsUs) return after;
    return undefined;
  }

  /** Microseconds of emission between two times. */
  sumUs(fromUs: number, toUs: number): number {
    let sum = 0;
    for (const emission of this.#sorted) {
      if (emission.startsUs >= toUs) break;
      sum += Math.max(0, Math.min(endsUs(emission), toUs) - Math.max(emission.startsUs, fromUs));
    }
    return sum;
  }

  [Symbol.iterator](): Iterator<Emission> {
    return this.#sorted[Symbol.iterator]();
  }

  /** The index of the first that starts later. */
  #indexAfter(timeUs: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]!.startsUs <= timeUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
