import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedFieldMaskPaths, assign, type EndDevice, EndDeviceSchema, fromJSON } from "@skylark/api";
import { createEventBus } from "../../events/event-bus.ts";
import { fieldJSON, sampleDevice } from "../../rpc/sample-field.fixture.ts";
import { startNetwork } from "../network-server.fixture.ts";
import { RegisteredDevices } from "./registered-devices.ts";
import { isIgnored } from "./services.ts";

/*
 * What the registry does with each path that Set allows. Those not named here are stored: Get with the path answers
 * what Set with the path was given.
 */
const table: readonly (readonly [
  path: RegExp,
  outcome: "identifies" | "immutable" | "completed" | "ignored" | "refused",
  reason: string,
])[] = [
  [/^ids(\.|$)/, "identifies", "names the device; EUIs are taken when it is created"],
  [/^(supports_join|multicast)$/, "immutable", "how a device is activated is decided when it is created"],
  [
    /^(session|mac_state(\.(current|desired)_parameters)?)$/,
    "completed",
    "stored, with what a session needs besides: its start, and parameters by band and frequency plan",
  ],
  [
    /^mac_settings\.(up|down)link_dwell_time(\.|$)/,
    "refused",
    "only bands with TxParamSetupReq have it, and none of their frequency plans is here yet",
  ],
  [/^pending_(session|mac_state)(\.|$)/, "ignored", "made by a join with this network, not by the owner"],
  [
    /^mac_state\.(pending_|queued_|recent_|rx_windows_available)/,
    "ignored",
    "was under way with another network, which alone can go on with it",
  ],
];

function message(json: object): EndDevice {
  return fromJSON(EndDeviceSchema, json as Parameters<typeof fromJSON>[1]) as EndDevice;
}

const outcomeOf = (path: string) => table.find(([pattern]) => pattern.test(path))?.[1] ?? "stored";

/** Where the type of a field does not say what is valid. */
const values: Readonly<Record<string, unknown>> = {
  frequency_plan_id: "EU_863_870",
  lorawan_version: 3,
  lorawan_phy_version: 4,
  "version_ids.band_id": "EU_863_870",
  "mac_state.lorawan_version": 3,
  "mac_state.rejected_data_rate_ranges": message({
    mac_state: { rejected_data_rate_ranges: { "868100000": { ranges: [{ min_data_rate_index: 1 }] } } },
  }).macState?.rejectedDataRateRanges,
};

const needsSession = /^(session|mac_state)(\.|$)/;

const common = {
  ids: { device_id: "dev1", application_ids: { application_id: "app1" }, dev_eui: "70B3D57ED0000001" },
  lorawan_version: "MAC_V1_1",
  lorawan_phy_version: "RP002_V1_0_4",
  frequency_plan_id: "EU_863_870",
};
const otaa = { ...common, ids: { ...common.ids, join_eui: "0000000000000001" }, supports_join: true };
const key = (digit: string) => ({ key: digit.repeat(32) });
const personalized = {
  ...common,
  session: {
    dev_addr: "01020304",
    keys: { f_nwk_s_int_key: key("1"), s_nwk_s_int_key: key("2"), nwk_s_enc_key: key("3") },
  },
};
const created = ["lorawan_version", "lorawan_phy_version", "frequency_plan_id", "supports_join", "session"];

function baseFor(path: string): object {
  // Only a session that was joined for has an identifier.
  if (path === "session.keys.session_key_id" || path === "session.keys" || path === "session") return otaa;
  return needsSession.test(path) ? personalized : otaa;
}

/** The session as a whole, or its keys, where a part alone cannot be. */
const wholeSession = {
  session: { ...personalized.session, keys: { ...personalized.session.keys, session_key_id: "BwcHBw==" } },
};

function sampleFor(path: string, base: object): EndDevice {
  if (base === otaa && path.startsWith("session")) return message(wholeSession);
  const sample = sampleDevice(path, values);
  return path.startsWith("session.keys.") || path === "session.dev_addr"
    ? assign(EndDeviceSchema, message(personalized), sample, [path])
    : sample;
}

test("each path that Set allows is stored and shown, or the table says why not", async (context) => {
  const net = await startNetwork();
  context.after(() => net.close());
  const { clock, store, server } = net;
  const devices = new RegisteredDevices({
    clock,
    store,
    ...server.devices,
    events: createEventBus(clock),
    desiredRx1Delay: 5,
    addresses: { owns: () => true },
  });
  const paths = [...allowedFieldMaskPaths("NsEndDeviceRegistry.Set")].filter((path) =>
    ["stored", "completed", "ignored", "refused"].includes(outcomeOf(path)),
  );
  assert.ok(paths.length > 300, `${paths.length}`);
  const outcomes = new Map<string, string>();
  for (const [index, path] of paths.entries()) {
    const ids = { tenantId: "default", applicationId: "app1", deviceId: `dev-${index}` };
    const euis = { dev_eui: index.toString(16).padStart(16, "0") };
    const base = baseFor(path);
    const identified = message({ ...base, ids: { ...otaa.ids, ...euis } });
    await devices.set(ids, identified, created);
    const sample = sampleFor(path, base);
    const setPaths = base === otaa && path.startsWith("session") ? ["session"] : [path];
    try {
      await devices.set(ids, { ...sample, ids: identified.ids! }, setPaths);
    } catch (error) {
      const { field } = (error as { attributes?: { field?: string } }).attributes ?? {};
      outcomes.set(
        path,
        outcomeOf(path) === "refused" && field?.startsWith(path) ? "refused" : String(error),
      );
      continue;
    }
    const shown = fieldJSON(await devices.get(ids), path);
    try {
      const given = fieldJSON(sample, path) as object;
      if (outcomeOf(path) === "completed") assert.partialDeepStrictEqual(shown, given);
      else assert.deepEqual(shown, given);
      outcomes.set(path, outcomeOf(path) === "completed" ? "completed" : "stored");
    } catch {
      outcomes.set(path, isIgnored(path) ? "ignored" : `shown as ${JSON.stringify(shown)}`);
    }
  }
  const wrong = [...outcomes].filter(([path, outcome]) => outcome !== outcomeOf(path));
  assert.deepEqual(wrong, []);
});

test("the service warns of exactly the paths that the table calls ignored", () => {
  for (const path of allowedFieldMaskPaths("NsEndDeviceRegistry.Set")) {
    assert.equal(isIgnored(path), outcomeOf(path) === "ignored", path);
  }
});
