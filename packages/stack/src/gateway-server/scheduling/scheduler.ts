import {
  bandVersions,
  type DataRate,
  type FrequencyPlan,
  findSubBand,
  getBand,
  getFrequencyPlan,
  timeOnAirUs,
} from "@skylark/lorawan";
import type { Priority } from "../../domain/downlink.ts";
import { defineErrors } from "../../errors/errors.ts";
import { type Emission, Emissions, type TimeOffAir } from "./emissions.ts";
import { dutyCycleWindowUs, SubBand } from "./sub-band.ts";

/** What the concentrator needs between two transmissions, as the packet forwarder's queue has it. */
const queueDelayUs = 30_000;

const errors = defineErrors("pkg/gatewayserver/scheduling");
const conflict = errors.alreadyExists("conflict", "scheduling conflict");
const tooLate = errors.failedPrecondition("too_late", "too late to transmission scheduled time");
const dwellTimeExceeded = errors.failedPrecondition("dwell_time", "packet exceeds dwell time restriction");
const subBandNotFound = errors.failedPrecondition(
  "sub_band_not_found",
  "sub-band not found for frequency `{frequency}` Hz",
);

export interface ScheduleRequest {
  /** Concentrator time. */
  readonly startsUs: number;
  /** Concentrator time now, and how long before the start the gateway must have the frame. */
  readonly nowUs: number;
  readonly leadTimeUs: number;
  /** Hz. */
  readonly frequency: number;
  readonly dataRate: DataRate;
  readonly payloadLength: number;
  readonly priority: Priority;
}

export interface SubBandUtilization {
  readonly minFrequency: number;
  readonly maxFrequency: number;
  readonly limit: number;
  readonly utilization: number;
}

/** When a gateway transmits: no two emissions at once, none too late, none beyond the rules of its frequency plan. */
export class Scheduler {
  readonly #plan: FrequencyPlan;
  readonly #subBands: readonly SubBand[];
  readonly #offAir: TimeOffAir;
  readonly #placed = new Map<Emission, SubBand>();
  #emissions = new Emissions();
  #forgottenUs = Number.NEGATIVE_INFINITY;

  constructor(frequencyPlanId: string, enforceDutyCycle: boolean) {
    this.#plan = getFrequencyPlan(frequencyPlanId);
    this.#subBands = enforceDutyCycle
      ? latestBand(this.#plan).subBands.map((range) => new SubBand(range))
      : [new SubBand({ minFrequency: 0, maxFrequency: Number.MAX_SAFE_INTEGER, dutyCycle: 1 })];
    const { fraction = 0, durationMs = 0 } = this.#plan.timeOffAir ?? {};
    this.#offAir = { fraction, durationUs: Math.max(durationMs * 1000, queueDelayUs) };
  }

  /** Holds a place for an emission; throws the first rule that speaks against it. */
  schedule(request: ScheduleRequest): Emission {
    const { startsUs, nowUs, leadTimeUs, frequency } = request;
    this.#forget(nowUs);
    const subBand = this.#subBands.find((each) => each.includes(frequency));
    if (subBand === undefined) throw subBandNotFound({ frequency });
    if (startsUs - nowUs < leadTimeUs)
      throw tooLate({ delay: formatMs(startsUs - nowUs), min: formatMs(leadTimeUs) });
    const emission = { startsUs, durationUs: this.#durationUs(request) };
    if (this.#emissions.findConflict(emission, this.#offAir) !== undefined) throw conflict();
    subBand.check(emission, request.priority);
    subBand.insert(emission);
    this.#emissions.insert(emission);
    this.#placed.set(emission, subBand);
    return emission;
  }

  /** Gives a place back: the frame will not be sent. */
  cancel(emission: Emission): void {
    this.#emissions.remove(emission);
    this.#placed.get(emission)?.remove(emission);
    this.#placed.delete(emission);
  }

  /** dBm: the least that band, sub-band and plan allow. */
  maxEirp(frequency: number): number {
    const band = latestBand(this.#plan);
    const allowed = findSubBand(band, frequency)?.maxEirp ?? band.maxEirp;
    return Math.min(allowed, this.#plan.maxEirp ?? allowed);
  }

  /** The gateway started anew and counts otherwise: its own queue is empty, but what it sent in the last hour still counts. */
  restart(byUs: number): void {
    this.#emissions = new Emissions();
    this.#placed.clear();
    for (const subBand of this.#subBands) subBand.shift(byUs);
    this.#forgottenUs = Number.NEGATIVE_INFINITY;
  }

  utilization(nowUs: number): readonly SubBandUtilization[] {
    return this.#subBands.map((subBand) => ({
      minFrequency: subBand.range.minFrequency,
      maxFrequency: subBand.range.maxFrequency,
      limit: subBand.range.dutyCycle,
      utilization: subBand.utilization(nowUs),
    }));
  }

  #durationUs({ dataRate, payloadLength, frequency }: ScheduleRequest): number {
    // TS002 §2: downlinks of LoRa carry no checksum.
    const durationUs = timeOnAirUs({ dataRate, payloadLength, crc: dataRate.modulation !== "LORA" });
    const { dwellTime } = this.#plan;
    if (dwellTime?.downlinks && durationUs > dwellTime.durationMs * 1000)
      throw dwellTimeExceeded({ frequency });
    return durationUs;
  }

  #forget(nowUs: number): void {
    if (nowUs - this.#forgottenUs < dutyCycleWindowUs / 60) return;
    this.#forgottenUs = nowUs;
    this.#emissions.forgetBefore(nowUs - queueDelayUs - this.#offAir.durationUs);
    for (const subBand of this.#subBands) subBand.forgetBefore(nowUs - dutyCycleWindowUs);
    for (const emission of this.#placed.keys()) {
      if (emission.startsUs + emission.durationUs < nowUs) this.#placed.delete(emission);
    }
  }
}

// The Gateway Server does not know devices: what it enforces is the spectrum's rule, as the last version has it.
function latestBand(plan: FrequencyPlan) {
  return getBand(plan.bandId, bandVersions(plan.bandId).at(-1)!);
}

function formatMs(us: number): string {
  return `${Math.round(us / 1000)}ms`;
}
