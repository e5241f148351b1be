import type { ApplicationMessageKind } from "../../../message-log.ts";
import type { ApplicationUpJson, ReceptionJson } from "./application-up.ts";
import type { Dialect } from "./dialect.ts";
import {
  acknowledgementEvent,
  downlinkErrorEvent,
  scheduledEvent,
  sentEvent,
  type TransmissionJson,
} from "./downlink-messages.ts";
import { downlinkErrorText } from "./error-texts.ts";
import type { Publication } from "./event-messages.ts";
import { type Json, metadata, uplinkMessage, type V2Names } from "./uplink-messages.ts";

interface ShownAs {
  readonly dialect: Dialect;
  /** The uplink was sent before. */
  readonly isRetry: boolean;
  /** JSON of what is told beside the message. */
  readonly background: (() => string) | undefined;
}

const topics: Partial<Readonly<Record<ApplicationMessageKind, readonly string[]>>> = {
  up: ["up"],
  join: ["events/activations"],
  "down/queued": ["events/down/scheduled"],
  "down/sent": ["events/down/sent"],
  "down/ack": ["events/ack", "events/down/acks"],
  "down/failed": ["events/down/errors"],
};

/** Whether V2 clients may see something of it. */
export function isShownMessage(kind: ApplicationMessageKind): boolean {
  return kind in topics;
}

/** The ends of the topics under which a message appears; an uplink's fields are below `up`. */
export function topicsOfMessage(kind: ApplicationMessageKind): readonly string[] {
  return topics[kind] ?? [];
}

/** What V2 publishes of a message, without the fields of an uplink. */
export function publicationsOfMessage(
  kind: ApplicationMessageKind,
  up: ApplicationUpJson,
  names: V2Names,
  { dialect, isRetry, background }: ShownAs,
): readonly Publication[] {
  const one = (content: () => unknown): readonly Publication[] =>
    topicsOfMessage(kind).map((topic) => ({ kind: topic, content }));
  const beside = <T>() => (background === undefined ? undefined : (JSON.parse(background()) as T));
  switch (kind) {
    case "up":
      return one(() => uplinkMessage(names, up, { dialect, isRetry }));
    case "join":
      return one(() => activation(up, beside<ReceptionJson>(), dialect));
    case "down/queued":
      return one(() => scheduledEvent(up.downlink_queued ?? {}, dialect));
    case "down/sent":
      return one(() => sentEvent(names, up.downlink_sent ?? {}, beside<TransmissionJson>(), dialect));
    case "down/ack":
      return acknowledgements(up, dialect);
    case "down/failed":
      return one(() => failure(up));
    default:
      return [];
  }
}

function activation(
  { end_device_ids: ids, join_accept: join }: ApplicationUpJson,
  reception: ReceptionJson | undefined,
  dialect: Dialect,
): Json {
  return {
    app_eui: ids.join_eui ?? "",
    dev_eui: ids.dev_eui ?? "",
    dev_addr: ids.dev_addr ?? "",
    metadata: metadata(reception ?? { received_at: join?.received_at ?? "" }, dialect),
  };
}

/** Each reference has a topic of its own for these. */
function acknowledgements({ downlink_ack: downlink = {} }: ApplicationUpJson, dialect: Dialect) {
  const early: Publication = { kind: "events/ack", content: () => ({}) };
  const late: Publication = {
    kind: "events/down/acks",
    content: () => acknowledgementEvent(downlink, dialect),
  };
  if (dialect === "superset") return [early, late];
  return dialect === "early" ? [early] : [late];
}

function failure({ downlink_failed: failed = {} }: ApplicationUpJson): Json {
  const { downlink, error = {} } = failed;
  const hasFields = downlink?.decoded_payload !== undefined;
  return downlinkErrorEvent(downlinkErrorText(error, hasFields), downlink);
}
