import {
  type DevAddr,
  type KnownMACCommand,
  limitsConfirmedTransmissions,
  usesSharedFCntDown,
} from "@skylark/lorawan";
import type { Clock } from "../../clock/clock.ts";
import type { EncryptedDownlink } from "../../domain/application-downlink.ts";
import type { Priority, TransmissionRequest } from "../../domain/downlink.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import { ulid } from "../../domain/ulid.ts";
import type { EventPublisher, EventSubject } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import { commit, type StagedChange, type Store } from "../../store/store.ts";
import type { SessionState } from "../device.ts";
import type { DeviceCache } from "../device-cache.ts";
import type { DeviceEntry } from "../device-entry.ts";
import { noDownlinkPath } from "../errors.ts";
import * as events from "../events.ts";
import type { AskFacts } from "../mac/behaviour.ts";
import { eventOfSent, macDetails } from "../mac/events.ts";
import { needsRequest } from "../mac/exchange.ts";
import type { ApplicationServer, GatewayServer, NextDownlink } from "../peers.ts";
import { regionOf } from "../region.ts";
import type { DeviceWriter } from "../storage/device-store.ts";
import type { TimerWheel } from "../timer-wheel.ts";
import { type Attempt, attemptsFor, firstThatSucceeds, type RareWindows } from "./attempts.ts";
import { buildDataDownlink } from "./build-frame.ts";
import { decideInMs } from "./decision-time.ts";
import type { OpenWindow } from "./open-window.ts";
import {
  type MACShare,
  minApplicationFCnt,
  type PlannedDownlink,
  planDownlink,
  shareOfMACCommands,
  withoutRequests,
} from "./plan-downlink.ts";
import { longestMACPayload, receiveWindows, type SizedWindow } from "./receive-windows.ts";
import { type HeldFrame, type TransmissionCounters, Transmissions } from "./transmissions.ts";

const rx2AfterRx1Ms = 1000;

export interface DownlinkCounters extends TransmissionCounters {
  scheduled: number;
  notScheduled: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly wheel: Pick<TimerWheel, "after" | "lagMs">;
  readonly store: Store;
  readonly writer: DeviceWriter;
  readonly cache: DeviceCache;
  readonly gatewayServer: GatewayServer;
  readonly applicationServer: ApplicationServer;
  readonly rareWindows: RareWindows;
  readonly events: EventPublisher;
  readonly logger: Logger;
  readonly statusTimePeriodicityMs: number;
  readonly statusCountPeriodicity: number;
}

/** Decides on downlinks after uplinks, as late as the gateway allows, so that applications can still answer. */
export class ClassADownlinks {
  readonly #around: Surroundings;
  readonly #transmissions: Transmissions;
  /** Devices whose windows end before a second of the clock. */
  readonly #ending = new Map<number, DeviceEntry[]>();
  readonly counters: DownlinkCounters = { scheduled: 0, notScheduled: 0, transmitted: 0, notTransmitted: 0 };

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
    this.#transmissions = new Transmissions(surroundings, this.counters);
  }

  /** To be called in the device's turn, once its uplink is committed. */
  open(entry: DeviceEntry, window: OpenWindow): void {
    if (!entry.settings.scheduleDownlinks) return;
    entry.window = window;
    this.#forgetLater(entry, window);
    if (
      window.needsAck ||
      window.needsAnswer ||
      window.answers.length > 0 ||
      this.#needsRequest(entry, window)
    ) {
      this.#time(entry, window);
      return;
    }
    this.#timeIfQueued(entry, window);
  }

  /** Windows that end within one second are forgotten together: a timer for each would cost more than the window. */
  #forgetLater(entry: DeviceEntry, window: OpenWindow): void {
    const { cache, wheel, clock } = this.#around;
    const second = Math.ceil(endOf(window) / 1000);
    cache.hold(entry);
    const known = this.#ending.get(second);
    if (known !== undefined) {
      known.push(entry);
      return;
    }
    const entries = [entry];
    this.#ending.set(second, entries);
    wheel.after(second * 1000 - clock.now(), () => {
      this.#ending.delete(second);
      for (const each of entries) {
        if (each.window !== undefined && endOf(each.window) <= second * 1000) each.window = undefined;
        cache.release(each);
      }
    });
  }

  /** Something was queued for the device: a window that is still open is used. */
  queued(ids: EndDeviceIdentifiers): void {
    const entry = this.#around.cache.peek(ids);
    if (entry?.window !== undefined) this.#time(entry, entry.window);
  }

  #needsRequest(entry: DeviceEntry, window: OpenWindow): boolean {
    const { current } = entry.state;
    return current !== undefined && needsRequest(this.#askFacts(entry, current, window));
  }

  #timeIfQueued(entry: DeviceEntry, window: OpenWindow): void {
    const queued = this.#around.applicationServer.hasDownlink(window.session.ids);
    if (queued === false) return;
    if (queued === true) {
      this.#time(entry, window);
      return;
    }
    queued.then(
      (isQueued) => {
        if (isQueued) this.#time(entry, window);
      },
      (error: unknown) => this.#around.logger.error("could not look into a downlink queue", { error }),
    );
  }

  #time(entry: DeviceEntry, window: OpenWindow): void {
    if (window.isTimed || window.isUsed || entry.window !== window) return;
    const { cache, wheel, clock, gatewayServer } = this.#around;
    const leadMs = window.paths.length === 0 ? 0 : gatewayServer.leadTimeMs({ paths: window.paths });
    if (endOf(window) - leadMs < clock.now()) return;
    const rx1 = { receivedAt: window.receivedAt, delayMs: window.rx1DelayMs };
    const delayMs = decideInMs(rx1, leadMs, this.#around);
    window.isTimed = true;
    cache.hold(entry);
    const decide = () => void this.#decide(entry, window);
    if (delayMs > 0) wheel.after(delayMs, decide);
    else decide();
  }

  async #decide(entry: DeviceEntry, window: OpenWindow): Promise<void> {
    try {
      await entry.run(() => this.#use(entry, window));
    } catch (error) {
      this.#fail(entry, window, error);
    } finally {
      window.isTimed = false;
      this.#around.cache.release(entry);
    }
  }

  /** In the device's turn: fills the window, if it is still the last one and there is something to say. */
  async #use(entry: DeviceEntry, window: OpenWindow): Promise<void> {
    const { current } = entry.state;
    if (entry.window !== window || window.isUsed || current?.session !== window.session) return;
    const { band } = regionOf(entry.settings);
    const windows = windowsOf(band, current, window);
    const facts = this.#askFacts(entry, current, window);
    const maxMACPayloadLength = longestMACPayload(windows);
    const hasApplicationDownlink = await this.#around.applicationServer.hasDownlink(current.session.ids);
    const wanted = shareOfMACCommands(window.answers, facts, { maxMACPayloadLength, hasApplicationDownlink });
    const { share, next } = hasApplicationDownlink
      ? await this.#nextDownlink(current, wanted)
      : { share: wanted, next: {} };
    const { downlink, change } = next;
    const hasUrgent =
      downlink !== undefined || window.answers.length > 0 || window.needsAck || window.needsAnswer;
    if (!hasUrgent && share.commands.length === 0) {
      if (change !== undefined) await commit(this.#around.store, [change]);
      return;
    }
    const waits = hasApplicationDownlink && downlink === undefined && share.room < 0;
    const content = (of: MACShare): Content => ({
      ...planDownlink(
        window,
        { counters: current.counters, facts },
        waits ? { ...of, isCut: true } : of,
        downlink,
      ),
      commands: of.commands,
    });
    const attempts = attemptsFor(
      windows,
      {
        whole: content(share),
        withoutRequests: share.requests.length === 0 ? undefined : content(withoutRequests(share)),
      },
      { hasUrgent, isRepeatedAnyway: isRepeatedAnyway(window, current, downlink) },
    );
    await this.#send({ entry, window, current, attempts, ...next });
  }

  /** What the application has for this window, and the MAC commands that go with it. */
  async #nextDownlink(
    { session, counters, mac }: SessionState,
    wanted: MACShare,
  ): Promise<{ readonly share: MACShare; readonly next: NextDownlink }> {
    if (wanted.room < 0) return { share: wanted, next: {} };
    const take = ({ room, roomAlone }: MACShare) =>
      this.#around.applicationServer.nextDownlink({
        ids: session.ids,
        sessionKeyId: session.sessionKeyId,
        minFCnt: minApplicationFCnt(counters, mac),
        maxPayloadLength: room,
        maxPayloadLengthAlone: roomAlone,
        receiveClass: "A",
      });
    const next = await take(wanted);
    // A device that leaves requests unanswered is asked again and again: the application must not wait for that.
    const goesFirst =
      next.downlink === undefined && wanted.requests.length > 0 && mac.unansweredTimes !== undefined;
    if (!goesFirst) return { share: wanted, next };
    const share = withoutRequests(wanted);
    const alone = await take(share);
    return alone.downlink === undefined ? { share: wanted, next } : { share, next: alone };
  }

  async #send(decided: {
    readonly entry: DeviceEntry;
    readonly window: OpenWindow;
    readonly current: SessionState;
    readonly attempts: readonly Attempt<Content>[];
    readonly downlink?: EncryptedDownlink;
    readonly change?: StagedChange;
  }): Promise<void> {
    const { entry, window, current, downlink } = decided;
    const { events: bus, store, writer } = this.#around;
    const subject: EventSubject = { kind: "device", ids: current.session.ids };
    const correlationIds = [
      ...window.correlationIds,
      ...(downlink?.correlationIds ?? []),
      `ns:downlink:${ulid(this.#around.clock.now())}`,
      `ns:transmission:${ulid(this.#around.clock.now())}`,
    ];
    bus.publish(events.downDataAttempt, subject, () => ({ correlationIds }));
    if (window.paths.length === 0) throw noDownlinkPath();
    const held = firstThatSucceeds(
      decided.attempts,
      (attempt) => this.#reserve(current, window, attempt, downlink?.priority),
      () => this.#around.rareWindows.take(window.paths),
    );
    const after: SessionState = { ...current, counters: held.content.counters, mac: held.content.mac };
    const sessionChange: StagedChange = {
      write: (to) => {
        writer.moveCounters(to, entry.deviceNo, after.counters);
        if (after.mac !== current.mac) writer.setMACState(to, entry.deviceNo, "current", after.mac);
      },
      committed: () => {
        entry.state = { ...entry.state, current: after };
      },
    };
    try {
      await commit(store, decided.change === undefined ? [sessionChange] : [sessionChange, decided.change]);
    } catch (error) {
      held.reservation.cancel();
      throw error;
    }
    window.isUsed = true;
    this.counters.scheduled++;
    bus.publish(events.downDataSuccess, subject, () => ({ correlationIds }));
    for (const command of held.content.commands) {
      bus.publish(eventOfSent(command), subject, () => macDetails(command, correlationIds));
    }
    this.#transmissions.transmit(entry, held, { correlationIds, subject, downlink });
  }

  #reserve(
    { session, mac }: SessionState,
    { paths }: OpenWindow,
    { content, windows, fittingWindows }: Attempt<Content>,
    priority: Priority = "HIGHEST",
  ): HeldDownlink {
    const phyPayload = buildDataDownlink(session, mac, content.content);
    const request: TransmissionRequest = {
      paths,
      windows,
      payloadLength: phyPayload.length,
      priority: content.commands.length > 0 ? "HIGHEST" : priority,
    };
    const reservation = this.#around.gatewayServer.reserve(request);
    return { content, phyPayload, request, reservation, fittingWindows };
  }

  #fail(entry: DeviceEntry, window: OpenWindow, error: unknown): void {
    this.counters.notScheduled++;
    const { events: bus, logger } = this.#around;
    logger.debug("could not schedule a downlink", { device_id: entry.ids.deviceId, error });
    bus.publish(events.downDataFail, { kind: "device", ids: window.session.ids }, () =>
      events.failureDetails(error, window.correlationIds),
    );
  }

  #askFacts(entry: DeviceEntry, { mac, session }: SessionState, window: OpenWindow): AskFacts {
    const { settings } = entry;
    const { statusTimePeriodicityMs, statusCountPeriodicity } = this.#around;
    return {
      mac,
      settings,
      region: regionOf(settings),
      now: this.#around.clock.now(),
      fCntUp: window.fCntUp,
      dataRateIndex: window.dataRateIndex,
      sessionStartedAt: session.startedAt,
      statusTimePeriodicityMs: settings.statusTimePeriodicityMs ?? statusTimePeriodicityMs,
      statusCountPeriodicity: settings.statusCountPeriodicity ?? statusCountPeriodicity,
    };
  }
}

/** A downlink as it goes out in one of the attempts. */
type Content = PlannedDownlink & { readonly commands: readonly KnownMACCommand[] };

interface HeldDownlink extends HeldFrame {
  readonly content: Content;
}

/**
 * Devices before LoRaWAN 1.0.4 repeat confirmed uplinks on their own, and all of them repeat what asks for any downlink:
 * ADRAckReq and sticky answers.
 */
function isRepeatedAnyway(
  { needsAck, answers }: OpenWindow,
  { mac }: SessionState,
  downlink: EncryptedDownlink | undefined,
): boolean {
  if (answers.length > 0 || downlink !== undefined) return false;
  return !needsAck || limitsConfirmedTransmissions(mac.macVersion) || mac.current.nbTrans > 1;
}

function endOf({ receivedAt, rx1DelayMs }: OpenWindow): number {
  return receivedAt + rx1DelayMs + rx2AfterRx1Ms;
}

/** As the device had them set when it sent the uplink. */
function windowsOf(
  band: Parameters<typeof receiveWindows>[0],
  { mac }: SessionState,
  window: OpenWindow,
): readonly SizedWindow[] {
  return receiveWindows(band, { ...mac.current, rx1Delay: window.rx1DelayMs / 1000 }, window);
}

/** What an application's downlink is encrypted for. */
export interface DownlinkSession {
  readonly devAddr: DevAddr;
  readonly sessionKeyId: Uint8Array;
  readonly minFCnt: number;
  /** LoRaWAN 1.1 counts application downlinks apart from the network's. */
  readonly separateApplicationCounter: boolean;
}

/** The session that a downlink of the application would go to. */
export function downlinkSessionOf({ session, counters, mac }: SessionState): DownlinkSession {
  return {
    devAddr: session.devAddr,
    sessionKeyId: session.sessionKeyId,
    minFCnt: minApplicationFCnt(counters, mac),
    separateApplicationCounter: !usesSharedFCntDown(mac.macVersion),
  };
}
