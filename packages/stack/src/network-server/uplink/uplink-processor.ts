import {
  cryptFOpts,
  cryptFRMPayload,
  decodeMACCommands,
  encryptsFOpts,
  hasRekey,
  type MACCommand,
} from "@skylark/lorawan";
import type { Clock } from "../../clock/clock.ts";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import type { EventPublisher } from "../../events/events.ts";
import { commit, type StagedChange, type Store } from "../../store/store.ts";
import { type DeviceState, freshCounters, type SessionState } from "../device.ts";
import type { DeviceCache } from "../device-cache.ts";
import type { DeviceEntry } from "../device-entry.ts";
import type { ClassADownlinks } from "../downlink/class-a.ts";
import { rankPaths } from "../downlink/paths.ts";
import * as events from "../events.ts";
import { eventOfOccurrence, macDetails } from "../mac/events.ts";
import { answerRepeatedRequests, type HandledCommands, handleMACCommands } from "../mac/exchange.ts";
import { withChannelInUse } from "../mac/new-channel.ts";
import type { ApplicationServer } from "../peers.ts";
import { factoryParameters } from "../region.ts";
import type { DeviceWriter } from "../storage/device-store.ts";
import type { CounterVerdict } from "./frame-counter.ts";
import { judgeFrame, refusalOf } from "./verify.ts";
import { applicationUplink, earliest, factsOf, type WaitingFrame } from "./waiting-frame.ts";

const errors = defineErrors("pkg/networkserver");
const noRekey = errors.invalidArgument("no_rekey", "the first uplink of a session has to carry RekeyInd");
const sessionEnded = errors.notFound("unknown_session", "unknown session");

interface Surroundings {
  readonly clock: Clock;
  readonly store: Store;
  readonly writer: DeviceWriter;
  readonly cache: DeviceCache;
  readonly applicationServer: ApplicationServer;
  readonly downlinks: ClassADownlinks;
  readonly events: EventPublisher;
}

export type ProcessedUplink =
  | { readonly outcome: "forwarded" | "retransmitted" }
  | { readonly outcome: "refused"; readonly because: SkylarkError };

function refused(because: SkylarkError): ProcessedUplink {
  return { outcome: "refused", because };
}

/** Takes a frame whose window is over into its session and to the application, in one commit. */
export class UplinkProcessor {
  readonly #around: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  /** To be called in the device's turn: everything is judged against the state as it is now. */
  async process(waiting: WaitingFrame): Promise<ProcessedUplink> {
    const { verified } = waiting;
    const { device: entry, sessionState: matched } = verified;
    const slot = entry.state.current?.session === matched.session ? "current" : "pending";
    const sessionState = entry.state[slot];
    if (entry.isDeleted || sessionState?.session !== matched.session) return refused(sessionEnded());
    const verdict = judgeFrame(verified, sessionState);
    const refusal = refusalOf(verdict, verified.fCnt, sessionState);
    if (refusal !== undefined) return refused(refusal);
    const commands = macCommandsOf(waiting, sessionState);
    if (verdict === "retransmission") {
      await this.#answerAgain(waiting, sessionState, commands);
      return { outcome: "retransmitted" };
    }
    const isActivation = slot === "pending";
    if (isActivation && needsRekey(sessionState, commands)) return refused(noRekey());
    await this.#accept(waiting, sessionState, { commands, verdict, isActivation });
    return { outcome: "forwarded" };
  }

  async #accept(
    waiting: WaitingFrame,
    before: SessionState,
    frame: {
      readonly commands: readonly MACCommand[];
      readonly verdict: CounterVerdict;
      readonly isActivation: boolean;
    },
  ): Promise<void> {
    const { verified } = waiting;
    const { device: entry, frame: received } = verified;
    const { store, applicationServer, clock } = this.#around;
    const decoded = await waiting.decoded;
    const restarted = frame.verdict === "restarted" ? restart(before, entry) : before;
    const handled = handleMACCommands(restarted.mac, frame.commands, factsOf(waiting));
    const mac = withChannelInUse(handled.mac, verified.channelIndex, waiting.round.uplink.frequency);
    const answersConfirmed = mac.pendingConfirmedFCnt;
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
      mac: answersConfirmed === undefined ? mac : withoutPendingConfirmed(mac),
    };
    const uplink = applicationUplink(waiting, entry.frameLoss.note(verified.fCnt));
    const changes = [
      this.#sessionChange(entry, { before, after, handled, isActivation: frame.isActivation }),
    ];
    // What became of a downlink is told before what the device says next.
    if (answersConfirmed !== undefined) {
      const { sessionKeyId, ids } = before.session;
      const downlink = { sessionKeyId, fCnt: answersConfirmed };
      changes.push(await applicationServer.stageAcknowledgment(ids, downlink, received.fCtrl.ack));
    }
    changes.push(applicationServer.stageUplink(uplink, decoded));
    await commit(store, changes);
    this.#publishProcessed(waiting, handled);
    this.#openWindow(waiting, handled);
  }

  async #answerAgain(
    waiting: WaitingFrame,
    before: SessionState,
    commands: readonly MACCommand[],
  ): Promise<void> {
    const { device: entry } = waiting.verified;
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
    this.#around.applicationServer.repeatUplink(applicationUplink(waiting, undefined));
    const answers = answerRepeatedRequests(before.mac, commands, factsOf(waiting));
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

  #publishProcessed(waiting: WaitingFrame, handled: HandledCommands): void {
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

  #openWindow(waiting: WaitingFrame, handled: Pick<HandledCommands, "answers" | "needsDownlink">): void {
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
}

function needsRekey({ mac }: SessionState, commands: readonly MACCommand[]): boolean {
  return hasRekey(mac.macVersion) && !commands.some(({ name }) => name === "rekey");
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

function macCommandsOf(
  { verified: { frame, fCnt } }: WaitingFrame,
  { session, mac }: SessionState,
): readonly MACCommand[] {
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
