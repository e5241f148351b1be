import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { EndDeviceSchema, fromJSON, toJSON } from "@skylark/api";
import {
  type AESKey,
  aesKey,
  appendMIC,
  decodeJoinAccept,
  decodePHYPayload,
  decryptJoinAccept,
  deriveJSKeys,
  deriveSessionKeys10,
  deriveSessionKeys11,
  devAddr,
  encodeJoinRequest,
  expandKey,
  formatHex,
  joinAcceptMIC,
  joinRequestMIC,
  type MACVersion,
  netID,
  parseEUI64,
} from "@skylark/lorawan";
import { ManualClock } from "../clock/manual-clock.ts";
import { createKeyVault } from "../component/key-vault.ts";
import { loadConfiguration } from "../config/load.ts";
import { createEventBus } from "../events/event-bus.ts";
import type { EventBus } from "../events/events.ts";
import { openMemoryStore } from "../store/sqlite-store.ts";
import { commit, type Store, statement } from "../store/store.ts";
import { joinServerOptions } from "./config.ts";
import { createJoinServer, type JoinServer } from "./join-server.ts";
import { RegisteredDevices } from "./registered-devices.ts";
import { joinServerMigrations } from "./storage/migrations.ts";
import { createJoinDeviceReader, createJoinDeviceWriter } from "./storage/sql-device-store.ts";

const appKey = aesKey(new Uint8Array(16).fill(0xa1));
const nwkKey = aesKey(new Uint8Array(16).fill(0xb2));
const joinEui = parseEUI64("70B3D57ED0000001");
const devEui = parseEUI64("0004A30B001C0530");
const ids = { tenantId: "default", applicationId: "app1", deviceId: "dev1", joinEui, devEui };

interface Running {
  readonly store: Store;
  readonly server: JoinServer;
  readonly devices: RegisteredDevices;
  readonly events: EventBus;
}

async function start(context: TestContext, args: readonly string[] = []): Promise<Running> {
  const store = await openMemoryStore({ "join-server": joinServerMigrations });
  context.after(() => store.close());
  const clock = new ManualClock();
  const vault = createKeyVault(new Uint8Array(32));
  const events = createEventBus(clock);
  const server = createJoinServer({
    clock,
    random: (length) => randomBytes(length),
    store,
    vault,
    options: loadConfiguration(joinServerOptions, { args, env: {} }),
    deviceKnown: () => true,
    events,
  });
  const devices = new RegisteredDevices({
    clock,
    store,
    reader: createJoinDeviceReader(store, vault),
    writer: createJoinDeviceWriter(vault),
    events: createEventBus(clock),
    coversJoinEui: () => true,
  });
  return { store, server, devices, events };
}

const message = (json: object) =>
  fromJSON(EndDeviceSchema, {
    ids: {
      device_id: "dev1",
      application_ids: { application_id: "app1" },
      join_eui: joinEui,
      dev_eui: devEui,
    },
    ...json,
  } as Parameters<typeof fromJSON>[1]);

function register({ devices }: Running, more: object = {}, morePaths: readonly string[] = []) {
  return devices.set(
    ids,
    message({
      root_keys: { app_key: { key: formatHex(appKey) }, nwk_key: { key: formatHex(nwkKey) } },
      ...more,
    }),
    ["root_keys.app_key.key", "root_keys.nwk_key.key", ...morePaths],
  );
}

function registerLegacy({ devices }: Running, more: object = {}, morePaths: readonly string[] = []) {
  return devices.set(ids, message({ root_keys: { app_key: { key: formatHex(appKey) } }, ...more }), [
    "root_keys.app_key.key",
    ...morePaths,
  ]);
}

function requestOf(devNonce: number, key: AESKey, macVersion: MACVersion) {
  const unsigned = encodeJoinRequest({ mType: "joinRequest", joinEui, devEui, devNonce });
  return {
    ids,
    rawPayload: appendMIC(unsigned, joinRequestMIC(expandKey(key), unsigned)),
    macVersion,
    netId: netID(0x13),
    devAddr: devAddr(0x26011234),
    rx1DROffset: 1,
    rx2DataRateIndex: 3,
    rxDelay: 5,
    cfList: new Uint8Array(16).fill(7, 0, 15),
    correlationIds: [],
  };
}

/** Decrypts a join-accept as the device does. */
function accepted(rawPayload: Uint8Array, key: AESKey) {
  const frame = decodePHYPayload(rawPayload);
  assert.ok(frame.mType === "joinAccept");
  const content = decryptJoinAccept(expandKey(key), frame.encrypted);
  const signed = Uint8Array.of(0x20, ...content.subarray(0, -4));
  const mic = new DataView(content.buffer, content.length - 4).getUint32(0);
  return { accept: decodeJoinAccept(content), signed, mic };
}

test("a join is an event of the device once it is committed", async (context) => {
  const running = await start(context);
  await registerLegacy(running);
  const events: unknown[] = [];
  running.events.subscribe({ subjects: [{ kind: "device", ids }] }, ({ definition, correlationIds }) =>
    events.push([definition.name, correlationIds]),
  );
  const request = { ...requestOf(0x1234, appKey, "MAC_V1_0_2"), correlationIds: ["gs:uplink:1"] };
  const { change } = await running.server.handleJoin(request);
  assert.deepEqual(events, []);
  change.committed();
  assert.deepEqual(events, [["js.join.accept", ["gs:uplink:1"]]]);
});

test("accepts a device of LoRaWAN 1.0.x, which derives the same keys", async (context) => {
  const running = await start(context);
  await registerLegacy(running);
  const answer = await running.server.handleJoin(requestOf(0x1234, appKey, "MAC_V1_0_2"));
  const { accept, signed, mic } = accepted(answer.rawPayload, appKey);
  assert.equal(mic, joinAcceptMIC(expandKey(appKey), { message: signed }));
  assert.deepEqual(
    [accept.devAddr, accept.netId, accept.rxDelay, accept.dlSettings],
    [0x26011234, 0x13, 5, { optNeg: false, rx1DROffset: 1, rx2DR: 3 }],
  );
  assert.equal(accept.cfList?.type, "frequencies");
  const keys = deriveSessionKeys10({
    appKey,
    joinNonce: accept.joinNonce,
    netId: accept.netId,
    devNonce: 0x1234,
  });
  assert.deepEqual(answer.fNwkSIntKey, keys.fNwkSIntKey);
  assert.deepEqual(answer.nwkSEncKey, keys.fNwkSIntKey);
  assert.deepEqual(answer.appSKey, keys.appSKey);
  assert.equal(answer.sessionKeyId.length, 16);
});

test("accepts a device of LoRaWAN 1.1, which derives the same keys", async (context) => {
  const running = await start(context);
  await register(running);
  const answer = await running.server.handleJoin(requestOf(1, nwkKey, "MAC_V1_1"));
  const { accept, signed, mic } = accepted(answer.rawPayload, nwkKey);
  assert.equal(accept.dlSettings.optNeg, true);
  const { jsIntKey } = deriveJSKeys({ nwkKey, devEui });
  const optNeg = { joinReqType: 0xff, joinEui, devNonce: 1 } as const;
  assert.equal(mic, joinAcceptMIC(expandKey(jsIntKey), { message: signed, optNeg }));
  const keys = deriveSessionKeys11({ nwkKey, appKey, joinNonce: accept.joinNonce, joinEui, devNonce: 1 });
  const { fNwkSIntKey, sNwkSIntKey, nwkSEncKey, appSKey } = answer;
  assert.deepEqual({ fNwkSIntKey, sNwkSIntKey, nwkSEncKey, appSKey }, keys);
});

test("uses up a DevNonce once its answer is committed, and no sooner", async (context) => {
  const running = await start(context);
  await registerLegacy(running);
  const request = requestOf(9, appKey, "MAC_V1_0_3");
  await running.server.handleJoin(request);
  const answer = await running.server.handleJoin(request);
  await commit(running.store, [answer.change]);
  await assert.rejects(running.server.handleJoin(request), { name: "pkg/joinserver:reuse_dev_nonce" });
  const next = await running.server.handleJoin(requestOf(10, appKey, "MAC_V1_0_3"));
  assert.equal(
    accepted(next.rawPayload, appKey).accept.joinNonce,
    accepted(answer.rawPayload, appKey).accept.joinNonce + 1,
  );
});

test("says by name why a join is refused", async (context) => {
  const running = await start(context, ["--js.join-eui-prefixes=70B3D57ED0000000/32"]);
  const request = requestOf(1, appKey, "MAC_V1_0_3");
  const { server } = running;
  await assert.rejects(server.handleJoin(request), { name: "pkg/joinserver:device_not_found" });
  await registerLegacy(running);
  await assert.rejects(server.handleJoin(requestOf(1, nwkKey, "MAC_V1_0_3")), {
    name: "pkg/joinserver:mic_mismatch",
  });
  await assert.rejects(server.handleJoin(requestOf(1, nwkKey, "MAC_V1_1")), {
    name: "pkg/joinserver:no_nwk_key",
  });
  await assert.rejects(server.handleJoin({ ...request, rawPayload: request.rawPayload.subarray(1) }), {
    name: "pkg/joinserver:decode_payload",
  });
  await assert.rejects(server.handleJoin({ ...request, rawPayload: Uint8Array.of(0xe0, 1) }), {
    name: "pkg/joinserver:payload_type",
  });
  const foreign = encodeJoinRequest({ mType: "joinRequest", joinEui: devEui, devEui, devNonce: 1 });
  await assert.rejects(server.handleJoin({ ...request, rawPayload: appendMIC(foreign, 0) }), {
    name: "pkg/joinserver:unknown_join_eui",
  });
});

test("keeps root keys sealed", async (context) => {
  const running = await start(context);
  await register(running);
  const [row] = await running.store.query(statement("SELECT app_key, nwk_key, registration FROM js_devices"));
  const bytes = Buffer.concat(Object.values(row!).map((value) => Buffer.from(value as Uint8Array)));
  assert.equal(bytes.includes(appKey), false);
  assert.equal(bytes.includes(nwkKey), false);
});

test("shows and changes a registered device", async (context) => {
  const running = await start(context);
  const { devices } = running;
  await register(running, { net_id: "000013" }, ["net_id"]);
  await devices.set(ids, message({ network_server_address: "ns.example.com" }), ["network_server_address"]);
  const shown = toJSON(EndDeviceSchema, await devices.get(ids)) as Record<string, unknown>;
  assert.equal(shown.net_id, "000013");
  assert.equal(shown.network_server_address, "ns.example.com");
  assert.deepEqual(shown.root_keys, {
    app_key: { key: formatHex(appKey) },
    nwk_key: { key: formatHex(nwkKey) },
  });
  await devices.delete(ids);
  await assert.rejects(devices.get(ids), { name: "pkg/joinserver:device_not_found" });
});

test("refuses registrations that cannot work", async (context) => {
  const running = await start(context);
  const { devices } = running;
  const withIds = (changed: object) =>
    message({ ids: { device_id: "dev1", application_ids: { application_id: "app1" }, ...changed } });
  await assert.rejects(devices.set(ids, withIds({ dev_eui: devEui }), []), {
    name: "pkg/joinserver:no_join_eui",
  });
  await assert.rejects(devices.set(ids, withIds({ join_eui: joinEui }), []), {
    name: "pkg/joinserver:no_dev_eui",
  });
  await assert.rejects(devices.set(ids, message({}), ["root_keys.app_key.key"]), {
    name: "pkg/joinserver:field_value",
  });
  await registerLegacy(running);
  await assert.rejects(devices.set(ids, withIds({ join_eui: devEui, dev_eui: devEui }), []), {
    name: "pkg/joinserver/redis:read_only_field",
  });
  await assert.rejects(devices.set({ ...ids, deviceId: "dev2" }, message({}), []), {
    name: "pkg/joinserver:duplicate_identifiers",
  });
});

test("many changes of one device at once are all made, one after another", async (context) => {
  const { devices } = await start(context);
  const names = ["application_server_id", "network_server_kek_label", "application_server_kek_label"];
  await Promise.all(names.map((name) => devices.set(ids, message({ [name]: "x" }), [name])));
  const device = toJSON(EndDeviceSchema, await devices.get(ids)) as Record<string, unknown>;
  for (const name of names) assert.equal(device[name], "x", name);
});
