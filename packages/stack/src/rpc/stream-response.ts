import type { ServerResponse } from "node:http";
import type { HttpCall } from "./http-call.ts";
import { pump } from "./pump.ts";

/** How the items of a stream are told apart. */
export interface StreamFraming {
  readonly contentType: string;
  item(json: string): string;
  error(json: string): string;
  /** Sent before the first item. */
  readonly start: string | undefined;
  /** Sent when nothing else was for a while, so that proxies and clients see that the stream lives. */
  readonly idle: string | undefined;
}

/** One JSON object per line. */
export const jsonLines: StreamFraming = {
  contentType: "application/json",
  item: (json) => `{"result":${json}}\n`,
  error: (json) => `{"error":${json}}\n`,
  start: undefined,
  idle: undefined,
};

/** The same with an empty line between, which is what The Things Stack sends as `text/event-stream`. */
export const jsonParagraphs: StreamFraming = {
  contentType: "text/event-stream",
  item: (json) => `{"result":${json}}\n\n`,
  error: (json) => `{"error":${json}}\n\n`,
  start: undefined,
  idle: undefined,
};

/** Events end with their identifier, from which a browser that has to connect again asks to go on. */
const identifierAtEnd = /"unique_id":"([0-9A-Z]{26})"\}$/;

/** Server-Sent Events as browsers read them. JSON text has no line breaks. */
export const serverSentEvents: StreamFraming = {
  contentType: "text/event-stream",
  item(json) {
    const id = identifierAtEnd.exec(json.slice(-45))?.[1];
    return id === undefined ? `data: ${json}\n\n` : `id: ${id}\ndata: ${json}\n\n`;
  },
  error: (json) => `event: error\ndata: ${json}\n\n`,
  start: "retry: 2000\n\n",
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

/** Sends items until the stream ends or the client is gone. */
export async function sendStream(
  items: AsyncIterable<string>,
  response: ServerResponse,
  call: HttpCall,
  options: StreamOptions,
): Promise<void> {
  const { framing } = options;
  let idle: NodeJS.Timeout | undefined;
  try {
    const ending = await pump(items, {
      begin() {
        options.begin();
        if (framing.start !== undefined) response.write(framing.start);
        if (framing.idle === undefined) return;
        idle = setInterval(
          () => response.writableLength === 0 && response.write(framing.idle),
          options.idleMs,
        );
      },
      write: (item) => response.write(framing.item(item)),
      emitter: response,
      signal: call.signal,
      slowClientMs: options.slowClientMs,
    });
    if (ending === "slow") response.destroy();
  } catch (error) {
    if (!response.headersSent) throw error;
    response.write(framing.error(options.formatError(error)));
  } finally {
    clearInterval(idle);
    if (response.headersSent) response.end();
  }
}
