import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { AppAs, As, AsEndDeviceRegistry, type JsonObject } from "@skylark/api";
import type { EncryptedDownlink } from "../../domain/application-downlink.ts";
import type { TransmissionReport } from "../../domain/downlink.ts";
import { transactAll } from "../../store/staged-transaction.ts";
import { commit } from "../../store/store.ts";
import {
  type Bench,
  call,
  decrypt,
  downlink,
  endDeviceJson,
  gateway,
  ids,
  kinds,
  message,
  openBench,
  opportunity,
  sessionJson,
  sessionKeyId,
} from "../application-server.fixture.ts";

let bench: Bench;
const ofDevice = { end_device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } } };

beforeEach(async () => {
  bench = await openBench();
  await call(bench, AsEndDeviceRegistry, "set", {
    end_device: { ...endDeviceJson, session: sessionJson },
    field_mask: {
      paths: ["session.dev_addr", "session.keys.app_s_key.key", "session.keys.session_key_id"],
    },
  });
});
afterEach(() => bench.close());

const push = (...downlinks: JsonObject[]) =>
  call(bench, AppAs, "downlinkQueuePush", { ...ofDevice, downlinks });
const replace = (...downlinks: JsonObject[]) =>
  call(bench, AppAs, "downlinkQueueReplace", { ...ofDevice, downlinks });
const list = async () =>
  ((await call(bench, AppAs, "downlinkQueueList", ofDevice.end_device_ids)).downlinks ?? []) as JsonObject[];
const plain = (text: string, more: JsonObject = {}): JsonObject => ({
  f_port: 15,
  frm_payload: Buffer.from(text).toString("base64"),
  ...more,
});

async function take(changes: Parameters<typeof opportunity>[0] = {}): Promise<EncryptedDownlink | undefined> {
  const { downlink, change } = await bench.server.nextDownlink(opportunity(changes));
  if (change !== undefined) await commit(bench.store, [change]);
  return downlink;
}

const reservation: TransmissionReport["reservation"] = {
  gatewayIds: gateway.ids,
  powerDBm: 14,
  window: {
    window: 1,
    delayMs: 1000,
    frequency: 868_100_000,
    dataRate: { modulation: "LORA", spreadingFactor: 7, bandwidth: 125_000 },
  },
};

async function report(sent: EncryptedDownlink, result: "SUCCESS" | "TOO_LATE" | "NO_ACKNOWLEDGMENT") {
  const report = { result, phyPayload: Uint8Array.of(0x60, 1, 2), reservation };
  await commit(bench.store, [await bench.server.stageTransmissionResult(ids, sent, report)]);
}

async function acknowledge(fCnt: number, acknowledged: boolean) {
  const change = await bench.server.stageAcknowledgment(ids, { sessionKeyId, fCnt }, acknowledged);
  await commit(bench.store, [change]);
}

const rejectsWith = (action: Promise<unknown>, name: string) =>
  assert.rejects(action, (error: Error) => error.name.endsWith(`:${name}`) || assert.fail(error.name));

describe("pushing", () => {
  test("numbers, stores and announces each downlink, and tells the Network Server", async () => {
    assert.equal(bench.server.hasDownlink(ids), false);
    await push(
      plain("a", { priority: "NORMAL", correlation_ids: ["my-id"] }),
      plain("b", { confirmed: true }),
    );
    assert.deepEqual(bench.networkServer.queued, ["dev1"]);
    assert.equal(bench.server.hasDownlink(ids), true);
    assert.deepEqual(kinds(bench), ["down/queued", "down/queued"]);
    const queued = message(bench, 0).downlink_queued as JsonObject;
    const { correlation_ids, ...rest } = queued;
    assert.deepEqual(rest, {
      session_key_id: "AQIDBA==",
      f_port: 15,
      frm_payload: "YQ==",
      priority: "NORMAL",
    });
    assert.match((correlation_ids as string[]).join(), /^my-id,as:downlink:\w{26},rpc:/);
    assert.equal((message(bench, 0).end_device_ids as JsonObject).dev_addr, "01DA1F15");
    assert.deepEqual(
      (await list()).map(({ f_cnt = 0 }) => f_cnt),
      [0, 1],
    );
  });

  test("starts behind what the session used", async () => {
    bench.networkServer.session = { ...bench.networkServer.session!, minFCnt: 40 };
    await push(plain("a"));
    assert.equal((await list())[0]?.f_cnt, 40);
  });

  test("is refused as a whole when one item is bad", async () => {
    await rejectsWith(push(plain("a"), { f_port: 15 }), "no_payload");
    await rejectsWith(push(plain("a"), { frm_payload: "YQ==" }), "no_f_port");
    await rejectsWith(push(plain("a", { f_port: 234 })), "f_port_out_of_range");
    await rejectsWith(push(plain("x".repeat(243))), "application_downlink_too_long");
    await rejectsWith(
      push(plain("a", { confirmed_retry: { max_attempts: 33 } })),
      "downlink_max_retries_invalid",
    );
    assert.deepEqual(await list(), []);
    assert.deepEqual(kinds(bench), []);
    assert.ok(bench.events.some(({ definition }) => definition.name === "as.down.data.drop"));
  });

  test("accepts the ports 1 to 233", async () => {
    await push(plain("a", { f_port: 1 }), plain("a", { f_port: 224 }), plain("a", { f_port: 233 }));
    assert.equal((await list()).length, 3);
  });

  test("needs a device and a session", async () => {
    bench.networkServer.session = undefined;
    await rejectsWith(push(plain("a")), "no_device_session");
    await replace();
    await transactAll(bench.store, [await bench.server.registeredDevices.stageDelete([ids], "single")]);
    await rejectsWith(push(plain("a")), "device_not_found");
    await rejectsWith(list(), "device_not_found");
  });

  test("respects the capacity of the queue", async () => {
    const { store } = bench;
    await bench.server.close();
    bench = await openBench(store, { "as.downlinks.queue-capacity": "2" });
    await push(plain("a"));
    await rejectsWith(push(plain("b"), plain("c")), "downlink_queue_capacity");
    await replace(plain("b"), plain("c"));
    assert.equal((await list()).length, 2);
  });

  test("of many requests at once gives each its own counter", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => push(plain(`${index}`))));
    assert.deepEqual(
      (await list()).map(({ f_cnt = 0, frm_payload }) => [
        f_cnt,
        Buffer.from(frm_payload as string, "base64").toString(),
      ]),
      Array.from({ length: 20 }, (_, index) => [index, `${index}`]),
    );
  });

  test("runs the encoder, and the decoder for what comes encoded", async () => {
    await call(bench, As, "setLink", {
      application_ids: { application_id: "app1" },
      link: {
        default_formatters: {
          down_formatter: "FORMATTER_JAVASCRIPT",
          down_formatter_parameter: `
            function encodeDownlink(input) { return { bytes: input.data.bytes, fPort: 7, warnings: ["careful"] } }
            function decodeDownlink(input) { return { data: { bytes: input.bytes } } }`,
        },
      },
      field_mask: { paths: ["default_formatters"] },
    });
    await push({ decoded_payload: { bytes: [1, 2, 3] } }, plain("a"));
    const [encoded, decoded] = await list();
    assert.deepEqual([encoded?.f_port, encoded?.frm_payload], [7, "AQID"]);
    assert.deepEqual(encoded?.decoded_payload_warnings, ["careful"]);
    assert.deepEqual(decoded?.decoded_payload, { bytes: [97] });
    await rejectsWith(push({ decoded_payload: { bytes: [256] } }), "output");
    assert.ok(bench.events.some(({ definition }) => definition.name === "as.down.data.encode.fail"));
  });

  test("commits what comes alongside in the same transaction", async () => {
    const done: string[] = [];
    const alongside = { write: () => done.push("written"), committed: () => done.push("committed") };
    await bench.server.downlinkQueue.push(ids, [downlink(plain("a"))], alongside);
    await bench.server.downlinkQueue.replace(ids, [], alongside);
    assert.deepEqual(done, ["written", "committed", "written", "committed"]);
    assert.deepEqual(await list(), []);
  });
});

describe("replacing", () => {
  test("puts the new ones in the place of the old ones", async () => {
    await push(plain("a"), plain("b"));
    await replace(plain("c"));
    assert.deepEqual(
      (await list()).map(({ frm_payload, f_cnt = 0 }) => [frm_payload, f_cnt]),
      [["Yw==", 0]],
    );
  });

  test("with nothing clears the queue, durably", async () => {
    await push(plain("a"));
    await replace();
    assert.equal(bench.server.hasDownlink(ids), false);
    bench = await bench.restart();
    assert.equal(bench.server.hasDownlink(ids), false);
  });
});

describe("a receive window", () => {
  test("takes the head, encrypted, once its change is committed", async () => {
    await push(plain("a", { confirmed: true, priority: "HIGHEST" }), plain("b"));
    const { downlink, change } = await bench.server.nextDownlink(opportunity({ minFCnt: 5 }));
    assert.equal((await list()).length, 2);
    await commit(bench.store, [change!]);
    assert.deepEqual(Buffer.from(decrypt(5, downlink!.frmPayload)).toString(), "a");
    const { fCnt, confirmed, more, priority } = downlink!;
    assert.deepEqual(
      { fCnt, confirmed, more, priority },
      { fCnt: 5, confirmed: true, more: true, priority: "HIGH" },
    );
    assert.deepEqual(
      (await list()).map(({ f_cnt }) => f_cnt),
      [6],
    );
  });

  test("fails what can never fit, and goes on with the next", async () => {
    await push(plain("x".repeat(60)), plain("b"));
    const sent = await take();
    assert.equal(Buffer.from(decrypt(sent!.fCnt, sent!.frmPayload)).toString(), "b");
    assert.deepEqual(kinds(bench).slice(2), ["down/failed"]);
    const failed = message(bench, 2).downlink_failed as JsonObject;
    assert.deepEqual((failed.error as JsonObject).name, "application_downlink_too_long");
    assert.deepEqual((failed.error as JsonObject).attributes, { length: 60, max: 51 });
  });

  test("leaves alone what fits once MAC commands are out of the way", async () => {
    await push(plain("x".repeat(50)));
    assert.equal(await take({ maxPayloadLength: 40, maxPayloadLengthAlone: 51 }), undefined);
    assert.equal((await list()).length, 1);
    assert.equal((await take())?.fCnt, 0);
  });

  test("in a new session takes the old queue, numbered anew", async () => {
    bench.networkServer.session = { ...bench.networkServer.session!, minFCnt: 100 };
    await push(plain("a"), plain("b"), plain("c"));
    await call(bench, AsEndDeviceRegistry, "set", {
      end_device: { ...endDeviceJson, session: { keys: { session_key_id: "CQk=" } } },
      field_mask: { paths: ["session.keys.session_key_id"] },
    });
    const rejoined = { sessionKeyId: Uint8Array.of(9, 9), minFCnt: 2 };
    const first = await take(rejoined);
    assert.equal(first?.fCnt, 2);
    assert.equal(Buffer.from(decrypt(2, first!.frmPayload)).toString(), "a");
    bench = await bench.restart();
    assert.deepEqual(
      (await list()).map(({ f_cnt, session_key_id }) => [f_cnt, session_key_id]),
      [
        [3, "CQk="],
        [4, "CQk="],
      ],
    );
  });

  test("is of no use for a session that is not known here", async () => {
    await push(plain("a"));
    assert.equal(await take({ sessionKeyId: Uint8Array.of(8) }), undefined);
    assert.equal((await list()).length, 1);
  });

  test("does not take class B and C downlinks, and fails those whose time is over", async () => {
    const absolute_time = new Date(bench.clock.now() + 60_000).toISOString();
    await push(plain("c", { class_b_c: { absolute_time } }));
    assert.equal(bench.server.hasDownlink(ids), false);
    await bench.clock.advance(61_000);
    assert.equal(bench.server.hasDownlink(ids), true);
    assert.equal(await take(), undefined);
    const failed = message(bench, -1).downlink_failed as JsonObject;
    assert.equal((failed.error as JsonObject).name, "downlink_expired");
    assert.deepEqual(await list(), []);
  });
});

describe("what became of it", () => {
  test("is told: sent, failed, or nothing when nothing is known", async () => {
    await push(plain("a"), plain("b"), plain("c"));
    await report((await take())!, "SUCCESS");
    await report((await take({ minFCnt: 1 }))!, "TOO_LATE");
    await report((await take({ minFCnt: 2 }))!, "NO_ACKNOWLEDGMENT");
    assert.deepEqual(kinds(bench).slice(3), ["down/sent", "down/failed"]);
    assert.deepEqual((message(bench, 3).downlink_sent as JsonObject).frm_payload, "YQ==");
    const { error } = message(bench, 4).downlink_failed as { error: JsonObject };
    assert.deepEqual([error.namespace, error.name], ["pkg/networkserver", "transmission"]);
    bench = await bench.restart();
    const rows = await bench.store.query({ sql: "SELECT id FROM as_downlinks", parameters: 0 });
    assert.deepEqual(rows, []);
  });

  test("is acknowledged, also after a restart", async () => {
    await push(plain("a", { confirmed: true }));
    await report((await take())!, "SUCCESS");
    bench = await bench.restart();
    await acknowledge(0, true);
    assert.deepEqual(kinds(bench), ["down/ack"]);
    assert.deepEqual((message(bench, 0).downlink_ack as JsonObject).confirmed, true);
    await acknowledge(0, true);
    assert.deepEqual(kinds(bench), ["down/ack"]);
  });

  test("is told when it is not acknowledged, and tried again until its attempts are used up", async () => {
    await push(plain("a", { confirmed: true, confirmed_retry: { max_attempts: 1 } }));
    await report((await take())!, "SUCCESS");
    bench.networkServer.session = { ...bench.networkServer.session!, minFCnt: 4 };
    await acknowledge(0, false);
    const nack = message(bench, -1).downlink_nack as JsonObject;
    assert.deepEqual(nack.confirmed_retry, { attempt: 1, max_attempts: 1 });
    assert.deepEqual(
      (await list()).map(({ f_cnt }) => f_cnt),
      [4],
    );
    assert.equal(bench.networkServer.queued.length, 2);
    const again = await take({ minFCnt: 4 });
    assert.equal(Buffer.from(decrypt(4, again!.frmPayload)).toString(), "a");
    await acknowledge(4, false);
    assert.deepEqual(kinds(bench).slice(-2), ["down/nack", "down/failed"]);
    const { error } = message(bench, -1).downlink_failed as { error: JsonObject };
    assert.deepEqual([error.name, error.attributes], ["max_retries_reached", { max_retries: 1 }]);
    assert.deepEqual(await list(), []);
  });

  test("is told although the queue was replaced while it was taken", async () => {
    await push(plain("a"));
    const { downlink: taken, change } = await bench.server.nextDownlink(opportunity());
    await replace();
    await commit(bench.store, [change!]);
    await report(taken!, "SUCCESS");
    assert.deepEqual(kinds(bench).slice(1), ["down/sent"]);
  });
});

describe("an application that does its own cryptography", () => {
  const encrypted = (fCnt: number) => plain("a", { session_key_id: "AQIDBA==", f_cnt: fCnt });

  beforeEach(async () => {
    await call(bench, As, "setLink", {
      application_ids: { application_id: "app1" },
      link: { skip_payload_crypto: true },
      field_mask: { paths: ["skip_payload_crypto"] },
    });
  });

  test("decides counters, and its bytes are sent as they are", async () => {
    await push(encrypted(3));
    const sent = await take();
    assert.equal(sent?.fCnt, 3);
    assert.equal(Buffer.from(sent!.frmPayload).toString(), "a");
    bench.networkServer.session = { ...bench.networkServer.session!, minFCnt: 4 };
    await rejectsWith(push(encrypted(3)), "f_cnt_too_low");
    await rejectsWith(push(plain("a")), "unknown_session");
  });

  test("is told when a counter was used by the network meanwhile", async () => {
    await push(encrypted(3), encrypted(4));
    assert.equal(await take({ minFCnt: 5 }), undefined);
    const invalidated = message(bench, -1).downlink_queue_invalidated as JsonObject;
    assert.equal((invalidated.downlinks as unknown[]).length, 2);
    assert.equal(invalidated.last_f_cnt_down, 4);
    assert.deepEqual(await list(), []);
  });
});

test("a refused publish is told to the application as downlink_failed", async () => {
  const error = await bench.server.downlinkQueue
    .push(ids, [downlink(plain("a", { f_port: 250, correlation_ids: ["mine"] }))])
    .then(() => assert.fail("accepted"))
    .catch((refused) => refused);
  assert.deepEqual(kinds(bench), []);
  const refused = [downlink(plain("a", { correlation_ids: ["mine"] }))];
  assert.equal(await bench.server.downlinkQueue.reportRejected(ids, refused, error), true);
  assert.equal(
    await bench.server.downlinkQueue.reportRejected({ ...ids, deviceId: "other" }, refused, error),
    false,
  );
  assert.deepEqual(kinds(bench), ["down/failed"]);
  const failed = message(bench, 0);
  assert.deepEqual(failed.correlation_ids, ["mine"]);
  assert.equal(((failed.downlink_failed as JsonObject).error as JsonObject).name, "f_port_out_of_range");
});

test("a device that is deleted takes its queue with it", async () => {
  await push(plain("a"));
  await bench.server.deleteApplication(ids);
  assert.equal(bench.server.hasDownlink(ids), false);
  bench = await bench.restart();
  assert.equal(bench.server.hasDownlink(ids), false);
});

describe("pushing to the front", () => {
  const first = (...texts: string[]) =>
    bench.server.downlinkQueue.pushFirst(
      ids,
      texts.map((text) => downlink(plain(text))),
    );
  const takeAll = async () => {
    const taken: string[] = [];
    let minFCnt = 0;
    for (let next = await take({ minFCnt }); next !== undefined; next = await take({ minFCnt })) {
      taken.push(`${next.fCnt} ${Buffer.from(decrypt(next.fCnt, next.frmPayload)).toString()}`);
      assert.equal(next.more, bench.server.hasDownlink(ids));
      minFCnt = next.fCnt + 1;
    }
    return taken;
  };

  test("sends these before what is queued, with counters in the order of transmission", async () => {
    await replace(plain("A"));
    await push(plain("B"));
    await first("C");
    await first("D", "E");
    assert.deepEqual(
      (await list()).map(({ f_cnt = 0 }) => f_cnt),
      [0, 1, 2, 3, 4],
    );
    assert.deepEqual(await takeAll(), ["0 D", "1 E", "2 C", "3 A", "4 B"]);
  });

  test("holds after a restart, and is cleared by what replaces the queue", async () => {
    await push(plain("A"));
    await first("B");
    bench = await bench.restart();
    await first("C");
    assert.deepEqual(await takeAll(), ["0 C", "1 B", "2 A"]);
    await push(plain("A"));
    await first("B");
    await replace(plain("D"));
    assert.deepEqual(
      (await list()).map(({ frm_payload }) => frm_payload),
      [plain("D").frm_payload],
    );
  });

  test("leaves alone the confirmed ones that wait for their answer", async () => {
    const { session } = bench.networkServer;
    assert.ok(session);
    await push(plain("A"));
    for (let round = 0; round < 3; round++) {
      bench.networkServer.session = { ...session, minFCnt: round };
      await bench.server.downlinkQueue.pushFirst(ids, [downlink(plain("F", { confirmed: true }))]);
      const taken = await take({ minFCnt: round });
      assert.equal(taken?.confirmed, true);
    }
    assert.deepEqual(await takeAll(), ["3 A"]);
    await acknowledge(1, true);
    assert.equal(bench.messages.at(-1)?.kind, "down/ack");
  });

  test("goes on until the room between two items is used up, and then says so", async () => {
    await push(plain("A"));
    for (let count = 1; count < 1024; count++) await first("F");
    await rejectsWith(first("F"), "downlink_queue_capacity");
    assert.equal((await list()).length, 1024);
  });
});

test("what was sent is told with how it went on air, to whom listens then", async () => {
  await push(plain("A", { confirmed: true }));
  const sent = await take();
  assert.ok(sent);
  await report(sent, "SUCCESS");
  const { kind, background } = bench.messages.at(-1) ?? {};
  assert.equal(kind, "down/sent");
  assert.deepEqual(JSON.parse(background?.() ?? ""), {
    payload: "YAEC",
    gateway_id: "gtw1",
    config: {
      modulation: "LORA",
      data_rate: "SF7BW125",
      airtime: 25_856_000,
      frequency: 868_100_000,
      power: 14,
    },
  });
});
