import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { defineEvent } from "../events/events.ts";
import { generousHistory, openEventSource, withApplication } from "./event-stream.fixture.ts";

const documented = defineEvent("as.up.documentation.test", "test", ["RIGHT_APPLICATION_INFO"]);

const subject = {
  kind: "device",
  ids: { tenantId: "default", applicationId: "app1", deviceId: "dev1" },
} as const;

/** The example in a language after a heading, with the port that a test listens on. */
async function example(heading: string, language: string, port: number): Promise<string> {
  const text = await readFile(new URL("../../../../docs/event-stream.md", import.meta.url), "utf8");
  const section = text.slice(text.indexOf(`## ${heading}`));
  const code = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(section)?.[1];
  assert.ok(code, heading);
  return code.replace("localhost:1885", `127.0.0.1:${port}`);
}

/** Waits for a line that an example prints. */
function printed(pattern: RegExp) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const log = (...values: readonly unknown[]) => {
    const line = values.join(" ");
    if (pattern.test(line)) resolve(line);
  };
  return { log, promise };
}

test("the example with curl shows the past and the present", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  server.events.publish(documented, subject, () => ({ correlationIds: ["past"] }));
  const code = await example("With curl", "bash", server.port);
  const child = spawn("bash", ["-c", `exec ${code}`], {
    env: { ...process.env, API_KEY: server.adminKey },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes('"present"')) break;
    if (text.includes('"past"')) {
      server.events.publish(documented, subject, () => ({ correlationIds: ["present"] }));
    }
  }
  const names = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).result.name);
  assert.deepEqual(names, ["events.stream.start", "as.up.documentation.test", "as.up.documentation.test"]);
});

test("the example with EventSource prints events", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  server.events.publish(documented, subject);
  /** A browser's, whose cookie is the key. */
  class TestEventSource {
    onmessage: ((message: { readonly data: string }) => void) | undefined;
    constructor(address: string) {
      void this.#read(new URL(address).search.slice(1));
    }
    async #read(query: string): Promise<void> {
      const source = await openEventSource(server, query, { key: server.adminKey });
      t.after(() => source.close());
      for (let index = 0; index < 2; index++) {
        const { event } = await source.next();
        this.onmessage?.({ data: JSON.stringify(event) });
      }
    }
  }
  const { log, promise } = printed(/as\.up\.documentation\.test$/);
  const code = await example("In a browser", "js", server.port);
  new Function("EventSource", "console", code)(TestEventSource, { log });
  assert.match(await promise, /^\d{4}-\d\d-\d\dT/);
});

test("the example with WebSocket prints events", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  server.events.publish(documented, subject);
  const sockets: WebSocket[] = [];
  class TestWebSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols);
      sockets.push(this);
    }
  }
  t.after(() => {
    for (const socket of sockets) socket.close();
  });
  const { log, promise } = printed(/as\.up\.documentation\.test$/);
  const code = await example("Many subscriptions", "js", server.port);
  new Function("WebSocket", "console", "apiKey", code)(TestWebSocket, { log }, server.adminKey);
  assert.equal(await promise, "1 as.up.documentation.test");
});
