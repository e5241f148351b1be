import { request as httpRequest } from "node:http";
import type { TestContext } from "node:test";
import type { EventHistoryOptions } from "../events/config.ts";
import { startIdentityServer, type TestServer } from "../identity-server/identity-server.fixture.ts";

/** An event as a stream shows it. */
export type StreamedEvent = { readonly name: string } & Readonly<Record<string, unknown>>;

export interface OpenedStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The next event; undefined for anything else, such as an error. */
  next(): Promise<StreamedEvent>;
  /** Whatever the stream ended with. */
  ended(): Promise<string>;
  close(): void;
}

/** A stream of events over HTTP, as JSON lines or paragraphs. */
export function openStream(
  server: TestServer,
  key: string,
  body: object,
  { accept = "application/json", host }: { accept?: string; host?: string } = {},
): Promise<OpenedStream> {
  const { promise, resolve, reject } = Promise.withResolvers<OpenedStream>();
  const request = httpRequest({
    port: server.port,
    host: "127.0.0.1",
    method: "POST",
    path: "/api/v3/events",
    headers: {
      Authorization: `Bearer ${key}`,
      Accept: accept,
      ...(host === undefined ? {} : { Host: host }),
    },
  });
  request.on("error", reject);
  request.on("response", (response) => {
    let text = "";
    let last = "";
    const items: StreamedEvent[] = [];
    const waiting: ((item: StreamedEvent) => void)[] = [];
    const end = Promise.withResolvers<string>();
    response.on("error", () => {});
    response.on("end", () => end.resolve(last));
    response.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines.filter((each) => each !== "")) {
        last = line;
        const item = JSON.parse(line).result;
        const waiter = waiting.shift();
        if (waiter === undefined) items.push(item);
        else waiter(item);
      }
    });
    resolve({
      status: response.statusCode ?? 0,
      headers: response.headers,
      next: async () => items.shift() ?? new Promise((done) => waiting.push(done)),
      ended: () => end.promise,
      close: () => request.destroy(),
    });
  });
  request.end(JSON.stringify(body));
  return promise;
}

/** One message of Server-Sent Events. */
export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly event: StreamedEvent;
}

export interface OpenedEventSource {
  next(): Promise<ServerSentEvent>;
  close(): Promise<void>;
}

/** What a browser's EventSource does: reads `id` and `data`, and says the last `id` when it connects again. */
export async function openEventSource(
  server: TestServer,
  query: string,
  { key, lastEventId }: { readonly key: string; readonly lastEventId?: string | undefined },
): Promise<OpenedEventSource> {
  const controller = new AbortController();
  const response = await fetch(`http://127.0.0.1:${server.port}/api/v3/events?${query}`, {
    headers: {
      Authorization: `Bearer ${key}`,
      Accept: "text/event-stream",
      ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
    },
    signal: controller.signal,
  });
  if (response.status !== 200 || response.body === null) throw new Error(await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<ServerSentEvent> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end < 0) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the stream has ended");
        text += value;
        continue;
      }
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field("data");
      if (data !== undefined) return { id: field("id"), event: JSON.parse(data) };
    }
  };
  const close = async () => {
    controller.abort();
    await reader.cancel().catch(() => {});
  };
  return { next, close };
}

export const generousHistory: EventHistoryOptions = {
  perEntity: 100,
  ttlMs: 24 * 3_600_000,
  maxBytes: 64 << 20,
  maxPerSecond: 100_000,
};

/** A server with the application `app1`. */
export async function withApplication(t: TestContext, eventHistory?: EventHistoryOptions) {
  const server = await startIdentityServer(t, eventHistory === undefined ? {} : { eventHistory });
  const create = { application: { ids: { application_id: "app1" } } };
  await server.call("POST", "/users/admin/applications", { key: server.adminKey, body: create });
  const createKey = async (...rights: string[]) => {
    const request = { key: server.adminKey, body: { rights } };
    return (await server.call("POST", "/applications/app1/api-keys", request)).body.key as string;
  };
  return { server, createKey };
}
