import {
  cryptFOpts,
  cryptFRMPayload,
  type DataUplink,
  decodeMACCommands,
  encryptsFOpts,
  hasRekey,
  type MACCommand,
  timeOnAirUs,
  withoutMIC,
} from "@skylark/lorawan";
import type { Clock } from "../../clock/clock.ts";
import type { ApplicationUplink } from "../../domain/application-uplink.ts";
import { ulid } from "../../domain/ulid.ts";
import type { GatewayUplink } from "../../domain/uplink.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { EventPublisher } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import { commit, type StagedChange, type Store } from "../../store/store.ts";
import { type DeviceState, freshCounters, type SessionState } from "../device.ts";
import type { DeviceCache } from "../device-cache.ts";
import type { DeviceEntry } from "../device-entry.ts";
import type { ClassADownlinks } from "../downlink/class-a.ts";
import { countGateways, demodulationMargin, rankPaths } from "../downlink/paths.ts";
import * as events from "../events.ts";
import type { UplinkFacts } from "../mac/behaviour.ts";
import { eventOfOccurrence, macDetails } from "../mac/events.ts";
import { answerRepeatedRequests, type HandledCommands, handleMACCommands } from "../mac/exchange.ts";
import type { ApplicationServer } from "../peers.ts";
import { factoryParameters } from "../region.ts";
import type { DeviceWriter } from "../storage/device-store.ts";
import type { TimerWheel } from "../timer-wheel.ts";
import { closeRound, type CopyListener, type Round } from "./deduplicator.ts";
import type { CounterVerdict } from "./frame-counter.ts";
import { matchFrame } from "./match.ts";
import { judgeFrame, refusalOf, type VerifiedFrame, verifyFrame } from "./verify.ts";

const errors = defineErrors("pkg/networkserver");
const noRekey = errors.invalidArgument("no_rekey", "the first uplink of a session has to carry RekeyInd");
const sessionEnded = errors.notFound("unknown_session", "unknown session");

export interface DataUplinkCounters {
  received: number;
  unmatched: number;
  dropped: number;
  retransmitted: number;
  forwarded: number;
  failed: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly wheel: Pick<TimerWheel, "after">;
  readonly store: Store;
  readonly writer: DeviceWriter;
  readonly cache: DeviceCache;
  readonly applicationServer: ApplicationServer;
  readonly downlinks: ClassADownlinks;
  readonly events: EventPublisher;
  readonly logger: Logger;
  readonly windowMs: number;
}

type Frame = VerifiedFrame<DeviceEntry>;

/** A verified frame that waits for its copies, while its payload is being decoded. */
interface Waiting {
  readonly verified: Frame;
  readonly round: Round;
  readonly correlationId: string;
  readonly decoded: Promise<unknown>;
}

/** Takes data uplinks from their first copy to the application and into the receive window. */
export class DataUplinks {
  readonly #around: Surroundings;
  readonly counters: DataUplinkCounters = {
    received: 0,
    unmatched: 0,
    dropped: 0,
    retransmitted: 0,
    forwarded: 0,
    failed: 0,
  };

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
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
    cache.loadDevAddr(frame.devAddr).then(
      (devices) => this.#match(round, frame, devices),
      (error: unknown) => {
        this.counters.failed++;
        this.#around.logger.error("could not load devices", { error });
      },
    );
  }

  #match(round: Round, frame: DataUplink, devices: readonly DeviceEntry[]): void {
    const { rawPayload } = round.uplink;
    const matched =
      devices.length === 0 ? undefined : matchFrame(devices, { frame, message: withoutMIC(rawPayload) });
    if (matched === undefined) {
      this.counters.unmatched++;
      closeRound(round);
      return;
    }
    const entry = matched.device;
    const { events: bus } = this.#around;
    const correlationId = `ns:uplink:${ulid(this.#around.clock.now())}`;
    bus.publish(events.upDataReceive, { kind: "device", ids: matched.sessionState.session.ids }, () =>
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
      this.#drop(round, verified, refusal);
      return;
    }
    this.#around.cache.hold(entry);
    const decoded = this.#decode(verified, round.uplink, verdict);
    this.#await({ verified, round, correlationId, decoded });
  }

  #decode(verified: Frame, { receptions }: GatewayUplink, verdict: CounterVerdict): Promise<unknown> {
    if (verdict === "retransmission") return Promise.resolve();
    const decoded = this.#around.applicationServer.decodeUplink(
      verifiedUplink(verified, receptions[0].receivedAt),
    );
    // It is awaited only after the window: until then a failure must not count as unhandled.
    decoded.catch(() => {});
    return decoded;
  }

  /** Waits for copies, until every gateway that usually hears the device has reported or the window is over. */
  #await(waiting: Waiting): void {
    const { wheel } = this.#around;
    const copies = new Copies(waiting, this.#around, () => void this.#close(waiting));
    waiting.round.listener = copies;
    if (!copies.closeWhenComplete()) wheel.after(this.#around.windowMs, () => copies.close());
  }

  async #close(waiting: Waiting): Promise<void> {
    const { device: entry } = waiting.verified;
    try {
      await entry.run(() => this.#process(waiting));
    } catch (error) {
      this.counters.failed++;
      this.#around.logger.error("could not process an uplink", { device_id: entry.ids.deviceId, error });
      this.#drop(waiting.round, waiting.verified, error);
    } finally {
      closeRound(waiting.round);
      this.#around.cache.release(entry);
    }
  }

  /** In the device's turn: everything is judged against the state as it is now. */
  async #process(waiting: Waiting): Promise<void> {
    const { verified, round } = waiting;
    const { device: entry, sessionState: matched } = verified;
    const slot = entry.state.current?.session === matched.session ? "current" : "pending";
    const sessionState = entry.state[slot];
    if (entry.isDeleted || sessionState?.session !== matched.session) {
      this.#drop(round, verified, sessionEnded());
      return;
    }
    const verdict = judgeFrame(verified, sessionState);
    const refusal = refusalOf(verdict, verified.fCnt, sessionState);
    if (refusal !== undefined) {
      this.#drop(round, verified, refusal);
      return;
    }
    const commands = macCommandsOf(verified, sessionState);
    if (verdict === "retransmission") {
      await this.#processRetransmission(waiting, sessionState, commands);
      return;
    }
    const isActivation = slot === "pending";
    if (
      isActivation &&
      hasRekey(sessionState.mac.macVersion) &&
      !commands.some(({ name }) => name === "rekey")
    ) {
      this.#drop(round, verified, noRekey());
      return;
    }
    await this.#processNew(waiting, sessionState, { commands, verdict, isActivation });
  }

  async #processNew(
    waiting: Waiting,
    before: SessionState,
    frame: {
      readonly commands: readonly MACCommand[];
      readonly verdict: CounterVerdict;
      readonly isActivation: boolean;
    },
  ): Promise<void> {
    const { verified, round } = waiting;
    const { device: entry, frame: received } = verified;
    const { store, applicationServer, clock } = this.#around;
    const decoded = await waiting.decoded;
    const restarted = frame.verdict === "restarted" ? restart(before, entry) : before;
    const handled = handleMACCommands(restarted.mac, frame.commands, factsOf(verified, round));
    const answersConfirmed = handled.mac.pendingConfirmedFCnt;
    const after: SessionState = {
      session: before.session,
      counters: {
        fCntUp: verified.fCnt,
        lastUplinkAt: Math.floor(clock.now()),
        lastFrame: verified.fingerprint,
        transmissions: 1,
        nextNFCntDown: restarted.counters.nextNFCntDown,
        nextAFCntDown: restarted.counters.nextAFCntDown,
      },
      mac: answersConfirmed === undefined ? handled.mac : withoutPendingConfirmed(handled.mac),
    };
    const uplink = applicationUplink(waiting);
    const changes = [
      this.#sessionChange(entry, { before, after, handled, isActivation: frame.isActivation }),
      applicationServer.stageUplink(uplink, decoded),
    ];
    if (answersConfirmed !== undefined) {
      const { sessionKeyId, ids } = before.session;
      const downlink = { sessionKeyId, fCnt: answersConfirmed };
      changes.push(await applicationServer.stageAcknowledgment(ids, downlink, received.fCtrl.ack));
    }
    await commit(store, changes);
    this.counters.forwarded++;
    this.#publishProcessed(waiting, handled);
    this.#openWindow(waiting, handled);
  }

  async #processRetransmission(
    waiting: Waiting,
    before: SessionState,
    commands: readonly MACCommand[],
  ): Promise<void> {
    const { verified, round } = waiting;
    const { device: entry } = verified;
    const counters = { ...before.counters, transmissions: before.counters.transmissions + 1 };
    const after = { ...before, counters };
    const { writer, store } = this.#around;
    await commit(store, [
      {
        write: (to) => writer.moveCounters(to, entry.deviceNo, counters),
        committed: () => {
          entry.state = { ...entry.state, current: after };
        },
      },
    ]);
    this.counters.retransmitted++;
    const answers = answerRepeatedRequests(before.mac, commands, factsOf(verified, round));
    this.#openWindow(waiting, { answers, needsDownlink: false });
  }

  /** Moves the session in the store, and in memory once that is durable. */
  #sessionChange(
    entry: DeviceEntry,
    change: {
      readonly before: SessionState;
      readonly after: SessionState;
      readonly handled: HandledCommands;
      readonly isActivation: boolean;
    },
  ): StagedChange {
    const { writer, cache } = this.#around;
    const { before, after, handled, isActivation } = change;
    const { deviceNo } = entry;
    const replaced = entry.state.current?.session;
    return {
      write: (to) => {
        if (isActivation) {
          writer.putSession(to, entry, "current", after);
          writer.removeSession(to, deviceNo, "pending");
        } else {
          writer.moveCounters(to, deviceNo, after.counters);
          if (after.mac !== before.mac) writer.setMACState(to, deviceNo, "current", after.mac);
        }
        if (handled.status !== undefined) writer.setStatus(to, deviceNo, handled.status);
      },
      committed: () => {
        const { pending, status } = entry.state;
        entry.state = deviceState(after, isActivation ? undefined : pending, handled.status ?? status);
        if (isActivation && replaced !== undefined && replaced.devAddr !== after.session.devAddr) {
          cache.sessionEnded(replaced.devAddr, entry);
        }
      },
    };
  }

  #publishProcessed(waiting: Waiting, handled: HandledCommands): void {
    const { events: bus } = this.#around;
    const { round, verified, correlationId } = waiting;
    const subject = { kind: "device", ids: verified.sessionState.session.ids } as const;
    const correlationIds = () => [...round.correlationIds, correlationId];
    for (const occurrence of handled.occurrences) {
      bus.publish(eventOfOccurrence(occurrence), subject, () =>
        macDetails(occurrence.command, correlationIds()),
      );
    }
    const details = () => events.uplinkDetails(round.uplink, round.receptions, correlationIds());
    bus.publish(events.upDataProcess, subject, details);
    bus.publish(events.upDataForward, subject, details);
  }

  #openWindow(waiting: Waiting, handled: Pick<HandledCommands, "answers" | "needsDownlink">): void {
    const { verified, round, correlationId } = waiting;
    const { device: entry, frame } = verified;
    const { current } = entry.state;
    if (current === undefined || entry.isDeleted) return;
    this.#around.downlinks.open(entry, {
      session: current.session,
      paths: rankPaths(round.receptions, round.uplink.dataRate),
      receivedAt: earliest(round),
      frequency: round.uplink.frequency,
      dataRateIndex: verified.dataRateIndex,
      channelIndex: verified.channelIndex,
      fCntUp: verified.fCnt,
      needsAck: frame.mType === "confirmedUp",
      needsAnswer: frame.fCtrl.adrAckReq || handled.needsDownlink,
      answers: handled.answers,
      correlationIds: [...round.correlationIds, correlationId],
      // TS001-1.0.4 §5.7: what the device has just confirmed was in force when it sent this uplink.
      rx1DelayMs: current.mac.current.rx1Delay * 1000,
      isTimed: false,
      isUsed: false,
    });
  }

  #drop(round: Round, { sessionState }: Pick<Frame, "sessionState">, error: unknown): void {
    this.counters.dropped++;
    this.#around.events.publish(events.upDataDrop, { kind: "device", ids: sessionState.session.ids }, () =>
      events.failureDetails(error, round.correlationIds),
    );
    closeRound(round);
  }
}

/** The copies of a frame while it waits, and for a while after. */
class Copies implements CopyListener {
  readonly #usualGateways: DeviceEntry["usualGateways"];
  readonly #round: Round;
  readonly #clock: Clock;
  readonly #windowMs: number;
  #whenClosed: (() => void) | undefined;

  constructor(
    { round, verified }: Waiting,
    { clock, windowMs }: Pick<Surroundings, "clock" | "windowMs">,
    whenClosed: () => void,
  ) {
    this.#usualGateways = verified.device.usualGateways;
    this.#round = round;
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#whenClosed = whenClosed;
  }

  copyReceived(round: Round, copy: GatewayUplink): void {
    if (round.isOpen) {
      this.closeWhenComplete();
      return;
    }
    // A gateway that needs longer than the whole window would only ever hold the others up.
    if (this.#clock.monotonicMs() - round.openedAtMs < this.#windowMs) {
      this.#usualGateways.add(copy.receptions[0]);
    }
  }

  closeWhenComplete(): boolean {
    const isComplete = this.#usualGateways.haveReported(this.#round.receptions);
    if (isComplete) this.close();
    return isComplete;
  }

  close(): void {
    const whenClosed = this.#whenClosed;
    if (whenClosed === undefined) return;
    this.#whenClosed = undefined;
    this.#round.isOpen = false;
    this.#usualGateways.learn(this.#round.receptions);
    whenClosed();
  }
}

function deviceState(
  current: SessionState,
  pending: SessionState | undefined,
  status: DeviceState["status"],
): DeviceState {
  if (pending === undefined && status === undefined) return { current };
  return {
    current,
    ...(pending === undefined ? {} : { pending }),
    ...(status === undefined ? {} : { status }),
  };
}

function withoutPendingConfirmed({
  pendingConfirmedFCnt: _,
  ...mac
}: SessionState["mac"]): SessionState["mac"] {
  return mac;
}

/** An ABP device that lost its counters has lost its MAC settings with them. */
function restart(before: SessionState, entry: DeviceEntry): SessionState {
  const current = factoryParameters(entry.settings);
  const { macVersion, desired } = before.mac;
  return {
    session: before.session,
    counters: freshCounters,
    mac: { macVersion, desired, current, pendingRequests: [], refused: [] },
  };
}

function macCommandsOf({ frame, fCnt }: Frame, { session, mac }: SessionState): readonly MACCommand[] {
  const { devAddr, fOpts, frmPayload } = frame;
  if (frame.fPort === 0) {
    return decodeMACCommands(
      cryptFRMPayload(session.nwkSEncKey, { direction: "uplink", devAddr, fCnt, payload: frmPayload }),
      "uplink",
    );
  }
  if (fOpts.length === 0) return noCommands;
  return decodeMACCommands(
    encryptsFOpts(mac.macVersion)
      ? cryptFOpts(session.nwkSEncKey, { counter: "fCntUp", devAddr, fCnt, fOpts })
      : fOpts,
    "uplink",
  );
}

const noCommands: readonly MACCommand[] = [];

function factsOf(verified: Frame, round: Round): UplinkFacts {
  const { receptions, uplink } = round;
  const gpsAt = receptions.find(({ gpsTime }) => gpsTime !== undefined)?.gpsTime;
  return {
    fCnt: verified.fCnt,
    receivedAt: earliest(round),
    ...(gpsAt === undefined ? {} : { gpsAt }),
    dataRateIndex: verified.dataRateIndex,
    demodulationMargin: demodulationMargin(receptions, uplink.dataRate),
    gatewayCount: countGateways(receptions),
    settings: verified.device.settings,
  };
}

function earliest({ receptions }: Round): number {
  let at = receptions[0]!.receivedAt;
  for (const { receivedAt } of receptions) if (receivedAt < at) at = receivedAt;
  return at;
}

const noPayload = new Uint8Array(0);

function verifiedUplink({ frame, fCnt, sessionState }: Frame, receivedAt: number) {
  const { ids, sessionKeyId } = sessionState.session;
  const frmPayload = frame.fPort === 0 ? noPayload : frame.frmPayload;
  const confirmed = frame.mType === "confirmedUp";
  return frame.fPort === undefined
    ? { ids, sessionKeyId, fCnt, frmPayload, confirmed, receivedAt }
    : { ids, sessionKeyId, fPort: frame.fPort, fCnt, frmPayload, confirmed, receivedAt };
}

function applicationUplink({ verified, round, correlationId }: Waiting): ApplicationUplink {
  const { frequency, dataRate, rawPayload } = round.uplink;
  const { frame, fCnt, sessionState, device } = verified;
  const { ids, sessionKeyId } = sessionState.session;
  const { fPort } = frame;
  const uplink = {
    ids,
    sessionKeyId,
    fCnt,
    frmPayload: fPort === 0 ? noPayload : frame.frmPayload,
    confirmed: frame.mType === "confirmedUp",
    receivedAt: earliest(round),
    frequency,
    dataRate,
    consumedAirtimeUs: timeOnAirUs({ dataRate, payloadLength: rawPayload.length }),
    receptions: round.receptions,
    correlationIds: [...round.correlationIds, correlationId],
  };
  if (fPort === undefined && device.state.status === undefined) return uplink;
  return { ...uplink, ...(fPort === undefined ? {} : { fPort }), ...lastBattery(device.state) };
}

function lastBattery({ status }: DeviceState): Pick<ApplicationUplink, "lastBatteryPercentage"> {
  if (status?.batteryPercentage === undefined) return {};
  const { batteryPercentage: value, fCnt, receivedAt } = status;
  return { lastBatteryPercentage: { value, fCnt, receivedAt } };
}
