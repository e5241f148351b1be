import type { Clock } from "../../../clock/clock.ts";
import { type ApplicationIdentifiers, applicationKey } from "../../../domain/identifiers.ts";
import { defineErrors } from "../../../errors/errors.ts";
import type { SessionState, StoredSession } from "../../../mqtt/backend.ts";
import { type StagedChange, type Store, statement, type Writer } from "../../../store/store.ts";

const errors = defineErrors("pkg/applicationserver/io/mqtt");
const tooManySessions = errors.resourceExhausted(
  "too_many_sessions",
  "application `{application_id}` has {limit} persistent sessions already",
);

const maxSessionsPerApplication = 1000;

const selectNames = statement(
  "SELECT id, tenant_id, application_id, user_name, client_id, updated_at FROM mqtt_sessions",
);
const selectState = statement("SELECT state FROM mqtt_sessions WHERE id = ?");
const selectReceived = statement("SELECT packet_id FROM mqtt_received WHERE session_id = ?");
const putSession = statement(
  `INSERT INTO mqtt_sessions (id, tenant_id, application_id, user_name, client_id, state, updated_at)
   VALUES (?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at`,
);
const deleteSession = statement("DELETE FROM mqtt_sessions WHERE id = ?");
const deleteAllReceived = statement("DELETE FROM mqtt_received WHERE session_id = ?");
const putReceived = statement(
  "INSERT INTO mqtt_received (session_id, packet_id) VALUES (?, ?) ON CONFLICT (session_id, packet_id) DO NOTHING",
);
const deleteReceived = statement("DELETE FROM mqtt_received WHERE session_id = ? AND packet_id = ?");

export interface SessionName {
  readonly ids: ApplicationIdentifiers;
  readonly userName: string;
  readonly clientId: string;
}

/** Unique within the server: neither tenants nor user names hold a slash. */
export function sessionKey({ ids, userName, clientId }: SessionName): string {
  return `${ids.tenantId}/${userName}/${clientId}`;
}

interface KnownSession {
  readonly id: number;
  readonly name: SessionName;
  usedAt: number;
  open: boolean;
  /** Its application is gone: a client that is still connected saves it no more. */
  dropped: boolean;
}

/** Opens the store of persistent sessions; `lastSequence` is where the message log stood when the process began. */
export async function openSessionStore(
  store: Store,
  clock: Clock,
  lastSequence: number,
): Promise<SessionStore> {
  const rows = await store.query(selectNames);
  const known = rows.map((row): KnownSession => {
    const ids = { tenantId: String(row.tenant_id), applicationId: String(row.application_id) };
    const name = { ids, userName: String(row.user_name), clientId: String(row.client_id) };
    return { id: Number(row.id), name, usedAt: Number(row.updated_at), open: false, dropped: false };
  });
  return new SessionStore(store, clock, lastSequence, known);
}

/** Persistent sessions of applications' MQTT clients: their names in memory, the rest in the store. */
export class SessionStore {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #startedAtSequence: number;
  readonly #known = new Map<string, KnownSession>();
  readonly #perApplication = new Map<string, number>();
  #lastId = 0;

  constructor(store: Store, clock: Clock, startedAtSequence: number, known: readonly KnownSession[]) {
    this.#store = store;
    this.#clock = clock;
    this.#startedAtSequence = startedAtSequence;
    for (const session of known) this.#remember(session);
  }

  async open(name: SessionName): Promise<PersistentSession> {
    const found = this.#known.get(sessionKey(name));
    if (found !== undefined) {
      found.usedAt = this.#clock.now();
      return new PersistentSession(this.#store, this.#clock, found, await this.#load(found.id));
    }
    if ((this.#perApplication.get(applicationKey(name.ids)) ?? 0) >= maxSessionsPerApplication) {
      throw tooManySessions({ application_id: name.ids.applicationId, limit: maxSessionsPerApplication });
    }
    const session: KnownSession = {
      id: this.#lastId + 1,
      name,
      usedAt: this.#clock.now(),
      open: true,
      dropped: false,
    };
    this.#remember(session);
    return new PersistentSession(this.#store, this.#clock, session, { state: undefined, receivedIds: [] });
  }

  /** [MQTT-3.1.2-6]: a clean session drops what was kept under its name. */
  async drop(name: SessionName): Promise<void> {
    const found = this.#known.get(sessionKey(name));
    if (found !== undefined) await this.#forget([found]);
  }

  async dropApplication(ids: ApplicationIdentifiers): Promise<void> {
    const key = applicationKey(ids);
    await this.#forget([...this.#known.values()].filter(({ name }) => applicationKey(name.ids) === key));
  }

  async dropUnusedSince(instant: number): Promise<void> {
    await this.#forget([...this.#known.values()].filter(({ open, usedAt }) => !open && usedAt < instant));
  }

  async #load(id: number): Promise<Pick<StoredSession, "state" | "receivedIds">> {
    const [[row], received] = await Promise.all([
      this.#store.query(selectState, id),
      this.#store.query(selectReceived, id),
    ]);
    if (row === undefined) return { state: undefined, receivedIds: [] };
    const state = JSON.parse(String(row.state)) as SessionState;
    // After a crash nobody knows which QoS 0 messages left before it, and those are never sent twice.
    const readTo = state.connected ? Math.max(state.readTo, this.#startedAtSequence) : state.readTo;
    return { state: { ...state, readTo }, receivedIds: received.map((each) => Number(each.packet_id)) };
  }

  #remember(session: KnownSession): void {
    const key = applicationKey(session.name.ids);
    this.#known.set(sessionKey(session.name), session);
    this.#perApplication.set(key, (this.#perApplication.get(key) ?? 0) + 1);
    this.#lastId = Math.max(this.#lastId, session.id);
  }

  async #forget(sessions: readonly KnownSession[]): Promise<void> {
    if (sessions.length === 0) return;
    for (const session of sessions) {
      session.dropped = true;
      const key = applicationKey(session.name.ids);
      this.#known.delete(sessionKey(session.name));
      this.#perApplication.set(key, (this.#perApplication.get(key) ?? 1) - 1);
    }
    await this.#store.write((writer) => {
      for (const { id } of sessions) {
        writer.run(deleteSession, id);
        writer.run(deleteAllReceived, id);
      }
    });
  }
}

/** One persistent session while its client is connected. */
export class PersistentSession implements StoredSession {
  readonly state: SessionState | undefined;
  readonly receivedIds: Iterable<number>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #session: KnownSession;

  constructor(
    store: Store,
    clock: Clock,
    session: KnownSession,
    { state, receivedIds }: Pick<StoredSession, "state" | "receivedIds">,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#session = session;
    this.state = state;
    this.receivedIds = receivedIds;
  }

  save(state: SessionState): Promise<void> {
    const { id, name } = this.#session;
    const now = Math.floor(this.#clock.now());
    this.#session.usedAt = now;
    this.#session.open = state.connected;
    if (this.#session.dropped) return Promise.resolve();
    return this.#store.write((writer) => {
      const { tenantId, applicationId } = name.ids;
      const text = JSON.stringify(state);
      writer.run(putSession, id, tenantId, applicationId, name.userName, name.clientId, text, now);
    });
  }

  /** Records that a QoS 2 message was taken, in the transaction of what it did. */
  received(packetId: number): StagedChange {
    const { id } = this.#session;
    return { write: (writer: Writer) => writer.run(putReceived, id, packetId), committed: () => {} };
  }

  release(packetId: number): Promise<void> {
    const { id } = this.#session;
    return this.#store.write((writer) => writer.run(deleteReceived, id, packetId));
  }
}
