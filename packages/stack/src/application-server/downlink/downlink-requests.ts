import type { Clock } from "../../clock/clock.ts";
import { type EndDeviceIdentifiers, endDeviceKey } from "../../domain/identifiers.ts";
import { ulid } from "../../domain/ulid.ts";
import { errorDetailsJson } from "../../errors/error-details.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { EventDefinition, EventPublisher } from "../../events/events.ts";
import { commit, type StagedChange, type Store } from "../../store/store.ts";
import type { ApplicationLinks } from "../application-links.ts";
import type { DeviceRegistry } from "../device-registry.ts";
import { type ApplicationDevice, equalBytes, findSession } from "../end-device.ts";
import type { MessageOutbox } from "../message-log.ts";
import type { PayloadFormatterSet } from "../payload-formatters/payload-formatters.ts";
import type { DownlinkSession, NetworkServer } from "../peers.ts";
import * as events from "./downlink-events.ts";
import type { DownlinkContent, DownlinkItem, DownlinkRequest } from "./downlink-item.ts";
import { downlinkMessage, itemMessage, requestJson } from "./downlink-messages.ts";
import type { QueueStore } from "./queue-store.ts";
import { prepareDownlink } from "./request-preparation.ts";

const errors = defineErrors("pkg/applicationserver");
export const deviceNotFound = errors.notFound("device_not_found", "device `{device_uid}` not found");
const noDeviceSession = errors.failedPrecondition(
  "no_device_session",
  "no device session; check device activation",
);
const networkErrors = defineErrors("pkg/networkserver");
export const unknownSession = networkErrors.notFound("unknown_session", "unknown session");
const fCntTooLow = networkErrors.invalidArgument(
  "f_cnt_too_low",
  "FCnt `{f_cnt}` is lower than minimum of `{min_f_cnt}`",
);
const encryptedQueue = errors.failedPrecondition(
  "encrypted_queue",
  "nothing can be put in front of downlinks that the application encrypts",
);
const queueCapacity = networkErrors.resourceExhausted(
  "downlink_queue_capacity",
  "downlink queue capacity exceeded",
);

export interface DownlinkContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: EventPublisher;
  readonly outbox: MessageOutbox;
  readonly devices: DeviceRegistry;
  readonly links: ApplicationLinks;
  readonly formatters: PayloadFormatterSet;
  readonly queues: QueueStore;
  readonly networkServer: () => NetworkServer;
  readonly capacity: number;
  /** As errors name a device. */
  readonly formatDeviceUid: (ids: EndDeviceIdentifiers) => string;
}

export interface RequestOptions {
  /** Correlation identifiers of the request, added to those of each downlink. */
  readonly causes?: readonly string[];
  /** Committed in the same transaction as the queue. */
  readonly alongside?: StagedChange | undefined;
}

/** Where downlinks go in the queue. */
type Place = "end" | "front" | "instead";

interface PreparedQueue {
  readonly contents: readonly DownlinkContent[];
  readonly requests: readonly DownlinkRequest[];
  readonly device: ApplicationDevice;
  readonly session: DownlinkSession;
}

/** What applications do with the downlink queue. Requests for one device are handled in the order they come. */
export class DownlinkRequests {
  readonly #context: DownlinkContext;
  readonly #running = new Map<string, Promise<void>>();
  #pushed = 0;

  constructor(context: DownlinkContext) {
    this.#context = context;
  }

  /** Items queued since the start. */
  get pushed(): number {
    return this.#pushed;
  }

  /** Adds to the end of the queue, all or none. */
  push(
    ids: EndDeviceIdentifiers,
    requests: readonly DownlinkRequest[],
    options: RequestOptions = {},
  ): Promise<void> {
    return this.#inOrder(ids, () => this.#enqueue(ids, requests, { ...options, place: "end" }));
  }

  /** Adds to the front of the queue, all or none. */
  pushFirst(
    ids: EndDeviceIdentifiers,
    requests: readonly DownlinkRequest[],
    options: RequestOptions = {},
  ): Promise<void> {
    return this.#inOrder(ids, () => this.#enqueue(ids, requests, { ...options, place: "front" }));
  }

  /** Puts these in the place of what is queued, all or none. */
  replace(
    ids: EndDeviceIdentifiers,
    requests: readonly DownlinkRequest[],
    options: RequestOptions = {},
  ): Promise<void> {
    return this.#inOrder(ids, () => this.#enqueue(ids, requests, { ...options, place: "instead" }));
  }

  async list(ids: EndDeviceIdentifiers): Promise<readonly DownlinkItem[]> {
    const { devices, formatDeviceUid } = this.#context;
    const device = await devices.load(ids);
    if (device === undefined) throw deviceNotFound({ device_uid: formatDeviceUid(ids) });
    return this.#context.queues.queueOf(ids)?.queued ?? [];
  }

  /**
   * Tells the application of requests that were refused, or of one that could not be read: downlink_failed. False,
   * having told nobody, when there is no such device.
   */
  async reportRejected(
    ids: EndDeviceIdentifiers,
    requests: readonly DownlinkRequest[],
    error: unknown,
  ): Promise<boolean> {
    const { store, outbox, clock, devices } = this.#context;
    const device = await devices.load(ids);
    if (device === undefined) return false;
    const rejected = requests.length === 0 ? [emptyRequest] : requests;
    const messages = rejected.map((request) => {
      const value = { downlink: requestJson(request), error: errorDetailsJson(error) };
      const up = { kind: "down/failed", member: "downlink_failed", value } as const;
      return downlinkMessage(device.ids, up, request.correlationIds, clock.now()).message;
    });
    this.#publishFailure(events.downlinkDropped, ids, error);
    await commit(store, [outbox.stage(messages)]);
    return true;
  }

  async #inOrder(ids: EndDeviceIdentifiers, task: () => Promise<void>): Promise<void> {
    const key = endDeviceKey(ids);
    const before = this.#running.get(key) ?? Promise.resolve();
    const run = before.then(task);
    const settled = run.catch(() => {});
    this.#running.set(key, settled);
    try {
      await run;
    } finally {
      if (this.#running.get(key) === settled) this.#running.delete(key);
    }
  }

  async #enqueue(
    ids: EndDeviceIdentifiers,
    requests: readonly DownlinkRequest[],
    { place, causes = [], alongside }: RequestOptions & { readonly place: Place },
  ): Promise<void> {
    const { store, networkServer, queues } = this.#context;
    const extra = alongside === undefined ? [] : [alongside];
    if (requests.length === 0) {
      await this.list(ids);
      await commit(store, [...(place === "instead" ? [queues.stageClear(ids)] : []), ...extra]);
      return;
    }
    try {
      const prepared = await this.#prepare(ids, requests, causes);
      await commit(store, [...this.#stage(prepared, place), ...extra]);
    } catch (error) {
      this.#publishFailure(events.downlinkDropped, ids, error);
      throw error;
    }
    this.#pushed += requests.length;
    networkServer().downlinkQueued(ids);
  }

  async #prepare(
    ids: EndDeviceIdentifiers,
    requests: readonly DownlinkRequest[],
    causes: readonly string[],
  ): Promise<PreparedQueue> {
    const { devices, links, networkServer, formatters, clock, capacity, formatDeviceUid } = this.#context;
    const [device, link] = await Promise.all([devices.load(ids), links.load(ids)]);
    if (device === undefined) throw deviceNotFound({ device_uid: formatDeviceUid(ids) });
    if (requests.length > capacity) throw queueCapacity();
    const choice = device.settings.formatters ?? link?.defaultFormatters;
    const preparation = {
      ids,
      formatter: formatters.of(ids, choice, "down"),
      skipsCrypto: device.settings.skipPayloadCrypto ?? link?.skipPayloadCrypto ?? false,
      onDecodeFailure: (error: unknown) => this.#publishFailure(events.downlinkDecodeFailed, ids, error),
    };
    const contents: DownlinkContent[] = [];
    for (const request of requests) {
      this.#publishRequest(events.downlinkReceived, ids, request);
      const correlationIds = [`as:downlink:${ulid(clock.now())}`, ...causes];
      try {
        contents.push(await prepareDownlink(request, { ...preparation, correlationIds }));
      } catch (error) {
        if (request.decodedPayload !== undefined) this.#publishFailure(events.encodeFailed, ids, error);
        throw error;
      }
    }
    const session = await networkServer().downlinkSession(ids);
    if (session === undefined || findSession(device, session.sessionKeyId, session.devAddr) === undefined) {
      throw noDeviceSession();
    }
    return { contents, requests, device, session };
  }

  #stage({ contents, requests, device, session }: PreparedQueue, place: Place): StagedChange[] {
    const { queues, outbox, clock, capacity } = this.#context;
    const queued = place === "instead" ? [] : (queues.queueOf(device.ids)?.queued ?? []);
    if (queued.length + contents.length > capacity) throw queueCapacity();
    // The clearing comes first: it takes what has its number by now.
    const clearing = place === "instead" ? [queues.stageClear(device.ids)] : [];
    const frontIds = place === "front" ? this.#idsInFront(device.ids, queued, contents) : undefined;
    let fCnt = this.#firstFCnt(frontIds === undefined ? queued : [], device, session);
    const items = contents.map((content, index): DownlinkItem => {
      if (content.encrypted) fCnt = checkedFCnt(requests[index]!, session, fCnt);
      const item = {
        ...content,
        id: frontIds?.[index] ?? queues.nextId(),
        ids: device.ids,
        sessionKeyId: session.sessionKeyId,
        fCnt,
      };
      fCnt++;
      return item;
    });
    const ids = { ...device.ids, devAddr: session.devAddr };
    const now = clock.now();
    const messages = items.map((item) => itemMessage("down/queued", ids, item, now));
    return [
      ...clearing,
      frontIds === undefined ? queues.stageAppend(device.ids, items) : queues.stagePrepend(device.ids, items),
      outbox.stage(messages.map(({ message }) => message)),
      {
        write: () => {},
        committed: () => {
          for (const { json } of messages) this.#publishForwarded(ids, json);
        },
      },
    ];
  }

  /** An item that the application encrypted has its counter for good: nothing can go before it. */
  #idsInFront(
    ids: EndDeviceIdentifiers,
    queued: readonly DownlinkItem[],
    contents: readonly DownlinkContent[],
  ): readonly number[] {
    if ([...queued, ...contents].some(({ encrypted }) => encrypted)) throw encryptedQueue();
    const found = this.#context.queues.idsInFront(ids, contents.length);
    if (found === undefined) throw queueCapacity();
    return found;
  }

  /** After the last of the queue, and never below what the session has used. */
  #firstFCnt(queued: readonly DownlinkItem[], device: ApplicationDevice, session: DownlinkSession): number {
    const known = findSession(device, session.sessionKeyId, session.devAddr);
    const afterLast = known === undefined || known.lastAFCntDown === 0 ? 0 : known.lastAFCntDown + 1;
    const last = queued.at(-1);
    const isSameSession = last !== undefined && equalBytes(last.sessionKeyId, session.sessionKeyId);
    // Items of an earlier session are numbered anew when their turn comes, from the same minimum.
    const behind = isSameSession ? last.fCnt + 1 : session.minFCnt + queued.length;
    return Math.max(session.minFCnt, behind, session.separateApplicationCounter ? afterLast : 0);
  }

  #publishRequest(definition: EventDefinition, ids: EndDeviceIdentifiers, request: DownlinkRequest): void {
    this.#context.events.publish(definition, { kind: "device", ids }, () => ({
      correlationIds: request.correlationIds,
      data: { typeName: "ttn.lorawan.v3.ApplicationDownlink", json: requestJson(request) },
    }));
  }

  #publishForwarded(ids: EndDeviceIdentifiers, json: string): void {
    this.#context.events.publish(events.downlinkForwarded, { kind: "device", ids }, () => {
      const up = JSON.parse(json) as { correlation_ids?: string[]; downlink_queued: unknown };
      return {
        correlationIds: up.correlation_ids ?? [],
        data: { typeName: "ttn.lorawan.v3.ApplicationDownlink", json: up.downlink_queued },
      };
    });
  }

  #publishFailure(definition: EventDefinition, ids: EndDeviceIdentifiers, error: unknown): void {
    this.#context.events.publish(definition, { kind: "device", ids }, () => ({
      data: { typeName: "ttn.lorawan.v3.ErrorDetails", json: errorDetailsJson(error) },
    }));
  }
}

const emptyRequest: DownlinkRequest = { confirmed: false, priority: "LOWEST", correlationIds: [] };

/** The counter that the application encrypted with; it can only be used as it is. */
function checkedFCnt(request: DownlinkRequest, session: DownlinkSession, minFCnt: number): number {
  const { sessionKeyId, fCnt = 0 } = request;
  if (sessionKeyId === undefined || !equalBytes(sessionKeyId, session.sessionKeyId)) throw unknownSession();
  if (fCnt < minFCnt) throw fCntTooLow({ f_cnt: fCnt, min_f_cnt: minFCnt });
  return fCnt;
}
