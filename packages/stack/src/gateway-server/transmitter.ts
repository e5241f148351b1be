import type { At, Clock, Timer } from "../clock/clock.ts";
import type {
  ReceiveWindow,
  Reservation,
  TransmissionRequest,
  TransmissionResult,
} from "../domain/downlink.ts";
import type { GatewayIdentifiers } from "../domain/identifiers.ts";
import type { Reception } from "../domain/uplink.ts";
import { defineErrors } from "../errors/errors.ts";
import type { GatewayClock } from "./gateway-clock.ts";
import type { GatewayLink, Transmission } from "./link.ts";
import type { RoundTripTimes } from "./round-trip-times.ts";
import type { Emission } from "./scheduling/emissions.ts";
import type { Scheduler } from "./scheduling/scheduler.ts";

/** With fewer round trips than this the network's delay is guessed. */
const enoughRoundTrips = 5;

/**
 * The packet forwarder refuses what comes less than 32.5 ms before its start (JIT delay, margin and start delay), and
 * Linux wakes it late now and then.
 */
const forwarderMs = 35;

/** What the Network Server may take from reservation to transmission: building the frame and its commit. */
const commitMs = 15;

/** In place of half a round trip, where none was measured. */
const unknownDelayMs = 80;

/** A gateway acknowledges when it queues a frame; later than this after the frame's time it will not. */
const acknowledgmentGraceMs = 1000;

const errors = defineErrors("pkg/gatewayserver/io");
export const notAllowed = errors.failedPrecondition("not_allowed", "downlink not allowed");
const scheduling = defineErrors("pkg/gatewayserver/scheduling");
const noClockSync = scheduling.unavailable("no_clock_sync", "no clock sync");

/** What becomes of transmissions; a connection publishes and counts it. */
export interface TransmissionObserver {
  sent(transmission: Transmission, correlationIds: readonly string[]): void;
  acknowledged(result: TransmissionResult, correlationIds: readonly string[] | undefined): void;
}

export interface TransmitterOptions {
  readonly clock: Clock;
  readonly link: GatewayLink;
  readonly gatewayIds: GatewayIdentifiers;
  readonly gatewayClock: GatewayClock;
  readonly roundTrips: RoundTripTimes;
  readonly scheduler: Scheduler;
  /** Gain of the antenna that transmits, dBi. */
  readonly antennaGain: number;
  /** Hands frames over `lateMs` before their transmission, and not at once. */
  readonly sendsLate: boolean;
  readonly lateMs: number;
  readonly firstId: number;
  readonly observer: TransmissionObserver;
}

interface InFlight {
  readonly correlationIds: readonly string[];
  readonly sentAt: At;
  finish(result: TransmissionResult): void;
}

/** Holds places in a gateway's schedule and sends frames in them. */
export class Transmitter {
  readonly #options: TransmitterOptions;
  readonly #inFlight = new Map<number, InFlight>();
  #lastId: number;

  constructor(options: TransmitterOptions) {
    this.#options = options;
    this.#lastId = options.firstId & 0xffff;
  }

  /** How long before its start the Network Server should ask for a transmission. */
  leadTimeMs(): number {
    return this.#latestMs() + commitMs;
  }

  /** Holds a place for one window after a reception; throws what speaks against it. */
  reserve(reception: Reception, window: ReceiveWindow, request: TransmissionRequest): Reservation {
    const { clock, gatewayClock, link, scheduler } = this.#options;
    // The protocol has no way to name another antenna.
    if (reception.antennaIndex !== 0) throw notAllowed();
    link.requireDownlinkPath();
    const now = clock.now();
    const nowUs = gatewayClock.fromServerTime(now);
    if (nowUs === undefined) throw noClockSync();
    const startsUs = reception.concentratorTimeUs + window.delayMs * 1000;
    const emission = scheduler.schedule({
      startsUs,
      nowUs,
      leadTimeUs: this.leadTimeMs() * 1000,
      frequency: window.frequency,
      dataRate: window.dataRate,
      payloadLength: request.payloadLength,
      priority: request.priority,
    });
    return this.#hold(emission, window, now + (startsUs - nowUs) / 1000);
  }

  /** Takes the gateway's answer to a frame. */
  handleResult(id: number, result: TransmissionResult, receivedAt: At): void {
    const inFlight = this.#inFlight.get(id);
    if (inFlight !== undefined) this.#options.roundTrips.record(receivedAt - inFlight.sentAt, receivedAt);
    this.#options.observer.acknowledged(result, inFlight?.correlationIds);
    inFlight?.finish(result);
  }

  /** The connection ended: no answer will come. */
  close(): void {
    for (const inFlight of [...this.#inFlight.values()]) inFlight.finish("NO_ACKNOWLEDGMENT");
  }

  /** The latest that a frame may be handed over before its start. */
  #latestMs(): number {
    const stats = this.#options.roundTrips.stats(this.#options.clock.now());
    if (stats === undefined || stats.count < enoughRoundTrips) return unknownDelayMs + forwarderMs;
    return stats.p90 / 2 + forwarderMs;
  }

  #hold(emission: Emission, window: ReceiveWindow, startsAt: At): Reservation {
    const { clock, scheduler, gatewayIds, antennaGain } = this.#options;
    const powerDBm = scheduler.maxEirp(window.frequency) - antennaGain;
    let held = true;
    const release = (): boolean => {
      const wasHeld = held;
      held = false;
      expiry.cancel();
      return wasHeld;
    };
    const cancel = (): void => {
      if (release()) scheduler.cancel(emission);
    };
    const expiry: Timer = clock.after(startsAt - this.#latestMs() - clock.now(), cancel);
    return {
      gatewayIds,
      window,
      powerDBm,
      startsAt,
      cancel,
      transmit: (phyPayload, correlationIds) =>
        release()
          ? this.#transmit({ emission, window, powerDBm, startsAt, phyPayload, correlationIds })
          : Promise.resolve("TOO_LATE"),
    };
  }

  #transmit(frame: FrameInSchedule): Promise<TransmissionResult> {
    const { clock, sendsLate, lateMs, link } = this.#options;
    const holdMs = sendsLate || !link.queuesTransmissions ? frame.startsAt - lateMs - clock.now() : 0;
    return new Promise((resolve) => {
      if (holdMs > 0) clock.after(holdMs, () => this.#send(frame, resolve));
      else this.#send(frame, resolve);
    });
  }

  #send(frame: FrameInSchedule, resolve: (result: TransmissionResult) => void): void {
    const { clock, link, scheduler, observer } = this.#options;
    const { emission, window, powerDBm, phyPayload, correlationIds, startsAt } = frame;
    const transmission: Transmission = {
      id: this.#nextId(),
      timestamp: wrapTimestamp(emission.startsUs),
      frequency: window.frequency,
      dataRate: window.dataRate,
      power: powerDBm,
      phyPayload,
    };
    try {
      link.requireDownlinkPath();
    } catch {
      // The path was lost while the frame was held.
      scheduler.cancel(emission);
      resolve("NO_ACKNOWLEDGMENT");
      return;
    }
    const finish = (result: TransmissionResult): void => {
      this.#inFlight.delete(transmission.id);
      timeout.cancel();
      if (result !== "SUCCESS" && result !== "NO_ACKNOWLEDGMENT") scheduler.cancel(emission);
      resolve(result);
    };
    const timeout = clock.after(startsAt + acknowledgmentGraceMs - clock.now(), () =>
      finish("NO_ACKNOWLEDGMENT"),
    );
    // An identifier comes back after 65,536 frames; what still waits under it never was answered.
    this.#inFlight.get(transmission.id)?.finish("NO_ACKNOWLEDGMENT");
    this.#inFlight.set(transmission.id, { correlationIds, sentAt: clock.now(), finish });
    link.send(transmission);
    observer.sent(transmission, correlationIds);
  }

  #nextId(): number {
    this.#lastId = (this.#lastId + 1) & 0xffff;
    return this.#lastId;
  }
}

/** The counter's 32 bits; concentrator time is negative for what a gateway received before its first datagram. */
function wrapTimestamp(concentratorTimeUs: number): number {
  const rest = Math.round(concentratorTimeUs) % 2 ** 32;
  return rest < 0 ? rest + 2 ** 32 : rest;
}

interface FrameInSchedule {
  readonly emission: Emission;
  readonly window: ReceiveWindow;
  readonly powerDBm: number;
  readonly startsAt: At;
  readonly phyPayload: Uint8Array;
  readonly correlationIds: readonly string[];
}
