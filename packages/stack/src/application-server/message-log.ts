import type { ApplicationIdentifiers } from "../domain/identifiers.ts";
import type { StagedChange } from "../store/store.ts";

/** A message of an application, as its log keeps it; its row is committed with the state that it tells of. */
export interface ApplicationMessage {
  /** Position in the log of the whole process: rises with each message, with gaps within one application. */
  readonly sequence: number;
  readonly tenantId: string;
  readonly applicationId: string;
  readonly deviceId: string;
  /** Suffix of the MQTT topic. */
  readonly kind: ApplicationMessageKind;
  /** An ApplicationUp of the API as JSON in UTF-8. */
  readonly payload: Uint8Array;
  /** JSON of what only those hear who listen when it happens; it is not kept. */
  readonly background?: (() => string) | undefined;
}

const applicationMessageKinds = [
  "up",
  "join",
  "down/queued",
  "down/sent",
  "down/ack",
  "down/nack",
  "down/failed",
  "down/invalidated",
  "service/data",
  "location/solved",
] as const;
export type ApplicationMessageKind = (typeof applicationMessageKinds)[number];

/** The outbox: what every integration reads, live or with a cursor of its own. */
export interface MessageLog {
  /** Live, in order, synchronously after the commit. A listener must not throw. */
  subscribe(
    ids: ApplicationIdentifiers,
    listener: (message: ApplicationMessage) => void,
  ): MessageSubscription;
  /** Messages of one application with a sequence above `after`, oldest first. */
  read(ids: ApplicationIdentifiers, after: number, limit: number): Promise<ApplicationMessage[]>;
  /** Uplinks that a device sent again: they are no messages of the log, and only shown to those who ask for them. */
  subscribeRepeated(
    ids: ApplicationIdentifiers,
    listener: (message: ApplicationMessage) => void,
  ): MessageSubscription;
  /** The highest sequence delivered to subscribers so far. */
  lastSequence(): number;
}

export interface MessageSubscription {
  close(): void;
}

/** A message before it has its place in the log. */
export type NewApplicationMessage = Omit<ApplicationMessage, "sequence">;

/** The log as the Application Server sees it. */
export interface MessageOutbox extends MessageLog {
  /** Sequences are given when the change is written, so that their order is the order of the commits. */
  stage(messages: readonly NewApplicationMessage[]): StagedChange;
  hasRepeatedListeners(ids: ApplicationIdentifiers): boolean;
  /** Shows an uplink that was sent again. */
  repeat(message: NewApplicationMessage): void;
  close(): Promise<void>;
}
