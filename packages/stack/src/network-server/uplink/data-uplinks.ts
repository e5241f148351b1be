import { type DataUplink, withoutMIC } from "@skylark/lorawan";
import type { Clock } from "../../clock/clock.ts";
import { ulid } from "../../domain/ulid.ts";
import type { GatewayUplink } from "../../domain/uplink.ts";
import type { EventPublisher } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import type { DeviceCache } from "../device-cache.ts";
import type { DeviceEntry } from "../device-entry.ts";
import * as events from "../events.ts";
import type { ApplicationServer, TenantServed } from "../peers.ts";
import type { TimerWheel } from "../timer-wheel.ts";
import { Copies } from "./copies.ts";
import { closeRound, type Round } from "./deduplicator.ts";
import type { CounterVerdict } from "./frame-counter.ts";
import { type MatchedFrame, matchFrame } from "./match.ts";
import type { UplinkProcessor } from "./uplink-processor.ts";
import { judgeFrame, refusalOf, type VerifiedFrame, verifyFrame } from "./verify.ts";
import { verifiedUplink, type WaitingFrame } from "./waiting-frame.ts";

export interface DataUplinkCounters {
  received: number;
  unmatched: number;
  dropped: number;
  retransmitted: number;
  forwarded: number;
  failed: number;
  /** Not looked into, because too many devices were being looked up. */
  shed: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly wheel: Pick<TimerWheel, "after">;
  readonly cache: DeviceCache;
  readonly applicationServer: Pick<ApplicationServer, "decodeUplink">;
  readonly processor: UplinkProcessor;
  readonly events: EventPublisher;
  readonly logger: Logger;
  readonly windowMs: number;
  readonly tenantServed?: TenantServed;
}

/** Finds out whose a data uplink is at its first copy, then waits for the others. */
export class DataUplinks {
  readonly #around: Surroundings;
  readonly counters: DataUplinkCounters = {
    received: 0,
    unmatched: 0,
    dropped: 0,
    retransmitted: 0,
    forwarded: 0,
    failed: 0,
    shed: 0,
  };

  #underWay = 0;
  #whenIdle: (() => void) | undefined;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  /** Resolves once every frame that waits for its copies or is being processed is done with. */
  async idle(): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** The first copy of a frame. */
  receive(round: Round, frame: DataUplink): void {
    this.counters.received++;
    const { cache } = this.#around;
    const known = cache.byDevAddr(frame.devAddr);
    if (known !== undefined) {
      this.#match(round, frame, known);
      return;
    }
    const loading = cache.loadDevAddr(frame.devAddr);
    if (loading === undefined) {
      this.counters.shed++;
      closeRound(round);
      return;
    }
    loading.then(
      (devices) => this.#match(round, frame, devices),
      (error: unknown) => {
        this.counters.failed++;
        closeRound(round);
        this.#around.logger.error("could not load devices", { error });
      },
    );
  }

  #match(round: Round, frame: DataUplink, devices: readonly DeviceEntry[]): void {
    const { rawPayload } = round.uplink;
    const matched =
      devices.length === 0 ? undefined : matchFrame(devices, { frame, message: withoutMIC(rawPayload) });
    const isServed = matched && this.#around.tenantServed?.(matched.sessionState.session.ids.tenantId);
    if (matched === undefined || isServed === false) {
      this.counters.unmatched++;
      events.publishUnknownDevice(this.#around.events, events.upDataDrop, round);
      closeRound(round);
      return;
    }
    const correlationId = `ns:uplink:${ulid(this.#around.clock.now())}`;
    const { ids } = matched.sessionState.session;
    this.#around.events.publish(events.upDataReceive, { kind: "device", ids }, () =>
      events.uplinkDetails(round.uplink, round.receptions, [...round.correlationIds, correlationId]),
    );
    const { frame: verified, refusedBecause } = verifyFrame(matched, round.uplink);
    if (refusedBecause !== undefined) {
      this.#drop(round, matched, refusedBecause);
      return;
    }
    const verdict = judgeFrame(verified, matched.sessionState);
    const refusal = refusalOf(verdict, verified.fCnt, matched.sessionState);
    if (refusal !== undefined) {
      this.#drop(round, matched, refusal);
      return;
    }
    this.#underWay++;
    this.#around.cache.hold(matched.device);
    const decoded = this.#decode(verified, round.uplink, verdict);
    this.#await({ verified, round, correlationId, decoded });
  }

  #decode(
    verified: VerifiedFrame<DeviceEntry>,
    { receptions }: GatewayUplink,
    verdict: CounterVerdict,
  ): Promise<unknown> {
    if (verdict === "retransmission") return alreadyDelivered;
    const decoded = this.#around.applicationServer.decodeUplink(
      verifiedUplink(verified, receptions[0].receivedAt),
    );
    // It is awaited only after the window: until then a failure must not count as unhandled.
    decoded.catch(() => {});
    return decoded;
  }

  /** Waits for copies, until every gateway that usually hears the device has reported or the window is over. */
  #await(waiting: WaitingFrame): void {
    const { wheel, windowMs } = this.#around;
    const { round, verified } = waiting;
    const { device } = verified;
    const copies = new Copies(round, device.usualGateways, this.#around, () => {
      if (device.waiting === copies) device.waiting = undefined;
      void this.#process(waiting);
    });
    round.listener = copies;
    copies.earlier = device.waiting;
    if (copies.closeWhenComplete()) return;
    device.waiting = copies;
    wheel.after(windowMs, () => copies.close());
  }

  async #process(waiting: WaitingFrame): Promise<void> {
    const { cache, processor, logger } = this.#around;
    const { round, verified } = waiting;
    const { device: entry } = verified;
    try {
      const processed = await entry.run(() => processor.process(waiting));
      if (processed.outcome === "refused") this.#drop(round, verified, processed.because);
      else this.counters[processed.outcome]++;
    } catch (error) {
      this.counters.failed++;
      logger.error("could not process an uplink", { device_id: entry.ids.deviceId, error });
      this.#drop(round, verified, error);
    } finally {
      closeRound(round);
      cache.release(entry);
      if (--this.#underWay === 0) this.#whenIdle?.();
    }
  }

  #drop(round: Round, { sessionState }: MatchedFrame<DeviceEntry>, error: unknown): void {
    this.counters.dropped++;
    this.#around.events.publish(events.upDataDrop, { kind: "device", ids: sessionState.session.ids }, () =>
      events.failureDetails(error, round.correlationIds),
    );
    closeRound(round);
  }
}

const alreadyDelivered = Promise.resolve();
