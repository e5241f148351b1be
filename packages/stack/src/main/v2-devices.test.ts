import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { create, v2 } from "@skylark/api";
import { failureOf, startV2Stack } from "./v2-surface.fixture.ts";

const { ApplicationManager } = v2;
const { getDevice, setDevice, deleteDevice, getDevicesForApplication, simulateUplink } =
  ApplicationManager.method;
const appId = "my-app";
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (given: Uint8Array | undefined) => Buffer.from(given ?? []).toString("hex");
const deviceRights = [
  "RIGHT_APPLICATION_DEVICES_READ",
  "RIGHT_APPLICATION_DEVICES_WRITE",
  "RIGHT_APPLICATION_DEVICES_READ_KEYS",
  "RIGHT_APPLICATION_DEVICES_WRITE_KEYS",
];

type DeviceInit = Partial<Omit<v2.Device, "$typeName" | "device">>;
type LorawanInit = Partial<Omit<v2.LorawanDevice, "$typeName">>;

const lorawanDevice = (part: LorawanInit) => ({
  case: "lorawanDevice" as const,
  value: create(v2.LorawanDeviceSchema, part),
});

/** The device that the tests of the Python SDK register. */
const lorawan = {
  appEui: bytes("0011223344556677"),
  devEui: bytes("9988776655443322"),
  devAddr: bytes("11223344"),
  nwkSKey: Uint8Array.from(randomBytes(16)),
  appSKey: Uint8Array.from(randomBytes(16)),
  appKey: Uint8Array.from(randomBytes(16)),
  fCntUp: 10,
  fCntDown: 11,
  disableFCntCheck: true,
  uses32BitFCnt: true,
} satisfies LorawanInit;
const sample = {
  description: "Description",
  latitude: 100,
  longitude: 200,
  altitude: 300,
  attributes: { foo: "bar" },
} satisfies DeviceInit;

async function start(t: TestContext) {
  const stack = await startV2Stack(t);
  const key = await stack.keyWith(...deviceRights, "RIGHT_APPLICATION_TRAFFIC_UP_WRITE");
  const { handler } = stack;
  return {
    ...stack,
    key,
    set: (devId: string, device: DeviceInit, part: LorawanInit) =>
      handler.call(
        setDevice,
        { ...device, appId, devId, device: lorawanDevice({ ...part, appId, devId }) },
        { key },
      ),
    /** Gives a device back as an SDK does that changes some of it. */
    giveBack: (device: v2.Device, change: object = {}, part: LorawanInit = {}) =>
      handler.call(
        setDevice,
        { ...device, ...change, device: lorawanDevice({ ...device.device.value, ...part }) },
        { key },
      ),
    get: (devId: string) => handler.call(getDevice, { appId, devId }, { key }),
    delete: (devId: string) => handler.call(deleteDevice, { appId, devId }, { key }),
    list: (metadata: Record<string, string> = {}) =>
      handler.callWithHeaders(getDevicesForApplication, { appId }, { key, ...metadata }),
  };
}

test("a device comes back as it was registered, bit by bit", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  const device = await stack.get("foo");
  const { description, latitude, longitude, altitude, attributes, devId } = device;
  assert.deepEqual({ description, latitude, longitude, altitude, attributes }, sample);
  assert.equal(device.appId, appId);
  assert.equal(devId, "foo");
  const part = device.device.value!;
  for (const name of ["appEui", "devEui", "devAddr", "nwkSKey", "appSKey", "appKey"] as const) {
    assert.equal(hex(part[name]), hex(lorawan[name]), name);
  }
  for (const name of ["fCntUp", "fCntDown", "disableFCntCheck", "uses32BitFCnt"] as const) {
    assert.equal(part[name], lorawan[name], name);
  }
  assert.equal(part.activationConstraints, "local");
  assert.deepEqual([part.usedDevNonces, part.usedAppNonces, part.lastSeen], [[], [], 0n]);
});

test("it is on all four servers of V3", async (t) => {
  const stack = await start(t);
  await stack.set("foo", { ...sample, latitude: 52.1234, longitude: 6.1234, altitude: 6 }, lorawan);
  const path = "applications/my-app/devices/foo";
  const is = await stack.call("GET", `/${path}?field_mask=description,attributes,locations`);
  assert.equal(is.body.description, "Description");
  assert.deepEqual(is.body.attributes, { foo: "bar" });
  assert.deepEqual(is.body.locations, {
    user: { latitude: 52.1234, longitude: 6.1234, altitude: 6, source: "SOURCE_REGISTRY" },
  });
  const ns = await stack.call(
    "GET",
    `/ns/${path}?field_mask=frequency_plan_id,lorawan_version,lorawan_phy_version,supports_join,session,mac_settings`,
  );
  assert.equal(ns.body.lorawan_version, "MAC_V1_0_2");
  assert.equal(ns.body.lorawan_phy_version, "PHY_V1_0_2_REV_B");
  assert.equal(ns.body.frequency_plan_id, "EU_863_870");
  assert.equal(ns.body.supports_join, true);
  assert.deepEqual(ns.body.mac_settings, { rx1_delay: 1, resets_f_cnt: true, supports_32_bit_f_cnt: true });
  assert.equal(ns.body.session.last_f_cnt_up, 10);
  assert.equal(ns.body.session.last_n_f_cnt_down, 10);
  const as = await stack.call("GET", `/as/${path}?field_mask=session`);
  assert.equal(as.body.session.keys.app_s_key.key, hex(lorawan.appSKey).toUpperCase());
  const js = await stack.call("GET", `/js/${path}?field_mask=root_keys`);
  assert.equal(js.body.root_keys.app_key.key, hex(lorawan.appKey).toUpperCase());
  const check = await stack.call("GET", `/${path}/check`);
  assert.equal(check.body.complete, true, JSON.stringify(check.body));
});

test("a location in range has no trace in attributes, and one out of range is none for V3", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  const path = "/applications/my-app/devices/foo?field_mask=attributes,locations";
  const outside = (await stack.call("GET", path)).body;
  assert.equal(outside.locations, undefined);
  assert.deepEqual(outside.attributes, { foo: "bar", "v2-location": "100,200,300" });
  await stack.set("foo", { latitude: -12.5, longitude: 0.1 }, lorawan);
  const inside = (await stack.call("GET", path)).body;
  assert.equal(inside.attributes, undefined);
  assert.deepEqual([inside.locations.user.latitude, inside.locations.user.longitude], [-12.5, 0.1]);
  assert.equal((await stack.get("foo")).longitude, Math.fround(0.1));
  await stack.set("foo", {}, lorawan);
  assert.equal((await stack.call("GET", path)).body.locations, undefined);
});

test("an update replaces what is not a key, and keeps keys and addresses that it leaves out", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  await stack.set("foo", { description: "Other" }, { appEui: lorawan.appEui, devEui: lorawan.devEui });
  const { description, attributes, latitude, device } = await stack.get("foo");
  assert.deepEqual(
    { description, attributes, latitude },
    { description: "Other", attributes: {}, latitude: 0 },
  );
  const part = device.value!;
  assert.equal(hex(part.appKey), hex(lorawan.appKey));
  assert.equal(hex(part.nwkSKey), hex(lorawan.nwkSKey));
  assert.equal(hex(part.devAddr), "11223344");
  assert.deepEqual([part.fCntUp, part.fCntDown, part.disableFCntCheck], [0, 0, false]);
});

test("another DevEUI makes another device of V3 and keeps the rest", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  const before = await stack.get("foo");
  await stack.giveBack(before, {}, { devEui: bytes("1100223344556677") });
  const after = await stack.get("foo");
  assert.equal(hex(after.device.value?.devEui), "1100223344556677");
  assert.deepEqual({ ...after, device: undefined }, { ...before, device: undefined });
  assert.deepEqual(
    { ...after.device.value, devEui: undefined },
    { ...before.device.value, devEui: undefined },
  );
});

test("a change that cannot be leaves the device as it was", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  await stack.set("bar", sample, { ...lorawan, devEui: bytes("1100223344556677") });
  const before = await stack.get("foo");
  const taken = stack.giveBack(before, {}, { devEui: bytes("1100223344556677") });
  assert.equal(await failureOf(taken), "ALREADY_EXISTS: Device with AppEUI and DevEUI already exists");
  assert.deepEqual(await stack.get("foo"), before);
  const again = stack.set("third", sample, lorawan);
  assert.equal(await failureOf(again), "ALREADY_EXISTS: Device with AppEUI and DevEUI already exists");
  assert.match(await failureOf(stack.get("third")), /^NOT_FOUND: /);
});

test("a personalized device has no root key, and can be made one that joins", async (t) => {
  const stack = await start(t);
  const { appKey, ...personalized } = lorawan;
  await stack.set("foo", {}, { ...personalized, appKey: new Uint8Array(16), disableFCntCheck: false });
  const js = await stack.call("GET", "/js/applications/my-app/devices/foo");
  assert.equal(js.status, 404);
  const shown = await stack.get("foo");
  assert.equal(hex(shown.device.value?.appKey), "00".repeat(16));
  await stack.giveBack(shown, {}, { appKey });
  const joining = await stack.get("foo");
  assert.equal(hex(joining.device.value?.appKey), hex(appKey));
  assert.equal(hex(joining.device.value?.appSKey), hex(lorawan.appSKey));
});

test("a device that only joins has neither address nor session keys, as zeros", async (t) => {
  const stack = await start(t);
  const { appEui, devEui, appKey } = lorawan;
  await stack.set("foo", {}, { appEui, devEui, appKey });
  const part = (await stack.get("foo")).device.value!;
  assert.deepEqual([hex(part.devAddr), hex(part.nwkSKey)], ["00000000", "00".repeat(16)]);
  const next = Uint8Array.from(randomBytes(16));
  await stack.giveBack(await stack.get("foo"), { description: "new key" }, { appKey: next });
  assert.equal(hex((await stack.get("foo")).device.value?.appKey), hex(next));
});

test("what V3 changes shows in V2, and V2 leaves alone what it has no word for", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  const path = "/applications/my-app/devices/foo";
  const named = {
    end_device: { name: "Sensor", description: "from V3" },
    field_mask: { paths: ["name", "description"] },
  };
  assert.equal((await stack.call("PUT", path, { body: named })).status, 200);
  const plan = {
    end_device: {
      ids: { dev_eui: "9988776655443322", join_eui: "0011223344556677" },
      frequency_plan_id: "EU_863_870_TTN",
    },
    field_mask: { paths: ["frequency_plan_id"] },
  };
  assert.equal((await stack.call("PUT", `/ns${path}`, { body: plan })).status, 200);
  const device = await stack.get("foo");
  assert.equal(device.description, "from V3");
  await stack.giveBack(device, { description: "from V2" });
  const is = await stack.call("GET", `${path}?field_mask=name,description`);
  assert.deepEqual([is.body.name, is.body.description], ["Sensor", "from V2"]);
  const ns = await stack.call("GET", `/ns${path}?field_mask=frequency_plan_id`);
  assert.equal(ns.body.frequency_plan_id, "EU_863_870_TTN");
});

test("the application says which frequency plan its devices have", async (t) => {
  const stack = await start(t);
  const application = { attributes: { "v2-frequency-plan": "US_902_928_FSB_2" } };
  const body = { application, field_mask: { paths: ["attributes"] } };
  assert.equal((await stack.call("PUT", "/applications/my-app", { body })).status, 200);
  await stack.set("foo", sample, lorawan);
  const ns = await stack.call("GET", "/ns/applications/my-app/devices/foo?field_mask=frequency_plan_id");
  assert.equal(ns.body.frequency_plan_id, "US_902_928_FSB_2");
});

test("identifiers and attributes that V3 does not take come back as V2 spells them", async (t) => {
  const stack = await start(t);
  const attributes = { Room: "1 A", "ttn-brand": "Acme", with_underscore: "x", ok: "" };
  await stack.set("my_dev", { attributes }, lorawan);
  const device = await stack.get("my_dev");
  assert.equal(device.devId, "my_dev");
  assert.deepEqual(device.attributes, attributes);
  const is = await stack.call("GET", "/applications/my-app/devices/my-dev?field_mask=attributes");
  assert.equal(is.body.attributes["v2-id"], "my_dev");
  assert.equal(is.body.attributes["ttn-brand"], "Acme");
  const many = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`key${index}`, "v"]));
  const refused = stack.set("my_dev", { attributes: many }, lorawan);
  assert.equal(await failureOf(refused), "INVALID_ARGUMENT: Attributes not valid: more than 5");
});

test("a device whose identifier V3 cannot tell from that of another is another device, and finds no room", async (t) => {
  const stack = await start(t);
  await stack.set("dev_1", sample, lorawan);
  const before = await stack.get("dev_1");
  const other = { ...lorawan, devEui: bytes("9988776655443323"), appKey: Uint8Array.from(randomBytes(16)) };
  assert.match(await failureOf(stack.set("dev-1", {}, other)), /^ALREADY_EXISTS: /);
  assert.equal(await failureOf(stack.get("dev-1")), "NOT_FOUND: Device with ID dev-1 not found");
  assert.equal(await failureOf(stack.delete("dev-1")), "NOT_FOUND: Device with ID dev-1 not found");
  const simulated = stack.handler.call(simulateUplink, { appId, devId: "dev-1" }, { key: stack.key });
  assert.equal(await failureOf(simulated), "NOT_FOUND: Device with ID dev-1 not found");
  assert.deepEqual(await stack.get("dev_1"), before);
  await stack.delete("dev_1");
  await stack.set("dev-1", {}, other);
  assert.match(await failureOf(stack.set("dev_1", sample, lorawan)), /^ALREADY_EXISTS: /);
});

test("a list tells how many there are and gives a part of them", async (t) => {
  const stack = await start(t);
  for (let index = 0; index < 5; index++) {
    await stack.set(`dev${index}`, sample, { ...lorawan, devEui: bytes(`998877665544332${index}`) });
  }
  const all = await stack.list();
  assert.deepEqual(
    all.message.devices.map(({ devId }) => devId),
    ["dev0", "dev1", "dev2", "dev3", "dev4"],
  );
  assert.deepEqual([all.headers.get("total"), all.headers.get("selected")], [["5"], ["5"]]);
  const first = all.message.devices[0]?.device.value;
  assert.deepEqual([first?.fCntUp, first?.fCntDown], [0, 0]);
  assert.equal(hex(first?.appKey), hex(lorawan.appKey));
  const part = await stack.list({ limit: "2", offset: "3" });
  assert.deepEqual(
    part.message.devices.map(({ devId }) => devId),
    ["dev3", "dev4"],
  );
  assert.deepEqual([part.headers.get("total"), part.headers.get("selected")], [["5"], ["2"]]);
  assert.deepEqual((await stack.list({ offset: "9" })).message.devices, []);
  assert.match(await failureOf(stack.list({ limit: "many" })), /^INVALID_ARGUMENT: /);
});

test("what is missing or malformed is refused in words", async (t) => {
  const stack = await start(t);
  const refusals: readonly [call: () => Promise<unknown>, text: RegExp][] = [
    [() => stack.get("nobody"), /^NOT_FOUND: Device with ID nobody not found$/],
    [() => stack.delete("nobody"), /^NOT_FOUND: Device with ID nobody not found$/],
    [() => stack.get("NO ID"), /^INVALID_ARGUMENT: DevID not valid: /],
    [
      () => stack.set("foo", {}, { ...lorawan, appKey: bytes("01") }),
      /^INVALID_ARGUMENT: AppKey not valid: has 1 bytes/,
    ],
    [
      () => stack.set("foo", {}, { devEui: lorawan.devEui }),
      /^INVALID_ARGUMENT: Device not valid: needs an AppKey/,
    ],
    [() => stack.set("foo", {}, { appKey: lorawan.appKey }), /^INVALID_ARGUMENT: DevEUI not valid: /],
    [
      () => stack.handler.call(setDevice, { appId, devId: "foo" }, { key: stack.key }),
      /^INVALID_ARGUMENT: Device not valid: does not have a LoRaWAN device$/,
    ],
    [() => stack.set("foo", { latitude: Number.NaN }, lorawan), /^INVALID_ARGUMENT: Latitude not valid: /],
  ];
  for (const [call, text] of refusals) assert.match(await failureOf(call()), text);
  assert.deepEqual(stack.rows("SELECT * FROM end_devices"), []);
});

test("a key without the right to devices is refused, and one that may only read changes nothing", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  const poor = { key: await stack.keyWith("RIGHT_APPLICATION_SETTINGS_BASIC") };
  const denied = `PERMISSION_DENIED: permission denied: No "devices" rights to Application "my-app"`;
  const { handler } = stack;
  assert.equal(await failureOf(handler.call(getDevice, { appId, devId: "foo" }, poor)), denied);
  assert.equal(await failureOf(handler.call(deleteDevice, { appId, devId: "foo" }, poor)), denied);
  const reader = { key: await stack.keyWith("RIGHT_APPLICATION_DEVICES_READ") };
  const shown = await handler.call(getDevice, { appId, devId: "foo" }, reader);
  assert.equal(hex(shown.device.value?.appKey), "");
  assert.equal(shown.device.value?.fCntUp, 10);
  assert.equal(await failureOf(handler.call(setDevice, shown, reader)), denied);
});

test("four calls in a burst, as an update is made of, are no burden", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  await Promise.all(Array.from({ length: 40 }, () => stack.get("foo")));
});

test("deleting takes the device from all servers", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  await stack.delete("foo");
  for (const table of ["end_devices", "js_devices", "ns_devices", "as_devices"]) {
    assert.deepEqual(stack.rows(`SELECT * FROM ${table}`), [], table);
  }
});

test("an uplink that no device sent is published", async (t) => {
  const stack = await start(t);
  await stack.set("foo", sample, lorawan);
  await stack.handler.call(
    simulateUplink,
    { appId, devId: "foo", payload: bytes("0102"), port: 3 },
    { key: stack.key },
  );
  const unknown = stack.handler.call(
    simulateUplink,
    { appId, devId: "nobody", payload: bytes("01") },
    { key: stack.key },
  );
  assert.match(await failureOf(unknown), /^NOT_FOUND: /);
});
