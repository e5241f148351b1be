import type { Clock } from "../clock/clock.ts";
import { type ApplicationIdentifiers, applicationKey } from "../domain/identifiers.ts";
import type { Logger } from "../log/log.ts";
import { type SqlRow, type StagedChange, type Store, statement, type Writer } from "../store/store.ts";
import type {
  ApplicationMessage,
  ApplicationMessageKind,
  MessageOutbox,
  NewApplicationMessage,
} from "./message-log.ts";
import { createRetention, type RetentionLimits } from "./message-retention.ts";

const insertMessage = statement(
  `INSERT INTO as_messages (sequence, tenant_id, application_id, device_id, kind, created_at, end_offset, payload)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
);
const selectLast = statement(`SELECT sequence, end_offset FROM as_messages ORDER BY sequence DESC LIMIT 1`);
const selectAfter = statement(
  `SELECT sequence, device_id, kind, payload FROM as_messages
   WHERE tenant_id = ? AND application_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
);

type Listener = (message: ApplicationMessage) => void;
/** By application. */
type Listeners = Map<string, Set<Listener>>;

interface OutboxContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Opens the log where the last process left it. */
export async function openMessageOutbox(
  context: OutboxContext,
  limits: RetentionLimits,
): Promise<MessageOutbox> {
  const [last] = await context.store.query(selectLast);
  const outbox = new StoredOutbox(
    context,
    limits,
    Number(last?.sequence ?? 0),
    Number(last?.end_offset ?? 0),
  );
  return outbox;
}

class StoredOutbox implements MessageOutbox {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #retention: ReturnType<typeof createRetention>;
  readonly #listeners: Listeners = new Map();
  readonly #repeatedListeners: Listeners = new Map();
  #writtenSequence: number;
  #writtenOffset: number;
  #deliveredSequence: number;

  constructor(context: OutboxContext, limits: RetentionLimits, sequence: number, offset: number) {
    this.#store = context.store;
    this.#clock = context.clock;
    this.#log = context.log;
    this.#writtenSequence = sequence;
    this.#deliveredSequence = sequence;
    this.#writtenOffset = offset;
    this.#retention = createRetention(context, limits, () => this.#writtenOffset);
  }

  stage(messages: readonly NewApplicationMessage[]): StagedChange {
    return messages.length === 1
      ? new StagedMessage(this, messages[0]!)
      : new StagedMessages(messages.map((message) => new StagedMessage(this, message)));
  }

  /** Gives the message its place and adds its row to the transaction. */
  append(writer: Writer, message: NewApplicationMessage): number {
    const sequence = ++this.#writtenSequence;
    this.#writtenOffset += message.payload.length;
    writer.run(
      insertMessage,
      sequence,
      message.tenantId,
      message.applicationId,
      message.deviceId,
      message.kind,
      Math.floor(this.#clock.now()),
      this.#writtenOffset,
      message.payload,
    );
    return sequence;
  }

  deliver(sequence: number, message: NewApplicationMessage): void {
    this.#deliveredSequence = sequence;
    this.#tell(this.#listeners, sequence, message);
  }

  hasRepeatedListeners(ids: ApplicationIdentifiers): boolean {
    return this.#repeatedListeners.size > 0 && this.#repeatedListeners.has(applicationKey(ids));
  }

  repeat(message: NewApplicationMessage): void {
    this.#tell(this.#repeatedListeners, this.#deliveredSequence, message);
  }

  #tell(all: Listeners, sequence: number, message: NewApplicationMessage): void {
    const listeners = all.get(applicationKey(message));
    if (listeners === undefined) return;
    const { tenantId, applicationId, deviceId, kind, payload, background } = message;
    const delivered = { sequence, tenantId, applicationId, deviceId, kind, payload, background };
    for (const listener of listeners) {
      try {
        listener(delivered);
      } catch (error) {
        this.#log.error("a subscriber of application messages failed", { error });
      }
    }
  }

  subscribe(ids: ApplicationIdentifiers, listener: Listener): { close(): void } {
    return this.#subscribeTo(this.#listeners, ids, listener);
  }

  subscribeRepeated(ids: ApplicationIdentifiers, listener: Listener): { close(): void } {
    return this.#subscribeTo(this.#repeatedListeners, ids, listener);
  }

  #subscribeTo(all: Listeners, ids: ApplicationIdentifiers, listener: Listener): { close(): void } {
    const key = applicationKey(ids);
    // A wrapper of its own, so that one function may subscribe twice.
    const entry: Listener = (message) => listener(message);
    const known = all.get(key);
    if (known === undefined) all.set(key, new Set([entry]));
    else known.add(entry);
    return {
      close: () => {
        const listeners = all.get(key);
        listeners?.delete(entry);
        if (listeners?.size === 0) all.delete(key);
      },
    };
  }

  async read(ids: ApplicationIdentifiers, after: number, limit: number): Promise<ApplicationMessage[]> {
    const rows = await this.#store.query(selectAfter, ids.tenantId, ids.applicationId, after, limit);
    // A query also sees what is written and not yet durable; that is not yet a message.
    return rows
      .map((row) => messageOf(ids, row))
      .filter((message) => message.sequence <= this.#deliveredSequence);
  }

  lastSequence(): number {
    return this.#deliveredSequence;
  }

  close(): Promise<void> {
    this.#listeners.clear();
    this.#repeatedListeners.clear();
    return this.#retention.close();
  }
}

class StagedMessage implements StagedChange {
  readonly #outbox: StoredOutbox;
  readonly #message: NewApplicationMessage;
  #sequence = 0;

  constructor(outbox: StoredOutbox, message: NewApplicationMessage) {
    this.#outbox = outbox;
    this.#message = message;
  }

  write(writer: Writer): void {
    this.#sequence = this.#outbox.append(writer, this.#message);
  }

  committed(): void {
    this.#outbox.deliver(this.#sequence, this.#message);
  }
}

class StagedMessages implements StagedChange {
  readonly #staged: readonly StagedMessage[];

  constructor(staged: readonly StagedMessage[]) {
    this.#staged = staged;
  }

  write(writer: Writer): void {
    for (const staged of this.#staged) staged.write(writer);
  }

  committed(): void {
    for (const staged of this.#staged) staged.committed();
  }
}

function messageOf(ids: ApplicationIdentifiers, row: SqlRow): ApplicationMessage {
  return {
    sequence: Number(row.sequence),
    tenantId: ids.tenantId,
    applicationId: ids.applicationId,
    deviceId: String(row.device_id),
    kind: String(row.kind) as ApplicationMessageKind,
    payload: row.payload as Uint8Array,
  };
}
