import { cryptFRMPayload } from "@skylark/lorawan";
import type { DownlinkOpportunity, EncryptedDownlink } from "../../domain/application-downlink.ts";
import type { Priority, TransmissionReport } from "../../domain/downlink.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { StagedChange } from "../../store/store.ts";
import { type ApplicationSession, equalBytes, findSession } from "../end-device.ts";
import type { DownlinkItem } from "./downlink-item.ts";
import { type DownlinkMessage, failedMessage, invalidatedMessage, itemMessage } from "./downlink-messages.ts";
import { type DownlinkContext, unknownSession } from "./downlink-requests.ts";
import { downlinkTooLong } from "./request-preparation.ts";
import { transmissionJson } from "./transmission-json.ts";

const networkErrors = defineErrors("pkg/networkserver");
const downlinkExpired = networkErrors.failedPrecondition("downlink_expired", "downlink expired");
const transmissionFailed = networkErrors.unknown(
  "transmission",
  "downlink transmission failed with result `{result}`",
);
const maxRetriesReached = defineErrors("pkg/applicationserver").aborted(
  "max_retries_reached",
  "downlink max retries of `{max_retries}` reached",
);

export interface TransmissionContext extends DownlinkContext {
  /** Times that a confirmed downlink is sent again, where it does not say. */
  readonly confirmedAttempts: number;
}

/** The head of a queue for a receive window. */
export interface NextDownlink {
  /** Absent when nothing can be sent in this window. */
  readonly downlink?: EncryptedDownlink;
  /** Takes it, and what was dropped before it, off the queue. */
  readonly change?: StagedChange;
}

const noChange: StagedChange = { write: () => {}, committed: () => {} };

/** A queue looked through from its head, for one receive window. */
interface Choice {
  readonly next: DownlinkItem | undefined;
  readonly failed: readonly { readonly item: DownlinkItem; readonly error: unknown }[];
  /** Encrypted by the application with a counter that was used since. */
  readonly invalidated: readonly DownlinkItem[];
}

/** What the Network Server does with the downlink queue. */
export class Transmissions {
  readonly #context: TransmissionContext;

  constructor(context: TransmissionContext) {
    this.#context = context;
  }

  hasDownlink(ids: EndDeviceIdentifiers): boolean {
    const { queues, clock } = this.#context;
    if (queues.isEmpty) return false;
    return queues.queueOf(ids)?.queued.some((item) => isDue(item, clock.now())) ?? false;
  }

  async next(opportunity: DownlinkOpportunity): Promise<NextDownlink> {
    const { ids, sessionKeyId } = opportunity;
    const { devices, queues } = this.#context;
    if (!this.hasDownlink(ids)) return {};
    const device = await devices.load(ids);
    const session = device && findSession(device, sessionKeyId, ids.devAddr);
    const queued = queues.queueOf(ids)?.queued ?? [];
    if (session === undefined) return {};
    const choice = choose(queued, opportunity, this.#context.clock.now());
    const dropped = this.#stageDropped(opportunity, choice);
    if (choice.next === undefined) return dropped === undefined ? {} : { change: dropped };
    const { downlink, change } = this.#take(choice.next, opportunity, session);
    return { downlink, change: dropped === undefined ? change : both(dropped, change) };
  }

  #stageDropped(
    { ids, minFCnt, sessionKeyId }: DownlinkOpportunity,
    choice: Choice,
  ): StagedChange | undefined {
    const { queues, clock } = this.#context;
    const { failed, invalidated } = choice;
    if (failed.length + invalidated.length === 0) return undefined;
    const now = clock.now();
    const messages = failed.map(({ item, error }) => failedMessage(ids, item, error, now));
    if (invalidated.length > 0) {
      messages.push(invalidatedMessage(ids, invalidated, { lastFCntDown: minFCnt - 1, sessionKeyId }, now));
    }
    const gone = [...failed.map(({ item }) => item), ...invalidated];
    return both(queues.stageRemove(ids, gone), this.#stageMessages(messages));
  }

  #take(
    item: DownlinkItem,
    opportunity: DownlinkOpportunity,
    session: ApplicationSession,
  ): { readonly downlink: EncryptedDownlink; readonly change: StagedChange } {
    const { queues, clock, devices } = this.#context;
    const { ids, minFCnt, sessionKeyId } = opportunity;
    const isSameSession = equalBytes(item.sessionKeyId, sessionKeyId);
    const fCnt = isSameSession ? Math.max(item.fCnt, minFCnt) : minFCnt;
    const taken: DownlinkItem = { ...item, sessionKeyId, fCnt };
    const frmPayload = item.encrypted
      ? item.frmPayload
      : cryptFRMPayload(devices.scheduleOf(session), {
          direction: "downlink",
          devAddr: session.devAddr,
          fCnt,
          payload: item.frmPayload,
        });
    const queued = queues.queueOf(ids)?.queued ?? [];
    const change = queues.stageTake(ids, taken, clock.now());
    const moves = !item.encrypted && (fCnt !== item.fCnt || !isSameSession) && queued.length > 1;
    return {
      downlink: {
        queueId: item.id,
        fPort: item.fPort,
        fCnt,
        frmPayload,
        confirmed: item.confirmed,
        priority: cappedPriority(item.priority),
        correlationIds: item.correlationIds,
        more: queued.some((other) => other.id > item.id && other.classBC === undefined),
      },
      change: moves ? both(change, queues.stageRenumber(item, fCnt - item.fCnt, sessionKeyId)) : change,
    };
  }

  #stageMessages(messages: readonly DownlinkMessage[]): StagedChange {
    return this.#context.outbox.stage(messages.map(({ message }) => message));
  }

  stageResult(
    ids: EndDeviceIdentifiers,
    downlink: EncryptedDownlink,
    report: TransmissionReport,
  ): StagedChange {
    const { result } = report;
    const { queues, clock } = this.#context;
    const item = queues.queueOf(ids)?.taken.find(({ id }) => id === downlink.queueId);
    if (item === undefined) return noChange;
    const done = queues.stageRemove(ids, [item]);
    // An answer of the device is awaited.
    const afterSent = item.confirmed ? noChange : done;
    // It may be on air: neither sent nor failed is known to be true.
    if (result === "NO_ACKNOWLEDGMENT") return afterSent;
    if (result === "SUCCESS") {
      const message = itemMessage("down/sent", ids, item, clock.now());
      const background = () => transmissionJson(report, item.fCnt);
      return both(afterSent, this.#context.outbox.stage([{ ...message.message, background }]));
    }
    const message = failedMessage(ids, item, transmissionFailed({ result }), clock.now());
    return both(done, this.#stageMessages([message]));
  }

  async stageAcknowledgment(
    ids: EndDeviceIdentifiers,
    sent: { readonly sessionKeyId: Uint8Array; readonly fCnt: number },
    acknowledged: boolean,
  ): Promise<StagedChange> {
    const { queues, clock } = this.#context;
    const find = () =>
      queues
        .queueOf(ids)
        ?.taken.find(
          (taken) =>
            taken.confirmed && taken.fCnt === sent.fCnt && equalBytes(taken.sessionKeyId, sent.sessionKeyId),
        );
    const item = find();
    if (item === undefined) return noChange;
    const done = queues.stageRemove(ids, [item]);
    if (acknowledged) {
      return both(done, this.#stageMessages([itemMessage("down/ack", ids, item, clock.now())]));
    }
    return both(done, await this.#stageRetry(ids, item));
  }

  /** downlink_nack, and the item goes to the end of the queue until its attempts are used up. */
  async #stageRetry(ids: EndDeviceIdentifiers, item: DownlinkItem): Promise<StagedChange> {
    const { queues, clock, networkServer, confirmedAttempts } = this.#context;
    const now = clock.now();
    // Whoever encrypted it has to encrypt it again, with a counter that was not used.
    if (item.encrypted) return this.#stageMessages([itemMessage("down/nack", ids, item, now)]);
    const maxRetries = item.maxAttempts ?? confirmedAttempts;
    const retried: DownlinkItem = { ...item, attempt: item.attempt + 1 };
    const nack = itemMessage("down/nack", ids, retried, now);
    if (retried.attempt > maxRetries) {
      const error = maxRetriesReached({ max_retries: maxRetries });
      return this.#stageMessages([nack, failedMessage(ids, retried, error, now)]);
    }
    const session = await networkServer().downlinkSession(ids);
    const last = queues.queueOf(ids)?.queued.at(-1);
    const fCnt = Math.max(session?.minFCnt ?? 0, item.fCnt + 1, (last?.fCnt ?? -1) + 1);
    const again = queues.stageAppend(item.ids, [{ ...retried, id: queues.nextId(), fCnt }]);
    const told = both(again, this.#stageMessages([nack]));
    return both(told, { write: () => {}, committed: () => networkServer().downlinkQueued(ids) });
  }
}

/** Of use in a class A window: to be sent, or to be told that its time is over. */
function isDue({ classBC }: DownlinkItem, now: number): boolean {
  return classBC === undefined || (classBC.absoluteTime ?? now) < now;
}

function choose(queued: readonly DownlinkItem[], opportunity: DownlinkOpportunity, now: number): Choice {
  const { sessionKeyId, minFCnt, maxPayloadLength } = opportunity;
  const failed: { item: DownlinkItem; error: unknown }[] = [];
  const invalidated: DownlinkItem[] = [];
  for (const item of queued) {
    const { length } = item.frmPayload;
    if (item.classBC !== undefined) {
      if (isDue(item, now)) failed.push({ item, error: downlinkExpired() });
      continue;
    }
    if (item.encrypted && !equalBytes(item.sessionKeyId, sessionKeyId)) {
      failed.push({ item, error: unknownSession() });
    } else if (item.encrypted && item.fCnt < minFCnt) invalidated.push(item);
    else if (length <= maxPayloadLength) return { next: item, failed, invalidated };
    else if (length <= (opportunity.maxPayloadLengthAlone ?? maxPayloadLength)) {
      // It fits once the MAC commands of this window are out of the way.
      return { next: undefined, failed, invalidated };
    } else {
      const error = downlinkTooLong({ length, max: opportunity.maxPayloadLengthAlone ?? maxPayloadLength });
      failed.push({ item, error });
    }
  }
  return { next: undefined, failed, invalidated };
}

/** The highest is for the network's own frames. */
function cappedPriority(priority: Priority): Priority {
  return priority === "HIGHEST" ? "HIGH" : priority;
}

function both(first: StagedChange, second: StagedChange): StagedChange {
  return {
    write: (writer) => {
      first.write(writer);
      second.write(writer);
    },
    committed: () => {
      first.committed();
      second.committed();
    },
  };
}
