import { request } from "node:http";
import { Arrivals } from "./arrivals.ts";
import type { StackProcess } from "./stack-process.ts";

// biome-ignore lint/suspicious/noExplicitAny: the shape of what comes back is what the tests assert
export type Parsed = any;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Parsed;
}

export interface CallOptions {
  /** Text is sent as it is. */
  readonly body?: object | string | Uint8Array;
  /** The key of the admin when absent, none at all when empty. */
  readonly key?: string;
  /** The host that is asked for, where it is not the machine itself. */
  readonly host?: string;
}

/** One call below `/api/v3`. */
export function call(
  stack: Pick<StackProcess, "httpPort" | "adminKey">,
  method: string,
  path: string,
  { body, key = stack.adminKey, host }: CallOptions = {},
): Promise<Answer> {
  const sent =
    body === undefined || typeof body === "string" || body instanceof Uint8Array
      ? body
      : JSON.stringify(body);
  const headers = {
    ...(key === "" ? {} : { Authorization: `Bearer ${key}` }),
    ...(host === undefined ? {} : { Host: host }),
    ...(sent === undefined ? {} : { "Content-Length": Buffer.byteLength(sent) }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port: stack.httpPort, path: `/api/v3${path}`, method, headers, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.once("error", reject);
        response.once("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text === "" ? undefined : JSON.parse(text),
          }),
        );
      },
    );
    outgoing.once("error", reject);
    outgoing.end(sent);
  });
}

/** The events of some entities, from now on. */
export interface EventStream {
  /** The first event of this name that satisfies `matches`, with its data. */
  event(name: string, matches?: (event: Parsed) => boolean): Promise<Parsed>;
  readonly events: readonly Parsed[];
  close(): void;
}

/** `identifiers` as the API takes them, such as `{ application_ids: { application_id: "app1" } }`. */
export async function streamEvents(
  stack: Pick<StackProcess, "httpPort" | "adminKey">,
  identifiers: readonly object[],
  { key = stack.adminKey, host }: Pick<CallOptions, "key" | "host"> = {},
): Promise<EventStream> {
  const arrivals = new Arrivals<Parsed>();
  const outgoing = request({
    host: "127.0.0.1",
    port: stack.httpPort,
    path: "/api/v3/events",
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, ...(host === undefined ? {} : { Host: host }) },
    agent: false,
  });
  outgoing.on("error", (error) => arrivals.end(error));
  outgoing.end(JSON.stringify({ identifiers }));
  outgoing.once("response", (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (text + chunk).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) if (line !== "") arrivals.add(JSON.parse(line));
    });
    response.on("error", () => {});
    response.once("close", () => arrivals.end(new Error(`the stream of events ended: ${text}`)));
  });
  await arrivals.first(({ result }) => result?.name === "events.stream.start");
  return {
    get events() {
      return arrivals.items.map(({ result }) => result);
    },
    async event(name, matches = () => true) {
      const found = await arrivals.first(({ result }) => result?.name === name && matches(result));
      return found.result;
    },
    close: () => outgoing.destroy(),
  };
}

/** The counters of `/metrics`. */
export async function metrics(
  stack: Pick<StackProcess, "httpPort">,
): Promise<Readonly<Record<string, number>>> {
  const response = await fetch(`http://127.0.0.1:${stack.httpPort}/metrics`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", value] = line.split(" ");
      return [name, Number(value)];
    }),
  );
}
