import type { Priority } from "../../domain/downlink.ts";
import { defineErrors } from "../../errors/errors.ts";
import { type Emission, Emissions, endsUs } from "./emissions.ts";

/** The time over which a duty cycle counts. */
export const dutyCycleWindowUs = 3_600_000_000;

/** What part of the duty cycle each priority may fill; the rest stays for those above. */
const ceilings: Readonly<Record<Priority, number>> = {
  LOWEST: 0.4,
  LOW: 0.5,
  BELOW_NORMAL: 0.6,
  NORMAL: 0.7,
  ABOVE_NORMAL: 0.8,
  HIGH: 0.9,
  HIGHEST: 1,
};

const errors = defineErrors("pkg/gatewayserver/scheduling");
const dutyCycleExceeded = errors.resourceExhausted(
  "duty_cycle",
  "utilization `{used}%` would be higher than the available `{usable}%` for priority `{priority}`",
);

/** A range of frequencies with one duty cycle. */
export interface SubBandRange {
  /** Hz, both ends included. */
  readonly minFrequency: number;
  readonly maxFrequency: number;
  /** Share of time, 1 for no limit. */
  readonly dutyCycle: number;
}

/** A sub-band and what a gateway emits in it. */
export class SubBand {
  readonly range: SubBandRange;
  #emissions = new Emissions();

  constructor(range: SubBandRange) {
    this.range = range;
  }

  includes(frequency: number): boolean {
    return frequency >= this.range.minFrequency && frequency <= this.range.maxFrequency;
  }

  /** Throws when the emission would exceed the priority's part of any hour that holds it. */
  check(emission: Emission, priority: Priority): void {
    if (this.range.dutyCycle >= 1) return;
    const usable = this.range.dutyCycle * ceilings[priority];
    // The fullest hours around an emission are the one that ends with it and the one that starts with it, because what
    // lies between two emissions adds nothing.
    for (const toUs of [endsUs(emission), emission.startsUs + dutyCycleWindowUs]) {
      const usedUs = this.#emissions.sumUs(toUs - dutyCycleWindowUs, toUs) + emission.durationUs;
      const used = usedUs / dutyCycleWindowUs;
      if (used <= usable) continue;
      throw dutyCycleExceeded({
        used: (used * 100).toFixed(1),
        usable: (usable * 100).toFixed(1),
        priority,
      });
    }
  }

  insert(emission: Emission): void {
    this.#emissions.insert(emission);
  }

  remove(emission: Emission): void {
    this.#emissions.remove(emission);
  }

  forgetBefore(timeUs: number): void {
    this.#emissions.forgetBefore(timeUs);
  }

  shift(byUs: number): void {
    const shifted = new Emissions();
    for (const { startsUs, durationUs } of this.#emissions)
      shifted.insert({ startsUs: startsUs + byUs, durationUs });
    this.#emissions = shifted;
  }

  /** Share of the last hour. */
  utilization(nowUs: number): number {
    return this.#emissions.sumUs(nowUs - dutyCycleWindowUs, nowUs) / dutyCycleWindowUs;
  }
}
