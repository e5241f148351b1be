import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningSample } from "./http-platform.fixture.ts";
import { startSample } from "./http-platform.fixture.ts";
import type { HttpPlatformOptions } from "./http-platform.ts";

const identifiers = [{ application_ids: { application_id: "app1" } }];
const request = {
  method: "POST",
  body: JSON.stringify({ identifiers }),
  headers: { Authorization: "Bearer reader" },
};

async function withSample(
  run: (sample: RunningSample) => Promise<void>,
  options: Partial<HttpPlatformOptions> = {},
) {
  const sample = await startSample(options);
  try {
    await run(sample);
  } finally {
    sample.platform.stop();
    await sample.listener.close(0);
  }
}

async function* twoEvents() {
  yield { name: "events.stream.start" };
  await sleep(5);
  yield { name: "as.up.data.forward" };
}

async function until(condition: () => boolean) {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 3000, "it did not happen in time");
    await sleep(10);
  }
}

test("a stream is one JSON object per line", async () => {
  await withSample(async (sample) => {
    sample.events = twoEvents;
    const response = await sample.fetch("/api/v3/events", request);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(
      await response.text(),
      '{"result":{"name":"events.stream.start"}}\n{"result":{"name":"as.up.data.forward"}}\n',
    );
  });
});

test("a stream asked for as text/event-stream has the same objects with an empty line between", async () => {
  await withSample(async (sample) => {
    sample.events = twoEvents;
    const headers = { ...request.headers, Accept: "text/event-stream" };
    const response = await sample.fetch("/api/v3/events", { ...request, headers });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(
      await response.text(),
      '{"result":{"name":"events.stream.start"}}\n\n{"result":{"name":"as.up.data.forward"}}\n\n',
    );
  });
});

test("a GET of the events is real Server-Sent Events", async () => {
  await withSample(
    async (sample) => {
      sample.events = async function* () {
        yield { name: "events.stream.start" };
        await sleep(60);
        yield { name: "as.up.data.forward", uniqueId: "01ARZ3NDEKTSV4RRFFQ69G5FAV" };
      };
      const query = new URLSearchParams({ identifiers: JSON.stringify(identifiers) });
      const response = await sample.fetch(`/api/v3/events?${query}`, { headers: request.headers });
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const [retry, first, ...rest] = (await response.text()).split("\n\n");
      assert.equal(retry, "retry: 2000");
      assert.equal(first, 'data: {"name":"events.stream.start"}');
      const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
      const last = `id: ${id}\ndata: {"name":"as.up.data.forward","unique_id":"${id}"}`;
      assert.deepEqual(rest.slice(-2), [last, ""]);
      assert.ok(rest.length > 2 && rest.slice(0, -2).every((line) => line === ":"));
    },
    { idleMs: 15 },
  );
});

test("what fails before the first item is an ordinary error, and later an item of its own", async () => {
  await withSample(async (sample) => {
    sample.events = async function* () {
      yield* [];
      throw new Error("no events here");
    };
    assert.equal((await sample.fetch("/api/v3/events", request)).status, 500);
    sample.events = async function* () {
      yield { name: "events.stream.start" };
      throw new Error("secret");
    };
    const lines = (await (await sample.fetch("/api/v3/events", request)).text()).split("\n");
    const { error } = JSON.parse(lines[1] ?? "") as { error: { code: number; message: string } };
    assert.equal(error.code, 13);
    assert.doesNotMatch(error.message, /secret/);
  });
});

test("a stream ends when its client goes away, also while it waits for an item", async () => {
  await withSample(async (sample) => {
    sample.events = async function* (signal) {
      yield { name: "events.stream.start" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const controller = new AbortController();
    const response = await sample.fetch("/api/v3/events", { ...request, signal: controller.signal });
    await response.body?.getReader().read();
    assert.equal(sample.streamsEnded.count, 0);
    controller.abort();
    await until(() => sample.streamsEnded.count === 1);
  });
});

test("a stream ends when the server stops", async () => {
  await withSample(async (sample) => {
    sample.events = async function* (signal) {
      yield { name: "events.stream.start" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const response = await sample.fetch("/api/v3/events", request);
    sample.platform.stop();
    assert.equal(await response.text(), '{"result":{"name":"events.stream.start"}}\n');
    await sample.listener.close(1000);
  });
});

test("a client that does not read is cut off, and its source is not drained into memory", async () => {
  await withSample(
    async (sample) => {
      let produced = 0;
      sample.events = async function* () {
        for (;;) {
          produced++;
          yield { name: "x".repeat(100_000) };
        }
      };
      const socket = connect(sample.listener.port, "127.0.0.1");
      socket.write(
        `POST /api/v3/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer reader\r\nContent-Length: ${request.body.length}\r\n\r\n${request.body}`,
      );
      socket.pause();
      socket.on("error", () => {});
      await until(() => sample.streamsEnded.count === 1);
      assert.ok(produced < 500, String(produced));
      socket.destroy();
    },
    { slowClientMs: 100 },
  );
});
