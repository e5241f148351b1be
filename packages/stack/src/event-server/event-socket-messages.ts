import {
  type EntityIdentifiers,
  fromJSON,
  type StreamEventsRequest,
  StreamEventsRequestSchema,
  validate,
} from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import { validationError } from "../rpc/error-status.ts";

const messageType = defineErrors("pkg/console/internal/events/protocol").invalidArgument(
  "message_type",
  "invalid message type `{type}`",
);
const invalidMessage = defineErrors("skylark/event-server").invalidArgument(
  "invalid_message",
  "the message is not what the protocol knows: {reason}",
);

/** What a console asks for over its socket. */
export type SocketRequest =
  | { readonly type: "subscribe"; readonly id: number; readonly request: SubscribeRequest }
  | { readonly type: "unsubscribe"; readonly id: number };

export type SubscribeRequest = Pick<StreamEventsRequest, "tail" | "after" | "names"> & {
  readonly identifiers: readonly EntityIdentifiers[];
};

/** A message that cannot be read, with the subscription that it is about, as far as that can be told. */
export class UnreadableMessage extends Error {
  readonly id: number;

  constructor(id: number, cause: unknown) {
    super("unreadable message", { cause });
    this.id = id;
  }
}

/** Throws an `UnreadableMessage`. */
export function parseSocketRequest(text: string, nowMs: number): SocketRequest {
  const message = parseObject(text);
  const id = isIdentifier(message.id) ? message.id : 0;
  try {
    if (message.id !== undefined && !isIdentifier(message.id)) {
      throw invalidMessage({ reason: "id must be a whole number from 0 to 9007199254740991" });
    }
    switch (message.type) {
      case "subscribe":
        return { type: "subscribe", id, request: subscribeRequest(message, nowMs) };
      case "unsubscribe":
        return { type: "unsubscribe", id };
      default:
        throw messageType({ type: String(JSON.stringify(message.type)).slice(0, 50) });
    }
  } catch (error) {
    throw new UnreadableMessage(id, error);
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new UnreadableMessage(0, invalidMessage({ reason: "it is not JSON" }));
  }
  if (typeof message === "object" && message !== null && !Array.isArray(message)) {
    return message as Readonly<Record<string, unknown>>;
  }
  throw new UnreadableMessage(0, invalidMessage({ reason: "it is not a JSON object" }));
}

/** Identifiers of subscriptions are unsigned; those that a double cannot tell apart are refused. */
function isIdentifier(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function subscribeRequest(message: Readonly<Record<string, unknown>>, nowMs: number): SubscribeRequest {
  const fields = { identifiers: [], tail: 0, names: [] };
  const known = Object.fromEntries(
    ["identifiers", "tail", "after", "names"].flatMap((name) =>
      message[name] === undefined || message[name] === null ? [] : [[name, message[name]]],
    ),
  );
  let request: StreamEventsRequest;
  try {
    request = fromJSON(StreamEventsRequestSchema, { ...fields, ...known });
  } catch (cause) {
    throw invalidMessage({ reason: "a field has a value that it cannot have" }, { cause });
  }
  const violation = validate(StreamEventsRequestSchema, request, nowMs);
  if (violation !== undefined) throw validationError(violation);
  return request;
}

export function formatConfirmation({ type, id }: Pick<SocketRequest, "type" | "id">): string {
  return JSON.stringify({ type, id });
}

/** `eventText` is the event as JSON. */
export function formatPublication(id: number, eventText: string): string {
  return `{"type":"publish","id":${id},"event":${eventText}}`;
}

/** `status` is a google.rpc.Status as JSON. */
export function formatFailure(id: number, status: object): string {
  return JSON.stringify({ type: "error", id, error: status });
}
