import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  fromJSON,
  type HttpBinding,
  httpBindings,
  type JsonObject,
  type JsonValue,
  schemaFiles,
  toJSON,
} from "@skylark/api";
import { type Random, randomInteger, seededRandom, V3Client } from "@skylark/testkit";
import fc from "fast-check";
import { HttpConnection } from "../../bench/http-load.ts";
import { arbitraryMessage } from "../../packages/api/src/json/arbitrary-message.fixture.ts";
import { type StackProcess, startStackProcess } from "../stack-process.ts";
import { mutateRequest, type RawRequest } from "./mutations.ts";
import { sampleRequest, type World } from "./sample-request.ts";
import { type HttpForm, httpForm } from "./transports.ts";
import { WorldBuilder } from "./world.ts";

/** Requests in all; FUZZ_REQUESTS=200000 for a long run. */
const requests = Number(process.env.FUZZ_REQUESTS ?? 6000);
const seed = Number(process.env.FUZZ_SEED ?? 1);
const connections = 8;

let stack: StackProcess;
let world: World;

before(async () => {
  stack = await startStackProcess({ flags: ["--is.admin-rights.all=true"] });
  const url = `http://127.0.0.1:${stack.httpPort}`;
  const builder = new WorldBuilder(new V3Client({ url, apiKey: stack.adminKey }));
  world = await builder.world(await builder.user("fuzz"));
});
after(() => stack?.kill());

/** What may be lost: were the entities deleted at once, most requests would find nothing. */
const lost: World = {
  user: "lost",
  organization: "lost-org",
  application: "lost-app",
  gateway: "lost-gtw",
  client: "lost-cli",
  device: "lost-dev",
};

/** Requests of a binding that the schema allows: a short one for what exists, and it with arbitrary further fields. */
function formsOf(binding: HttpBinding): readonly HttpForm[] {
  const { method } = binding;
  const about = /Delete|Purge|UpdatePassword/.test(method.name) ? lost : world;
  const arbitrary = fc.sample(arbitraryMessage(method.input, 3), { numRuns: 8, seed });
  const forms = arbitrary.slice(0, 2).map((message) => httpForm(binding, message));
  try {
    const short = toJSON(method.input, sampleRequest(method, about, Date.now(), binding));
    const filled = arbitrary.map((message) => merge(toJSON(method.input, message), short));
    return [...forms, ...[short, ...filled].map((json) => httpForm(binding, fromJSON(method.input, json)))];
  } catch {
    // Some that no server implements yet have no short request.
    return forms;
  }
}

/** The fields of both; where both have one, the second decides. */
function merge(first: JsonValue | undefined, second: JsonValue): JsonValue {
  if (!isObject(first) || !isObject(second)) return second;
  const merged: Record<string, JsonValue> = { ...first };
  for (const [key, value] of Object.entries(second)) merged[key] = merge(first[key], value);
  return merged;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function residentMegabytes(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${stack.pid}/status`, "utf8"))?.[1]) / 1024;
}

function encode({ verb, path, body }: RawRequest): Buffer {
  const head = [
    `${verb} ${encodeURI(path).replaceAll("%25", "%")} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Authorization: Bearer ${stack.adminKey}`,
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body ?? Buffer.alloc(0)]);
}

/** One connection at a time a worker; a stream is left after its head. */
class Worker {
  #connection: HttpConnection | undefined;

  async ask(
    request: RawRequest,
    isStream: boolean,
  ): Promise<{ readonly status: number; readonly body: string }> {
    this.#connection ??= await HttpConnection.open(`http://127.0.0.1:${stack.httpPort}`);
    const answer = await this.#connection.ask(encode(request));
    // After a bad request line or body the server may have closed it.
    if (isStream || answer.status === 400 || answer.status === 413) this.close();
    return answer;
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

interface Target {
  readonly forms: readonly HttpForm[];
  readonly isStream: boolean;
}

/** Asks for as long as there are requests left. */
async function drive(
  random: Random,
  targets: readonly Target[],
  left: { count: number },
): Promise<Map<number, number>> {
  const worker = new Worker();
  const statuses = new Map<number, number>();
  while (left.count > 0) {
    const { forms, isStream } = targets[left.count-- % targets.length]!;
    const request = mutateRequest(random, forms[randomInteger(random, forms.length)]!);
    const { status, body } = await worker.ask(request, isStream).catch((error: Error) => {
      throw new Error(`${describe(request)}: ${error.message}`);
    });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    // 501 is a method of a later release.
    assert.ok(
      (status >= 200 && status < 500) || status === 501,
      `${status} ${body} for ${describe(request)}`,
    );
  }
  worker.close();
  return statuses;
}

function describe({ verb, path, body }: RawRequest): string {
  return `FUZZ_SEED=${seed}: ${verb} ${path} ${body?.toString("latin1").slice(0, 2000) ?? ""}`;
}

test(`${requests} requests to every route, valid and not, are all answered without a fault`, async (t) => {
  const bindings = schemaFiles.flatMap((file) => file.services).flatMap(httpBindings);
  assert.ok(bindings.length > 250);
  const targets = bindings.map((binding) => ({
    forms: formsOf(binding),
    isStream: binding.method.methodKind === "server_streaming",
  }));
  const answered = new Map<number, number>();
  const run = async (count: number, from: number): Promise<number> => {
    const left = { count };
    const all = await Promise.all(
      Array.from({ length: connections }, (_, worker) =>
        drive(seededRandom(seed + from + worker), targets, left),
      ),
    );
    for (const [status, times] of all.flatMap((each) => [...each])) {
      answered.set(status, (answered.get(status) ?? 0) + times);
    }
    return residentMegabytes();
  };
  const half = await run(requests / 2, 0);
  const whole = await run(requests / 2, connections);
  t.diagnostic(`${JSON.stringify([...answered].toSorted())}, ${half.toFixed(0)} then ${whole.toFixed(0)} MB`);
  assert.ok(whole - half < 96, `the server grew from ${half.toFixed(0)} to ${whole.toFixed(0)} MB`);
  // Otherwise hardly a request came as far as a handler.
  assert.ok((answered.get(200) ?? 0) > requests / 20, "few requests succeeded");
  const answer = await fetch(`http://127.0.0.1:${stack.httpPort}/healthz/ready`);
  assert.equal(answer.status, 200);
  const errors = stack.log.filter((line) => line.includes('"level":"error"'));
  assert.deepEqual(errors, []);
});
