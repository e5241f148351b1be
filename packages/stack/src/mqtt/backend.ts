import type { OutgoingMessage } from "./outgoing-message.ts";
import type { PublishedMessage } from "./packet-decoding.ts";
import type { ConnectReturnCode } from "./packet-encoding.ts";
import type { Subscription } from "./subscription-set.ts";

/** What stands behind an MQTT listener: who may connect, and where messages come from and go to. */
export interface Backend {
  /** Must not throw: what goes wrong is a refusal. */
  authenticate(request: ConnectRequest): Promise<Client | Refusal>;
}

export interface ConnectRequest {
  readonly clientId: string;
  readonly cleanSession: boolean;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly remoteAddress: string;
}

export class Refusal {
  readonly code: Exclude<ConnectReturnCode, 0>;

  constructor(code: Exclude<ConnectReturnCode, 0>) {
    this.code = code;
  }
}

/** A connected client as the backend sees it. */
export interface Client {
  /** Of two connections with the same key the later takes over: [MQTT-3.1.4-2]. */
  readonly sessionKey: string;
  readonly source: MessageSource;
  /** Messages beside those of `source`. */
  readonly transient?: TransientSource;
  /** Whether messages may be delivered now; may change while connected. */
  readonly mayRead: boolean;
  /** The filter to use instead, or undefined to refuse the subscription. */
  rewriteFilter(filter: string): string | undefined;
  /** Continues the stored session or begins one; with a clean session the stored one is dropped and nothing is kept. */
  openSession(cleanSession: boolean): Promise<StoredSession | undefined>;
  /**
   * Takes a message; resolves once it is safe, also when it was refused. `packetId` is set for QoS 2: where the session
   * is stored, it is recorded in the same transaction. Rejects when the message could not be taken: the client
   * will send it again.
   */
  publish(message: PublishedMessage, packetId?: number): Promise<void>;
  /** PUBREL: the packet identifier may be used anew; resolves once durable, where the session is stored. */
  release(packetId: number): Promise<void>;
  /** Calls back when the client lost its right to be connected. */
  onRevoked(callback: () => void): void;
  closed(reason: string): void;
}

/** Messages in one order, live and, as far back as they are kept, from the past. */
export interface MessageSource {
  lastPosition(): number;
  /** The listener must not throw. */
  subscribe(listener: (message: OutgoingMessage) => void): { close(): void };
  /** Messages behind `after`, oldest first. */
  read(after: number, limit: number): Promise<readonly OutgoingMessage[]>;
}

/** Messages that are sent as they come, at QoS 0, and are never kept. */
export interface TransientSource {
  /** Whether the messages under a filter, as it was rewritten, are of this source. */
  owns(filter: string): boolean;
  /** The subscriber is told of a message once, however many of its filters match; it must not throw. */
  subscribe(filter: string, subscriber: TransientSubscriber): { close(): void };
}

export type TransientSubscriber = (message: OutgoingMessage) => void;

/** A session that survives its connection, and the server. */
export interface StoredSession {
  /** Undefined for a new session. */
  readonly state: SessionState | undefined;
  /** QoS 2 messages from the client that were taken and not yet released. */
  readonly receivedIds: Iterable<number>;
  /** Resolves once durable. */
  save(state: SessionState): Promise<void>;
}

/**
 * Where a session's reader stands. What was sent after the last save is not lost: walking on from here gives every
 * message the packet identifier that it had.
 */
export interface SessionState {
  readonly subscriptions: readonly Subscription[];
  /** Everything up to this position is done with. */
  readonly cursor: number;
  /** Of the first of `slots`, or of the next message when there is none. */
  readonly nextPacketId: number;
  readonly slots: readonly SlotState[];
  /** QoS 0 messages up to here were sent or passed over. */
  readonly readTo: number;
  /** The client was connected: more may have been sent than was saved. */
  readonly connected: boolean;
}

/** A QoS 1 or 2 message on its way: `released` after PUBREC, `done` when ones before it are not. */
export interface SlotState {
  readonly position: number;
  readonly qos: 1 | 2;
  readonly progress: "sent" | "released" | "done";
}
