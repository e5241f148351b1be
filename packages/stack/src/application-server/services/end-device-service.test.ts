import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { AppAs, As, AsEndDeviceRegistry, type JsonObject, Right } from "@skylark/api";
import {
  type Bench,
  call,
  endDeviceJson,
  openBench,
  requirementOf,
  sessionJson,
} from "../application-server.fixture.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const set = (device: JsonObject, ...paths: string[]) =>
  call(bench, AsEndDeviceRegistry, "set", {
    end_device: { ...endDeviceJson, ...device },
    field_mask: { paths },
  });
const get = (...paths: string[]) =>
  call(bench, AsEndDeviceRegistry, "get", { end_device_ids: endDeviceJson.ids, field_mask: { paths } });
const rejectsWith = (action: Promise<unknown>, name: string) =>
  assert.rejects(
    action,
    (error: Error) => error.name === name || assert.fail(`${error.name}: ${error.message}`),
  );

const abpPaths = ["session.keys.app_s_key.key", "session.dev_addr", "skip_payload_crypto"];

test("an OTAA device of the documentation is registered by its identifiers", async () => {
  const answer = await set({}, "ids.join_eui", "ids.dev_eui", "ids.device_id");
  assert.deepEqual(answer.ids, endDeviceJson.ids);
  assert.ok(answer.created_at && answer.updated_at);
  assert.deepEqual((await get()).ids, endDeviceJson.ids);
});

test("an ABP device of the documentation gets its session, and shows keys only when asked", async () => {
  const session = { dev_addr: "01DA1F15", keys: { app_s_key: sessionJson.keys.app_s_key } };
  const answer = await set({ session, skip_payload_crypto: false }, ...abpPaths);
  assert.deepEqual(answer.session, session);
  bench = await bench.restart();
  assert.deepEqual((await get("session.dev_addr")).session, { dev_addr: "01DA1F15" });
  assert.deepEqual((await get("session")).session, session);
});

test("child paths merge, and a parent path replaces what is below it", async () => {
  await set(
    { formatters: { up_formatter: "FORMATTER_JAVASCRIPT", up_formatter_parameter: "x" } },
    "formatters",
  );
  await set({ formatters: { down_formatter: "FORMATTER_CAYENNELPP" } }, "formatters.down_formatter");
  const merged = {
    up_formatter: "FORMATTER_JAVASCRIPT",
    up_formatter_parameter: "x",
    down_formatter: "FORMATTER_CAYENNELPP",
  };
  assert.deepEqual((await get("formatters")).formatters, merged);
  await set({ version_ids: { brand_id: "brand" } }, "version_ids.brand_id");
  assert.deepEqual((await get("formatters")).formatters, merged);
  assert.deepEqual((await get("version_ids")).version_ids, { brand_id: "brand" });
  await set({}, "formatters");
  assert.equal((await get("formatters")).formatters, undefined);
});

test("payload crypto is skipped and taken up again", async () => {
  await set({ skip_payload_crypto_override: true }, "skip_payload_crypto_override");
  assert.equal((await get("skip_payload_crypto_override")).skip_payload_crypto_override, true);
  await set({ skip_payload_crypto: false }, "skip_payload_crypto");
  assert.equal((await get("skip_payload_crypto_override")).skip_payload_crypto_override, false);
});

test("a session needs its address and its key, and EUIs stay", async () => {
  const fieldValue = "pkg/applicationserver:field_value";
  await rejectsWith(set({ session: { dev_addr: "01DA1F15" } }, "session.dev_addr"), fieldValue);
  await rejectsWith(set({ session: { keys: sessionJson.keys } }, "session.keys.app_s_key.key"), fieldValue);
  const zero = { ...sessionJson, keys: { app_s_key: { key: "0".repeat(32) } } };
  await rejectsWith(set({ session: zero }, ...abpPaths), fieldValue);
  await rejectsWith(get(), "pkg/redis:not_found");
  await set({}, "ids.dev_eui");
  await rejectsWith(
    set({ ids: { ...endDeviceJson.ids, dev_eui: "4200000000000009" } }, "ids.dev_eui"),
    "pkg/applicationserver/redis:read_only_field",
  );
});

test("a device is deleted, and then not found", async () => {
  await set({}, "ids.dev_eui");
  await call(bench, AsEndDeviceRegistry, "delete", endDeviceJson.ids);
  await rejectsWith(get(), "pkg/redis:not_found");
  await rejectsWith(
    call(bench, AsEndDeviceRegistry, "delete", endDeviceJson.ids),
    "pkg/applicationserver:device_not_found",
  );
});

test("keys need the rights on keys", () => {
  const rights = (name: string, request: JsonObject) =>
    (requirementOf(bench, AsEndDeviceRegistry, name, request) as { rights: Right[] }).rights;
  const request = (path: string) => ({ end_device_ids: endDeviceJson.ids, field_mask: { paths: [path] } });
  assert.deepEqual(rights("get", request("session.dev_addr")), [Right.APPLICATION_DEVICES_READ]);
  for (const path of ["session", "session.keys", "session.keys.app_s_key.key", "pending_session.keys"]) {
    const expected = [Right.APPLICATION_DEVICES_READ, Right.APPLICATION_DEVICES_READ_KEYS];
    assert.deepEqual(rights("get", request(path)), expected, path);
  }
  assert.deepEqual(
    rights("set", { end_device: endDeviceJson, field_mask: { paths: ["session.keys.app_s_key.key"] } }),
    [Right.APPLICATION_DEVICES_WRITE, Right.APPLICATION_DEVICES_WRITE_KEYS],
  );
});

test("a link keeps what its mask does not name, also over a restart", async () => {
  const link = (value: JsonObject, ...paths: string[]) =>
    call(bench, As, "setLink", {
      application_ids: { application_id: "app1" },
      link: value,
      field_mask: { paths },
    });
  const read = (...paths: string[]) =>
    call(bench, As, "getLink", { application_ids: { application_id: "app1" }, field_mask: { paths } });
  await rejectsWith(read("skip_payload_crypto"), "pkg/redis:not_found");
  const formatters = { up_formatter: "FORMATTER_CAYENNELPP" };
  await link({ default_formatters: formatters }, "default_formatters");
  await link({ skip_payload_crypto: true }, "skip_payload_crypto");
  bench = await bench.restart();
  assert.deepEqual(await read("default_formatters", "skip_payload_crypto"), {
    default_formatters: formatters,
    skip_payload_crypto: true,
  });
  await call(bench, As, "deleteLink", { application_id: "app1" });
  await rejectsWith(read("skip_payload_crypto"), "pkg/redis:not_found");
});

test("formatters are tried without a message being sent", async () => {
  const device = { end_device_ids: endDeviceJson.ids };
  const script = `function decodeUplink(i) { return { data: { up: i.bytes } } }
    function decodeDownlink(i) { return { data: { down: i.bytes } } }
    function encodeDownlink(i) { return { bytes: [i.data.a], warnings: ["w"] } }`;
  const formatter = { formatter: "FORMATTER_JAVASCRIPT", parameter: script };
  const settings = { data_rate: { lora: {} }, frequency: "868100000" };
  const decoded = await call(bench, AppAs, "decodeUplink", {
    ...device,
    ...formatter,
    uplink: { f_port: 1, frm_payload: "AQI=", settings },
  });
  assert.deepEqual((decoded.uplink as JsonObject).decoded_payload, { up: [1, 2] });
  const down = await call(bench, AppAs, "decodeDownlink", {
    ...device,
    ...formatter,
    downlink: { f_port: 1, frm_payload: "AQI=" },
  });
  assert.deepEqual((down.downlink as JsonObject).decoded_payload, { down: [1, 2] });
  const encoded = await call(bench, AppAs, "encodeDownlink", {
    ...device,
    ...formatter,
    downlink: { f_port: 3, decoded_payload: { a: 7 } },
  });
  const { frm_payload, f_port, decoded_payload_warnings } = encoded.downlink as JsonObject;
  assert.deepEqual(
    { frm_payload, f_port, decoded_payload_warnings },
    { frm_payload: "Bw==", f_port: 3, decoded_payload_warnings: ["w"] },
  );
});
