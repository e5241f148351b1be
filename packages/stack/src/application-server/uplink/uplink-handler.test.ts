import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { AppAs, As, AsEndDeviceRegistry, type JsonObject } from "@skylark/api";
import { aesKey, devAddr } from "@skylark/lorawan";
import { transactAll } from "../../store/staged-transaction.ts";
import { commit } from "../../store/store.ts";
import {
  appSKey,
  type Bench,
  call,
  endDeviceJson,
  ids,
  kinds,
  message,
  openBench,
  receive,
  sessionJson,
  subscribe,
  uplink,
} from "../application-server.fixture.ts";

const hello = Buffer.from("hello");

async function setDevice(bench: Bench, more: JsonObject = {}, paths: string[] = []): Promise<JsonObject> {
  return call(bench, AsEndDeviceRegistry, "set", {
    end_device: { ...endDeviceJson, session: sessionJson, ...more },
    field_mask: {
      paths: [
        "ids.dev_eui",
        "session.dev_addr",
        "session.keys.app_s_key.key",
        "session.keys.session_key_id",
        ...paths,
      ],
    },
  });
}

const setScript = (bench: Bench, script: string) =>
  setDevice(bench, { formatters: { up_formatter: "FORMATTER_JAVASCRIPT", up_formatter_parameter: script } }, [
    "formatters",
  ]);

const eventNames = (bench: Bench) => bench.events.map(({ definition }) => definition.name);

describe("an uplink that a validator of V2 refuses", () => {
  const script = "function Validator(fields, port) { return port !== 15 }";

  test("is no message, and its device was heard all the same", async () => {
    const bench = await openBench();
    await setScript(bench, script);
    await receive(bench, uplink(1, hello));
    assert.deepEqual(kinds(bench), []);
    assert.deepEqual(bench.identityServer.seen, [Date.UTC(2026, 0, 1)]);
    assert.equal(bench.server.counters.dropped, 1);
    const dropped = bench.events.find(({ definition }) => definition.name === "as.up.data.drop");
    assert.equal((dropped?.data?.json as JsonObject | undefined)?.name, "payload_not_valid");
    await receive(bench, uplink(2, hello, { fPort: 16 }));
    assert.deepEqual(kinds(bench), ["up"]);
    await bench.close();
  });

  test("still starts the session that it is the first of", async () => {
    const bench = await openBench();
    await setScript(bench, script);
    const next = { ...ids, devAddr: devAddr(0x26000002) };
    const own = { ids: next, sessionKeyId: Uint8Array.of(9) };
    const join = { ...own, appSKey, receivedAt: 0, correlationIds: [], reception: uplink(0, hello) };
    await commit(bench.store, [await bench.server.stageJoinAccept(join)]);
    await receive(bench, uplink(0, hello, own));
    const device = await call(bench, AsEndDeviceRegistry, "get", {
      end_device_ids: endDeviceJson.ids,
      field_mask: { paths: ["session.dev_addr", "pending_session.dev_addr"] },
    });
    assert.deepEqual(device.session, { dev_addr: "26000002" });
    assert.equal(device.pending_session, undefined);
    await bench.close();
  });
});

test("an uplink that is sent again is shown to those who ask for such, and is no message", async () => {
  const bench = await openBench();
  await setDevice(bench);
  const received = uplink(3, hello);
  const repeat = async () => {
    bench.server.repeatUplink(received);
    await bench.server.decodeUplink(received);
  };
  await repeat();
  const repeated: JsonObject[] = [];
  const subscription = bench.server.messageLog.subscribeRepeated(ids, ({ payload }) =>
    repeated.push(JSON.parse(Buffer.from(payload).toString())),
  );
  await repeat();
  subscription.close();
  await repeat();
  assert.equal(repeated.length, 1);
  assert.equal((repeated[0]?.uplink_message as JsonObject | undefined)?.f_cnt, 3);
  assert.deepEqual(kinds(bench), []);
  await bench.close();
});

describe("an uplink", () => {
  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  beforeEach(async () => {
    await transactAll(bench.store, [await bench.server.registeredDevices.stageDelete([ids], "single")]);
    bench.messages.length = 0;
    bench.events.length = 0;
  });
  after(() => bench.close());

  test("is decrypted and becomes a message once it is committed", async () => {
    await setDevice(bench);
    const received = uplink(7, hello);
    const decoded = await bench.server.decodeUplink(received);
    const staged = bench.server.stageUplink(received, decoded);
    assert.deepEqual(kinds(bench), []);
    await commit(bench.store, [staged]);
    assert.deepEqual(kinds(bench), ["up"]);
    const up = message(bench, 0);
    const { frm_payload, f_cnt, f_port } = up.uplink_message as JsonObject;
    assert.deepEqual({ frm_payload, f_cnt, f_port }, { frm_payload: "aGVsbG8=", f_cnt: 7, f_port: 15 });
    assert.match((up.correlation_ids as string[])[2] ?? "", /^as:up:[0-9A-Z]{26}$/);
    assert.deepEqual(bench.identityServer.seen.at(-1), received.receivedAt);
    assert.deepEqual(
      eventNames(bench).filter((name) => name.startsWith("as.up")),
      ["as.up.data.receive", "as.up.data.forward"],
    );
  });

  test("carries what its formatter says", async () => {
    await setScript(
      bench,
      `function decodeUplink(input) {
         return { data: { text: String.fromCharCode.apply(null, input.bytes), port: input.fPort,
                          time: input.recvTime.toISOString() }, warnings: ["careful"] };
       }`,
    );
    await receive(bench, uplink(1, hello));
    const { decoded_payload, decoded_payload_warnings } = message(bench, 0).uplink_message as JsonObject;
    assert.deepEqual(decoded_payload, { text: "hello", port: 15, time: "2026-01-01T00:00:00.000Z" });
    assert.deepEqual(decoded_payload_warnings, ["careful"]);
    assert.ok(eventNames(bench).includes("as.up.data.decode.warning"));
  });

  test("is forwarded without decoded payload when its formatter fails", async () => {
    for (const [script, text] of [
      ["throw new Error('broken')", /broken/],
      ["function decodeUplink() { return { errors: ['first', 'second'] } }", /first, second/],
      ["function decodeUplink() { return 5 }", /did not return an object/],
      ["function other() {}", /decodeUplink/],
      ["function decodeUplink( {", /./],
    ] as const) {
      bench.messages.length = 0;
      bench.events.length = 0;
      await setScript(bench, script);
      await receive(bench, uplink(1, hello));
      const up = message(bench, 0).uplink_message as JsonObject;
      assert.equal(up.frm_payload, "aGVsbG8=");
      assert.equal(up.decoded_payload, undefined);
      const failure = bench.events.find(({ definition }) => definition.name === "as.up.data.decode.fail");
      assert.match(JSON.stringify(failure?.data), text);
    }
  });

  test("uses the application's formatter unless the device has one", async () => {
    await setDevice(bench);
    await call(bench, As, "setLink", {
      application_ids: { application_id: "app1" },
      link: { default_formatters: { up_formatter: "FORMATTER_CAYENNELPP" } },
      field_mask: { paths: ["default_formatters"] },
    });
    await receive(bench, uplink(1, Uint8Array.of(3, 0x67, 0x01, 0x10)));
    assert.deepEqual((message(bench, 0).uplink_message as JsonObject).decoded_payload, {
      temperature_3: 27.2,
    });
    await setScript(bench, "function Decoder(bytes, port) { return { first: bytes[0] } }");
    await receive(bench, uplink(2, hello));
    assert.deepEqual((message(bench, 1).uplink_message as JsonObject).decoded_payload, { first: 104 });
    await call(bench, As, "deleteLink", { application_id: "app1" });
  });

  test("names a formatter that this server does not have", async () => {
    await setDevice(bench, { formatters: { up_formatter: "FORMATTER_REPOSITORY" } }, ["formatters"]);
    await receive(bench, uplink(1, hello));
    const failure = bench.events.find(({ definition }) => definition.name === "as.up.data.decode.fail");
    assert.match(JSON.stringify(failure?.data), /formatter_not_configured.*FORMATTER_REPOSITORY/);
    assert.deepEqual(kinds(bench), ["up"]);
  });

  test("tells where the device is when its payload says so", async () => {
    await setScript(
      bench,
      "function decodeUplink() { return { data: { gps: { latitude: 52.5, longitude: 13.4 } } } }",
    );
    await receive(bench, uplink(1, hello));
    assert.deepEqual(kinds(bench), ["up", "location/solved"]);
    assert.deepEqual(message(bench, 1).location_solved, {
      service: "frm-payload",
      location: { latitude: 52.5, longitude: 13.4, source: "SOURCE_GPS" },
    });
    assert.deepEqual(bench.identityServer.located.at(-1)?.latitude, 52.5);
  });

  test("of a device or session that is not known makes no message", async () => {
    await receive(bench, uplink(1, hello));
    await setDevice(bench);
    await receive(bench, uplink(1, hello, { sessionKeyId: Uint8Array.of(9) }));
    assert.deepEqual(kinds(bench), []);
    const drops = bench.events.filter(({ definition }) => definition.name === "as.up.data.drop");
    assert.match(JSON.stringify(drops.map(({ data }) => data)), /device_not_found.*unknown_session/);
  });

  test("goes as it is, with the key, to an application that does its own cryptography", async () => {
    await setDevice(bench, { skip_payload_crypto_override: true }, ["skip_payload_crypto_override"]);
    const received = uplink(1, hello);
    await receive(bench, received);
    const up = message(bench, 0).uplink_message as JsonObject;
    assert.equal(up.frm_payload, received.frmPayload.toBase64());
    assert.deepEqual(up.app_s_key, { key: "0102030405060708090A0B0C0D0E0F10" });
  });

  test("without a port or payload is forwarded too", async () => {
    await setDevice(bench);
    const { fPort, ...bare } = uplink(1, new Uint8Array(0));
    assert.equal(fPort, 15);
    await receive(bench, bare);
    await receive(bench, uplink(2, new Uint8Array(0), { fPort: 0 }));
    assert.deepEqual(kinds(bench), ["up", "up"]);
    assert.equal((message(bench, 1).uplink_message as JsonObject).f_port, undefined);
  });

  test("is simulated with its formatter on request", async () => {
    await setScript(bench, "function decodeUplink(input) { return { data: { size: input.bytes.length } } }");
    await call(bench, AppAs, "simulateUplink", {
      end_device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } },
      uplink_message: {
        f_port: 1,
        frm_payload: "AQID",
        settings: { data_rate: { lora: {} }, frequency: "868100000" },
      },
    });
    const up = message(bench, 0);
    assert.equal(up.simulated, true);
    assert.deepEqual((up.uplink_message as JsonObject).decoded_payload, { size: 3 });
  });

  test("reaches a stream of the API", async () => {
    await setDevice(bench);
    const abort = new AbortController();
    const stream = subscribe(bench, AppAs, "subscribe", { application_id: "app1" }, abort.signal);
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    await receive(bench, uplink(3, hello));
    const { value } = (await first) as { value: { up: { case: string } } };
    assert.equal(value.up.case, "uplinkMessage");
    const second = iterator.next();
    abort.abort();
    assert.equal((await second).done, true);
  });
});

describe("a join", () => {
  const joined = aesKey(new Uint8Array(16).fill(7));
  const join = {
    ids: { ...ids, devAddr: devAddr(0x26000001) },
    sessionKeyId: Uint8Array.of(5, 6),
    appSKey: joined,
    receivedAt: Date.UTC(2026, 0, 1),
    correlationIds: ["gs:uplink:1"],
    reception: uplink(0, new Uint8Array(0)),
  };

  test("makes a session that the first uplink in it starts, also after a restart", async () => {
    let bench = await openBench();
    await setDevice(bench);
    await commit(bench.store, [await bench.server.stageJoinAccept(join)]);
    assert.deepEqual(kinds(bench), ["join"]);
    assert.deepEqual(message(bench, 0).join_accept, {
      session_key_id: "BQY=",
      received_at: "2026-01-01T00:00:00Z",
    });
    assert.deepEqual(bench.identityServer.activated, [join.receivedAt]);
    bench = await bench.restart();
    // The old session still works until then.
    await receive(bench, uplink(8, hello));
    const get = () =>
      call(bench, AsEndDeviceRegistry, "get", {
        end_device_ids: endDeviceJson.ids,
        field_mask: { paths: ["session.dev_addr", "pending_session.dev_addr", "session.keys.app_s_key"] },
      });
    assert.deepEqual((await get()).pending_session, { dev_addr: "26000001" });
    await receive(bench, uplink(0, new Uint8Array(0), { ids: join.ids, sessionKeyId: join.sessionKeyId }));
    const expected = {
      dev_addr: "26000001",
      keys: { app_s_key: { key: "07070707070707070707070707070707" } },
    };
    assert.deepEqual((await get()).session, expected);
    bench = await bench.restart();
    assert.deepEqual((await get()).session, expected);
    assert.equal((await get()).pending_session, undefined);
    await bench.close();
  });

  test("of a device that is not registered here is dropped", async () => {
    const bench = await openBench();
    await commit(bench.store, [await bench.server.stageJoinAccept(join)]);
    assert.deepEqual(kinds(bench), []);
    assert.deepEqual(eventNames(bench), ["as.up.join.drop"]);
    await bench.close();
  });
});

test("keys lie sealed in the store", async () => {
  const bench = await openBench();
  await setDevice(bench);
  const rows = await bench.store.query({ sql: "SELECT session FROM as_devices", parameters: 0 });
  assert.ok(!String(rows[0]?.session).includes(appSKey.toBase64()));
  await bench.close();
});
