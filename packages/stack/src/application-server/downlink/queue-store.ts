import {
  type ApplicationIdentifiers,
  applicationKey,
  type EndDeviceIdentifiers,
  endDeviceKey,
} from "../../domain/identifiers.ts";
import { type StagedChange, type Store, statement, type Writer } from "../../store/store.ts";
import { equalBytes } from "../end-device.ts";
import { type DownlinkItem, formatContent, parseContent } from "./downlink-item.ts";

const selectAll = statement(
  `SELECT id, tenant_id, application_id, device_id, session_key_id, f_cnt, taken_at, item FROM as_downlinks
   WHERE id > ? ORDER BY id LIMIT ?`,
);
const selectLastId = statement(`SELECT MAX(id) AS id FROM as_downlinks`);
// A row may have gone by `replace` while the Network Server took the item; its outcome is told all the same.
const upsertItem = statement(
  `INSERT INTO as_downlinks (id, tenant_id, application_id, device_id, session_key_id, f_cnt, taken_at, item)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (id) DO UPDATE
   SET session_key_id = excluded.session_key_id, f_cnt = excluded.f_cnt, taken_at = excluded.taken_at`,
);
const deleteItem = statement(`DELETE FROM as_downlinks WHERE id = ?`);
const ofDevice = `tenant_id = ? AND application_id = ? AND device_id = ?`;
const deleteQueued = statement(`DELETE FROM as_downlinks WHERE ${ofDevice} AND id <= ? AND taken_at IS NULL`);
const renumberQueued = statement(
  `UPDATE as_downlinks SET f_cnt = f_cnt + ?, session_key_id = ? WHERE ${ofDevice} AND id > ? AND taken_at IS NULL`,
);
const deleteOfDevice = statement(`DELETE FROM as_downlinks WHERE ${ofDevice}`);
const deleteOfApplication = statement(`DELETE FROM as_downlinks WHERE tenant_id = ? AND application_id = ?`);

const loadStep = 1000;
/** Between the items that are queued one after the other, for those that are put in front of one later. */
const idStep = 1024;
/** Items of a device whose outcome is awaited; the Network Server sends one at a time, so more are forgotten ones. */
const maxTaken = 8;

/** The downlinks of one device. */
export interface DeviceQueue {
  /** In the order they are sent. */
  queued: DownlinkItem[];
  /** With the Network Server: sent or about to be, oldest first. */
  taken: DownlinkItem[];
}

/**
 * The downlink queues of all devices, in memory and in the store, a row for each item: changes by the application
 * and by the Network Server touch different rows and commute.
 */
export class QueueStore {
  readonly #queues = new Map<string, DeviceQueue>();
  #lastId = 0;

  static async open(store: Store): Promise<QueueStore> {
    const queues = new QueueStore();
    await queues.#load(store);
    return queues;
  }

  async #load(store: Store): Promise<void> {
    const [last] = await store.query(selectLastId);
    this.#lastId = Number(last?.id ?? 0);
    const orphans: number[] = [];
    for (let after = 0; ; ) {
      const rows = await store.query(selectAll, after, loadStep);
      for (const row of rows) {
        after = Number(row.id);
        const ids = {
          tenantId: String(row.tenant_id),
          applicationId: String(row.application_id),
          deviceId: String(row.device_id),
        };
        const item: DownlinkItem = {
          ...parseContent(String(row.item)),
          id: after,
          ids,
          sessionKeyId: row.session_key_id as Uint8Array,
          fCnt: Number(row.f_cnt),
        };
        if (row.taken_at === null) this.#queueOf(ids).queued.push(item);
        // An answer to a confirmed downlink may still come; the gateway's word on the others went with the process.
        else if (item.confirmed) this.#queueOf(ids).taken.push(item);
        else orphans.push(item.id);
      }
      if (rows.length < loadStep) break;
    }
    if (orphans.length === 0) return;
    await store.write((writer) => {
      for (const id of orphans) writer.run(deleteItem, id);
    });
  }

  nextId(): number {
    this.#lastId = (Math.floor(this.#lastId / idStep) + 1) * idStep;
    return this.#lastId;
  }

  /**
   * Identifiers of items in front of what a device has queued; undefined when there is no room for so many. Those that
   * were put there before and wait for their outcome keep theirs.
   */
  idsInFront(ids: EndDeviceIdentifiers, count: number): readonly number[] | undefined {
    const { queued = [], taken = [] } = this.queueOf(ids) ?? {};
    const head = queued[0]?.id;
    if (head === undefined) return Array.from({ length: count }, () => this.nextId());
    const floor = (Math.ceil(head / idStep) - 1) * idStep;
    const inUse = taken.map(({ id }) => id).filter((id) => id > floor && id < head);
    const first = Math.min(head, ...inUse) - count;
    return first <= floor ? undefined : Array.from({ length: count }, (_, index) => first + index);
  }

  get isEmpty(): boolean {
    return this.#queues.size === 0;
  }

  queueOf(ids: EndDeviceIdentifiers): DeviceQueue | undefined {
    return this.#queues.get(endDeviceKey(ids));
  }

  #queueOf(ids: EndDeviceIdentifiers): DeviceQueue {
    const key = endDeviceKey(ids);
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue: DeviceQueue = { queued: [], taken: [] };
    this.#queues.set(key, queue);
    return queue;
  }

  #change(ids: EndDeviceIdentifiers, change: (queue: DeviceQueue) => void): void {
    const queue = this.#queueOf(ids);
    change(queue);
    if (queue.queued.length === 0 && queue.taken.length === 0) this.#queues.delete(endDeviceKey(ids));
  }

  stageAppend(ids: EndDeviceIdentifiers, items: readonly DownlinkItem[]): StagedChange {
    return {
      write: (writer) => {
        for (const item of items) writeItem(writer, item, null);
      },
      committed: () => {
        if (items.length > 0) this.#change(ids, ({ queued }) => queued.push(...items));
      },
    };
  }

  /** Puts items with identifiers of `idsInFront` before the others, whose counters make room. */
  stagePrepend(ids: EndDeviceIdentifiers, items: readonly DownlinkItem[]): StagedChange {
    const last = items.at(-1);
    const head = this.queueOf(ids)?.queued[0];
    if (last === undefined || head === undefined) return this.stageAppend(ids, items);
    const needed = last.fCnt + 1 - head.fCnt;
    const shift = equalBytes(last.sessionKeyId, head.sessionKeyId) ? Math.max(0, needed) : needed;
    const renumber = this.stageRenumber(last, shift, last.sessionKeyId);
    return {
      write: (writer) => {
        for (const item of items) writeItem(writer, item, null);
        renumber.write(writer);
      },
      committed: () => {
        this.#change(ids, (queue) => {
          queue.queued = [...items, ...queue.queued];
        });
        renumber.committed();
      },
    };
  }

  /** Takes away what was queued by now; what is queued later stays. */
  stageClear(ids: EndDeviceIdentifiers): StagedChange {
    const lastId = this.#lastId;
    return {
      write: (writer) => writer.run(deleteQueued, ...keyOf(ids), lastId),
      committed: () =>
        this.#change(ids, (queue) => {
          queue.queued = queue.queued.filter((item) => item.id > lastId);
        }),
    };
  }

  /** Takes items off the queue, or forgets taken ones. */
  stageRemove(ids: EndDeviceIdentifiers, items: readonly DownlinkItem[]): StagedChange {
    const gone = new Set(items.map((item) => item.id));
    return {
      write: (writer) => {
        for (const id of gone) writer.run(deleteItem, id);
      },
      committed: () =>
        this.#change(ids, (queue) => {
          queue.queued = queue.queued.filter((item) => !gone.has(item.id));
          queue.taken = queue.taken.filter((item) => !gone.has(item.id));
        }),
    };
  }

  /** Hands an item to the Network Server, with the counter it is sent with. */
  stageTake(ids: EndDeviceIdentifiers, item: DownlinkItem, takenAt: number): StagedChange {
    const surplus = (this.queueOf(ids)?.taken ?? []).slice(0, -(maxTaken - 1));
    return {
      write: (writer) => {
        writeItem(writer, item, Math.floor(takenAt));
        for (const { id } of surplus) writer.run(deleteItem, id);
      },
      committed: () =>
        this.#change(ids, (queue) => {
          queue.queued = queue.queued.filter((other) => other.id !== item.id);
          queue.taken = [...queue.taken.filter((other) => !surplus.includes(other)), item];
        }),
    };
  }

  /** Moves the counters of what is queued behind an item, into a session. */
  stageRenumber(behind: DownlinkItem, shift: number, sessionKeyId: Uint8Array): StagedChange {
    const { ids, id } = behind;
    return {
      write: (writer) => writer.run(renumberQueued, shift, sessionKeyId, ...keyOf(ids), id),
      committed: () =>
        this.#change(ids, (queue) => {
          queue.queued = queue.queued.map((item) =>
            item.id <= id ? item : { ...item, fCnt: Math.max(0, item.fCnt + shift), sessionKeyId },
          );
        }),
    };
  }

  stageDelete(ids: EndDeviceIdentifiers): StagedChange {
    return {
      write: (writer) => writer.run(deleteOfDevice, ...keyOf(ids)),
      committed: () => this.#queues.delete(endDeviceKey(ids)),
    };
  }

  stageDeleteAll(ids: ApplicationIdentifiers): StagedChange {
    const prefix = `${applicationKey(ids)}/`;
    return {
      write: (writer) => writer.run(deleteOfApplication, ids.tenantId, ids.applicationId),
      committed: () => {
        for (const key of this.#queues.keys()) if (key.startsWith(prefix)) this.#queues.delete(key);
      },
    };
  }
}

function keyOf(ids: EndDeviceIdentifiers): readonly [string, string, string] {
  return [ids.tenantId, ids.applicationId, ids.deviceId];
}

function writeItem(writer: Writer, item: DownlinkItem, takenAt: number | null): void {
  writer.run(
    upsertItem,
    item.id,
    ...keyOf(item.ids),
    item.sessionKeyId,
    item.fCnt,
    takenAt,
    formatContent(item),
  );
}
