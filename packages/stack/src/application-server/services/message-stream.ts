import { type ApplicationUp, ApplicationUpSchema, fromJSON } from "@skylark/api";
import type { ApplicationIdentifiers } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { ApplicationMessage, MessageLog } from "../message-log.ts";

const bufferFull = defineErrors("pkg/applicationserver/io").resourceExhausted(
  "buffer_full",
  "buffer is full",
);
const maxWaiting = 4096;

/** Messages of an application as they are made, until the caller goes; ends with an error for one that does not read. */
export async function* streamMessages(
  log: MessageLog,
  ids: ApplicationIdentifiers,
  signal: AbortSignal,
): AsyncGenerator<ApplicationUp> {
  const waiting: ApplicationMessage[] = [];
  let wake = (): void => {};
  let isFull = false;
  const subscription = log.subscribe(ids, (message) => {
    if (waiting.length < maxWaiting) waiting.push(message);
    else isFull = true;
    wake();
  });
  const abort = (): void => wake();
  signal.addEventListener("abort", abort);
  try {
    while (!signal.aborted) {
      const message = waiting.shift();
      if (message !== undefined) {
        const json: unknown = JSON.parse(Buffer.from(message.payload).toString("utf8"));
        yield fromJSON(ApplicationUpSchema, json);
      } else if (isFull) throw bufferFull();
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener("abort", abort);
    subscription.close();
  }
}
