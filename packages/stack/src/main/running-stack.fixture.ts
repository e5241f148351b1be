import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { loadConfiguration } from "../config/load.ts";
import { silentLogger } from "../log/log.ts";
import type { Ports } from "./listeners.ts";
import { options } from "./options.ts";
import { startStack } from "./stack.ts";

export interface StackAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** As clients in JavaScript read it. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface CallOptions {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** All servers in this process, behind a real HTTP port. */
export interface TestStack {
  readonly adminKey: string;
  readonly url: string;
  readonly grpcPort: number;
  readonly ports: Ports;
  readonly dataDirectory: string;
  call(verb: string, path: string, options?: CallOptions): Promise<StackAnswer>;
  /** What a query of the database file finds. */
  rows(sql: string): readonly Readonly<Record<string, unknown>>[];
}

export async function startTestStack(
  t: TestContext,
  args: readonly string[] = [],
  prepare: (dataDirectory: string) => Promise<void> = async () => {},
): Promise<TestStack> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "skylark-stack-"));
  await prepare(dataDirectory);
  const off = ["as.mqtt.listen", "gs.udp.listen", "v2.discovery.listen", "v2.handler.listen"];
  const configuration = loadConfiguration(options, {
    args: [
      `--data-dir=${dataDirectory}`,
      "--http.listen=127.0.0.1:0",
      "--grpc.listen=127.0.0.1:0",
      ...off.map((name) => `--${name}=`),
      ...args,
    ],
    env: {},
  });
  const stack = await startStack(configuration, silentLogger);
  t.after(async () => {
    await stack.close();
    await rm(dataDirectory, { recursive: true, force: true });
  });
  const adminKey = (await readFile(stack.admin.apiKeyPath, "utf8")).trim();
  const url = `http://127.0.0.1:${stack.ports.http}/api/v3`;
  return {
    adminKey,
    url,
    grpcPort: stack.ports.grpc ?? 0,
    ports: stack.ports,
    dataDirectory,
    async call(verb, path, { key = adminKey, body, headers = {} } = {}) {
      const response = await fetch(`${url}${path}`, {
        method: verb,
        headers: { authorization: `Bearer ${key}`, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === "" ? undefined : JSON.parse(text),
      };
    },
    rows(sql) {
      const database = new DatabaseSync(join(dataDirectory, "skylark.db"), { readOnly: true });
      try {
        return database.prepare(sql).all() as Record<string, unknown>[];
      } finally {
        database.close();
      }
    },
  };
}

/** `namespace:name` of the error that an answer shows. */
export function errorOf({ status, body }: StackAnswer): string {
  const details = body?.details?.[0];
  return details === undefined ? `${status} without details` : `${details.namespace}:${details.name}`;
}
