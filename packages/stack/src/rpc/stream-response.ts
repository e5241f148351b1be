import type { ServerResponse } from "node:http";
import type { HttpCall } from "./http-call.ts";

/** How the items of a stream are told apart. */
export interface StreamFraming {
  readonly contentType: string;
  item(json: string): string;
  error(json: string): string;
  /** Sent when nothing else was for a while, so that proxies and clients see that the stream lives. */
  readonly idle: string | undefined;
}

/** One JSON object per line. */
export const jsonLines: StreamFraming = {
  contentType: "application/json",
  item: (json) => `{"result":${json}}\n`,
  error: (json) => `{"error":${json}}\n`,
  idle: undefined,
};

/** The same with an empty line between, which is what The Things Stack sends as `text/event-stream`. */
export const jsonParagraphs: StreamFraming = {
  contentType: "text/event-stream",
  item: (json) => `{"result":${json}}\n\n`,
  error: (json) => `{"error":${json}}\n\n`,
  idle: undefined,
};

/** Server-Sent Events as browsers read them. JSON text has no line breaks. */
export const serverSentEvents: StreamFraming = {
  contentType: "text/event-stream",
  item: (json) => `data: ${json}\n\n`,
  error: (json) => `event: error\ndata: ${json}\n\n`,
  idle: ":\n\n",
};

export interface StreamOptions {
  readonly framing: StreamFraming;
  /** Writes the head; called when the first item is there, so that what fails before it is an ordinary error. */
  readonly begin: () => void;
  readonly formatError: (error: unknown) => string;
  /** How long a client may take to read what was written. */
  readonly slowClientMs: number;
  readonly idleMs: number;
}

/** Sends items until the stream ends or the client is gone. One item is under way at a time: the rest waits at its source. */
export async function sendStream(
  items: AsyncIterable<string>,
  response: ServerResponse,
  call: HttpCall,
  options: StreamOptions,
): Promise<void> {
  const { framing } = options;
  const iterator = items[Symbol.asyncIterator]();
  const gone = new Promise<"gone">((resolve) => call.signal.addEventListener("abort", () => resolve("gone")));
  let idle: NodeJS.Timeout | undefined;
  try {
    for (let first = true; ; first = false) {
      const next = await Promise.race([iterator.next(), gone]);
      if (next === "gone") break;
      if (first) {
        options.begin();
        if (framing.idle !== undefined) {
          idle = setInterval(
            () => response.writableLength === 0 && response.write(framing.idle),
            options.idleMs,
          );
        }
      }
      if (next.done === true) break;
      if (
        !response.write(framing.item(next.value)) &&
        !(await drained(response, gone, options.slowClientMs))
      ) {
        response.destroy();
        break;
      }
    }
  } catch (error) {
    if (!response.headersSent) throw error;
    response.write(framing.error(options.formatError(error)));
  } finally {
    clearInterval(idle);
    // A source that waits is told by the signal; waiting for it here could take for ever.
    Promise.resolve(iterator.return?.()).catch(() => {});
    if (response.headersSent) response.end();
  }
}

async function drained(response: ServerResponse, gone: Promise<"gone">, limitMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onDrain = () => resolve(true);
  response.once("drain", onDrain);
  const timer = setTimeout(() => resolve(false), limitMs);
  try {
    return await Promise.race([promise, gone.then(() => false)]);
  } finally {
    clearTimeout(timer);
    response.off("drain", onDrain);
  }
}
