import { boolean, defineOptions, duration, integer, type OptionValues } from "../config/option.ts";

/** Options of the history of events. */
export const eventOptions = defineOptions({
  "events.history.enabled": {
    read: boolean,
    default: "true",
    description: "Keep the latest events of every application, device, gateway and account in memory.",
  },
  "events.history.per-entity": {
    read: integer(1, 10_000),
    default: "100",
    description: "How many events are kept of each.",
  },
  "events.history.ttl": {
    read: duration,
    default: "24h",
    description: "How long an event is kept.",
  },
  "events.history.max-megabytes": {
    read: integer(1, 16_384),
    default: "64",
    description:
      "How much memory the history may take; when it is full, whoever has the most events loses the oldest.",
  },
  "events.history.max-per-second": {
    read: integer(1),
    default: "500",
    description:
      "How many events of the radio are kept in a second; more are shown to those who listen and not kept.",
  },
});

/** What the history is given. */
export interface EventHistoryOptions {
  readonly perEntity: number;
  readonly ttlMs: number;
  readonly maxBytes: number;
  readonly maxPerSecond: number;
}

/** The options of the history as it takes them; undefined turns it off. */
export function eventHistoryOptions(
  options: OptionValues<typeof eventOptions>,
): EventHistoryOptions | undefined {
  if (!options["events.history.enabled"]) return undefined;
  return {
    perEntity: options["events.history.per-entity"],
    ttlMs: options["events.history.ttl"],
    maxBytes: options["events.history.max-megabytes"] * 1024 * 1024,
    maxPerSecond: options["events.history.max-per-second"],
  };
}
