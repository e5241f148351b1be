import { httpRequest } from "./method.ts";
import { Events } from "./services.ts";
import { errorOf, SkylarkError } from "./skylark-error.ts";
import { serverSentEvents } from "./text-stream.ts";
import { pause, type Transport } from "./transport.ts";
import type { EntityIdentifiers, Event } from "./types.ts";

export interface EventOptions {
  /** Exact names or `/regular expressions/`; all events when absent. */
  readonly names?: readonly string[];
  /** Begin with so many events of the past, of each entity. */
  readonly tail?: number;
  /** Begin with the events of the past after this time. */
  readonly after?: string | Date;
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
  /** Called when the connection was lost and is about to be made again. */
  readonly onReconnect?: (error: unknown) => void;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** The server sends a comment every 15 s when it has nothing else to say. */
const longestSilenceMs = 45_000;

/**
 * Events from now on, after those of the past that were asked for. A connection that is lost is made again and goes on
 * after the last event, so that nothing is lost or comes twice as long as the server's history reaches back so far.
 */
export async function* streamEvents(
  transport: Transport,
  identifiers: readonly EntityIdentifiers[],
  options: EventOptions,
): AsyncGenerator<Event, void, undefined> {
  const { signal } = options;
  const controller = new AbortController();
  const stop = () => controller.abort();
  if (signal?.aborted) return;
  signal?.addEventListener("abort", stop, { once: true });
  const position: Position = { lastId: undefined, pauseMs: firstPauseMs };
  try {
    for (;;) {
      try {
        yield* connectedEvents(transport, request(identifiers, options), controller.signal, position);
        throw new SkylarkError("the stream of events ended", { code: "UNAVAILABLE" });
      } catch (error) {
        if (controller.signal.aborted) return;
        if (!isTemporary(error)) throw error;
        options.onReconnect?.(error);
        const waitMs = (error instanceof SkylarkError ? error.retryAfterMs : undefined) ?? position.pauseMs;
        position.pauseMs = Math.min(position.pauseMs * 2, longestPauseMs);
        await pause(waitMs, controller.signal).catch(() => undefined);
        if (controller.signal.aborted) return;
      }
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    // Whoever stops reading in the middle lets go of the connection.
    controller.abort();
  }
}

/** Where a stream stands, from one connection to the next. */
interface Position {
  lastId: string | undefined;
  pauseMs: number;
}

function request(identifiers: readonly EntityIdentifiers[], { names, tail, after }: EventOptions) {
  const [, template = ""] = Events.Stream.split("|");
  return httpRequest(template, {
    identifiers,
    names,
    tail,
    after: after instanceof Date ? after.toISOString() : after,
  });
}

async function* connectedEvents(
  transport: Transport,
  sent: ReturnType<typeof request>,
  signal: AbortSignal,
  position: Position,
): AsyncGenerator<Event, void, undefined> {
  const headers = {
    Accept: "text/event-stream",
    ...(position.lastId !== undefined && { "Last-Event-ID": position.lastId }),
  };
  const silence = silenceGuard(signal);
  try {
    const response = await transport.open(sent, { signal: silence.signal, headers });
    for await (const { type, id, data } of serverSentEvents(response.body, silence.reset)) {
      if (type === "error") throw errorOf(JSON.parse(data), 0);
      if (id !== undefined) position.lastId = id;
      position.pauseMs = firstPauseMs;
      const event = JSON.parse(data) as Event;
      if (event.name === "events.stream.start") continue;
      // Nothing is read while the event is looked at, however long that takes.
      silence.suspend();
      yield event;
      silence.reset();
    }
  } finally {
    silence.end();
  }
}

/** Aborts when nothing is heard for so long that the connection must be dead. */
function silenceGuard(outer: AbortSignal) {
  const controller = new AbortController();
  const stop = () => controller.abort(outer.reason);
  outer.addEventListener("abort", stop, { once: true });
  const isSilent = () =>
    controller.abort(new SkylarkError("the connection is silent", { code: "UNAVAILABLE" }));
  let timer = setTimeout(isSilent, longestSilenceMs);
  return {
    signal: controller.signal,
    reset() {
      clearTimeout(timer);
      timer = setTimeout(isSilent, longestSilenceMs);
    },
    suspend() {
      clearTimeout(timer);
    },
    end() {
      clearTimeout(timer);
      outer.removeEventListener("abort", stop);
    },
  };
}

/** A connection that broke, a server that restarts, a reader that was too slow: the next connection goes on from there. */
function isTemporary(error: unknown): boolean {
  if (!(error instanceof SkylarkError)) return true;
  const { code, status } = error;
  return (
    code === "UNAVAILABLE" ||
    code === "RESOURCE_EXHAUSTED" ||
    status === 502 ||
    status === 503 ||
    status === 504
  );
}
