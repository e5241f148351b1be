import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { EndDeviceRegistry, fromBinary, fromJSON, type JsonObject, toBinary, toJSON } from "@skylark/api";
import { callUnary, statusOf } from "../rpc/grpc-platform.fixture.ts";
import { errorOf, startTestStack, type TestStack } from "./running-stack.fixture.ts";

const everywhere = { "X-Skylark-Cascade": "true" };
const ids = {
  device_id: "dev1",
  dev_eui: "70B3D57ED0000001",
  join_eui: "0000000000000001",
};
const otaa = {
  ids,
  name: "Sensor",
  lorawan_version: "MAC_V1_0_3",
  lorawan_phy_version: "PHY_V1_0_3_REV_A",
  frequency_plan_id: "EU_863_870_TTN",
  supports_join: true,
  root_keys: { app_key: { key: "01010101010101010101010101010101" } },
  mac_settings: { rx2_data_rate_index: 3 },
  formatters: { up_formatter: "FORMATTER_CAYENNELPP" },
  version_ids: { brand_id: "brand" },
};
const personalized = {
  ids: { device_id: "abp1", dev_eui: "70B3D57ED0000002" },
  lorawan_version: "MAC_V1_0_3",
  lorawan_phy_version: "PHY_V1_0_3_REV_A",
  frequency_plan_id: "EU_863_870_TTN",
  session: {
    dev_addr: "01020304",
    keys: {
      f_nwk_s_int_key: { key: "02020202020202020202020202020202" },
      app_s_key: { key: "03030303030303030303030303030303" },
    },
  },
};
const path = "/applications/app1/devices";

async function start(t: TestContext): Promise<TestStack> {
  const stack = await startTestStack(t);
  const body = { application: { ids: { application_id: "app1" } } };
  assert.equal((await stack.call("POST", "/users/admin/applications", { body })).status, 200);
  return stack;
}

const register = (stack: TestStack, end_device: object, key?: string) =>
  stack.call("POST", path, {
    body: { end_device },
    headers: everywhere,
    ...(key === undefined ? {} : { key }),
  });

const tables = ["end_devices", "js_devices", "ns_devices", "as_devices"] as const;

/** Devices in the tables of the four servers. */
const counts = (stack: TestStack) =>
  tables.map((table) => stack.rows(`SELECT COUNT(*) AS n FROM ${table}`)[0]?.n);

async function keyWith(stack: TestStack, ...rights: string[]): Promise<string> {
  const made = await stack.call("POST", "/applications/app1/api-keys", { body: { name: "k", rights } });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return made.body.key;
}

test("one call registers a device on all four servers and shows the whole of it", async (t) => {
  const stack = await start(t);
  const made = await register(stack, otaa);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.deepEqual(counts(stack), [1, 1, 1, 1]);
  const { created_at: _, updated_at: __, ...shown } = made.body;
  assert.deepEqual(shown, {
    ...otaa,
    ids: { ...ids, application_ids: { application_id: "app1" } },
  });
  const js = await stack.call("GET", `/js${path}/dev1?field_mask=root_keys`);
  assert.deepEqual(js.body.root_keys, otaa.root_keys);
  const ns = await stack.call("GET", `/ns${path}/dev1?field_mask=mac_settings,version_ids,supports_join`);
  assert.deepEqual(ns.body.mac_settings, { rx2_data_rate_index: 3 });
  assert.deepEqual(ns.body.version_ids, { brand_id: "brand" });
  const as = await stack.call("GET", `/as${path}/dev1?field_mask=formatters`);
  assert.deepEqual(as.body.formatters, otaa.formatters);
  const is = await stack.call("GET", `${path}/dev1?field_mask=name`);
  assert.equal(is.body.name, "Sensor");
});

test("a personalized device has its keys where they belong", async (t) => {
  const stack = await start(t);
  const made = await register(stack, personalized);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.deepEqual(counts(stack), [1, 0, 1, 1]);
  assert.equal(made.body.ids.dev_addr, "01020304");
  assert.equal(made.body.session.keys.app_s_key.key, "03030303030303030303030303030303");
  assert.equal(made.body.session.keys.nwk_s_enc_key.key, "02020202020202020202020202020202");
});

test("what one server refuses leaves nothing on any", async (t) => {
  const stack = await start(t);
  const refused: readonly [device: object, error: string][] = [
    [{ ...otaa, ids: { device_id: "dev1" } }, "pkg/joinserver:no_join_eui"],
    [{ ...otaa, frequency_plan_id: "XX" }, "pkg/networkserver:field_value"],
    [{ ...otaa, lorawan_phy_version: "PHY_UNKNOWN" }, "pkg/networkserver:field_value"],
    [{ ...otaa, mac_settings: { rx2_data_rate_index: 15 } }, "pkg/networkserver:field_value"],
    [
      {
        ...otaa,
        formatters: { up_formatter: "FORMATTER_JAVASCRIPT", up_formatter_parameter: "é".repeat(30_000) },
      },
      "pkg/applicationserver:field_value",
    ],
    [
      {
        ...personalized,
        session: {
          dev_addr: "01020304",
          keys: { f_nwk_s_int_key: { key: "02020202020202020202020202020202" } },
        },
      },
      "pkg/applicationserver:field_value",
    ],
    [{ ...otaa, ids: { ...ids, device_id: "devices" } }, ""],
  ];
  for (const [device, error] of refused) {
    const answer = await register(stack, device);
    if (error === "") continue;
    assert.equal(errorOf(answer), error, JSON.stringify(answer.body));
    assert.deepEqual(counts(stack), [0, 0, 0, 0], error);
  }
});

test("EUIs that are taken leave nothing behind, and the error says by whom", async (t) => {
  const stack = await start(t);
  assert.equal((await register(stack, otaa)).status, 200);
  const again = await register(stack, { ...otaa, ids: { ...ids, device_id: "dev2" } });
  assert.equal(errorOf(again), "pkg/identityserver:end_device_euis_taken");
  assert.equal(again.body.details[0].attributes.device_id, "dev1");
  const same = await register(stack, otaa);
  assert.equal(same.status, 409);
  assert.deepEqual(counts(stack), [1, 1, 1, 1]);
  assert.equal(
    (await stack.call("DELETE", `${path}/dev1`, { headers: { "X-Skylark-Cascade": "false" } })).status,
    200,
  );
  assert.deepEqual(counts(stack), [0, 1, 1, 1]);
  const ofGhost = await register(stack, { ...otaa, ids: { ...ids, device_id: "dev3" } });
  assert.equal(errorOf(ofGhost), "pkg/joinserver:duplicate_identifiers");
  assert.deepEqual(counts(stack), [0, 1, 1, 1]);
});

test("a device that only some servers have is completed, and what only they have can be deleted", async (t) => {
  const stack = await start(t);
  assert.equal((await register(stack, otaa)).status, 200);
  await stack.call("DELETE", `${path}/dev1`, { headers: { "X-Skylark-Cascade": "false" } });
  const completed = await register(stack, { ...otaa, name: "Again" });
  assert.equal(completed.status, 200, JSON.stringify(completed.body));
  assert.deepEqual(counts(stack), [1, 1, 1, 1]);
  await stack.call("DELETE", `${path}/dev1`, { headers: { "X-Skylark-Cascade": "false" } });
  assert.equal((await stack.call("DELETE", `${path}/dev1`)).status, 404);
  assert.equal((await stack.call("DELETE", `${path}/dev1`, { headers: everywhere })).status, 200);
  assert.deepEqual(counts(stack), [0, 0, 0, 0]);
  assert.equal((await stack.call("DELETE", `${path}/dev1`, { headers: everywhere })).status, 404);
});

test("many at once for one device: one of them wins, the others are told", async (t) => {
  const stack = await start(t);
  const answers = await Promise.all(Array.from({ length: 8 }, () => register(stack, otaa)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.ok(answers.every(({ status }) => status === 200 || status === 409));
  assert.deepEqual(counts(stack), [1, 1, 1, 1]);
});

test("forty changes of one device at once are all made, and one that comes after its end is told so", async (t) => {
  const stack = await start(t);
  await register(stack, otaa);
  const change = (index: number) =>
    stack.call("PUT", `${path}/dev1`, {
      headers: everywhere,
      body: {
        end_device: { name: `name ${index}`, mac_settings: { rx1_delay: 1 + (index % 15) } },
        field_mask: { paths: ["name", "mac_settings.rx1_delay"] },
      },
    });
  const statuses = async (answers: readonly Promise<{ readonly status: number }>[]) =>
    new Set((await Promise.all(answers)).map(({ status }) => status));
  const all = Array.from({ length: 40 }, (_, index) => index);
  assert.deepEqual(await statuses(all.map(change)), new Set([200]));
  const [first, ...others] = all;
  const deletion = stack.call("DELETE", `${path}/dev1`);
  const raced = await statuses([change(first!), deletion, ...others.map(change)]);
  assert.ok(raced.isSubsetOf(new Set([200, 404])), [...raced].join(" "));
  assert.deepEqual(counts(stack), [0, 0, 0, 0]);
});

test("PUT changes what is given, wherever it belongs, and a mask clears what is not", async (t) => {
  const stack = await start(t);
  await register(stack, otaa);
  const put = (end_device: object, field_mask?: object) =>
    stack.call("PUT", `${path}/dev1`, {
      body: { end_device, ...(field_mask === undefined ? {} : { field_mask }) },
      headers: everywhere,
    });
  const changed = await put({
    name: "Renamed",
    mac_settings: { desired_rx1_delay: 3 },
    formatters: { down_formatter: "FORMATTER_CAYENNELPP" },
    version_ids: { model_id: "model" },
    root_keys: { app_key: { key: "09090909090909090909090909090909" } },
  });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  assert.equal(changed.body.name, "Renamed");
  const ns = await stack.call("GET", `/ns${path}/dev1?field_mask=mac_settings,version_ids`);
  assert.deepEqual(ns.body.mac_settings, { rx2_data_rate_index: 3, desired_rx1_delay: 3 });
  assert.deepEqual(ns.body.version_ids, { brand_id: "brand", model_id: "model" });
  const as = await stack.call("GET", `/as${path}/dev1?field_mask=version_ids`);
  assert.deepEqual(as.body.version_ids, { brand_id: "brand", model_id: "model" });
  const js = await stack.call("GET", `/js${path}/dev1?field_mask=root_keys.app_key.key`);
  assert.equal(js.body.root_keys.app_key.key, "09090909090909090909090909090909");
  const refused = await put({ name: "Not this", mac_settings: { rx2_data_rate_index: 15 } });
  assert.equal(errorOf(refused), "pkg/networkserver:field_value");
  assert.equal((await stack.call("GET", `${path}/dev1?field_mask=name`)).body.name, "Renamed");
  const masked = await put(
    { formatters: { up_formatter: "FORMATTER_NONE" } },
    { paths: ["formatters", "name"] },
  );
  assert.equal(masked.status, 200, JSON.stringify(masked.body));
  assert.equal((await stack.call("GET", `${path}/dev1?field_mask=name`)).body.name, undefined);
});

test("keys take their own rights, to write and to see", async (t) => {
  const stack = await start(t);
  const writer = await keyWith(stack, "RIGHT_APPLICATION_DEVICES_WRITE");
  const refused = await register(stack, otaa, writer);
  assert.equal(errorOf(refused), "pkg/auth/rights:insufficient_application_rights");
  assert.deepEqual(refused.body.details[0].attributes.missing, ["RIGHT_APPLICATION_DEVICES_WRITE_KEYS"]);
  assert.deepEqual(counts(stack), [0, 0, 0, 0]);
  const keyWriter = await keyWith(
    stack,
    "RIGHT_APPLICATION_DEVICES_WRITE",
    "RIGHT_APPLICATION_DEVICES_WRITE_KEYS",
  );
  const made = await register(stack, otaa, keyWriter);
  assert.equal(made.status, 200);
  assert.equal(made.body.root_keys, undefined);
  assert.equal(made.body.supports_join, true);
});

test("fields that no server takes are said, not lost silently", async (t) => {
  const stack = await start(t);
  const made = await register(stack, { ...otaa, power_state: "POWER_BATTERY" });
  assert.equal(made.status, 200);
  assert.match(made.headers.get("x-warning") ?? "", /power_state/);
});

test("without the header only the Identity Server's fields are taken, as ever", async (t) => {
  const stack = await start(t);
  const made = await stack.call("POST", path, { body: { end_device: otaa } });
  assert.equal(made.status, 200);
  assert.equal(made.body.root_keys, undefined);
  assert.deepEqual(counts(stack), [1, 0, 0, 0]);
});

test("deleting takes a device from all servers in one go, in batches too", async (t) => {
  const stack = await start(t);
  await register(stack, otaa);
  await register(stack, personalized);
  assert.deepEqual(counts(stack), [2, 1, 2, 2]);
  const batch = await stack.call("DELETE", `${path}/batch?device_ids=abp1&device_ids=dev1`);
  assert.equal(batch.status, 200, JSON.stringify(batch.body));
  assert.deepEqual(counts(stack), [0, 0, 0, 0]);
  assert.deepEqual(stack.rows("SELECT * FROM ns_sessions"), []);
});

test("a deletion is an event of each server that had a part of the device, and so is that of a batch", async (t) => {
  const stack = await start(t);
  const toldBy = await listenToDeletions(stack, t);
  await register(stack, otaa);
  await register(stack, personalized);
  await stack.call("DELETE", `${path}/dev1`);
  const ofOthers = ["js.end_device.delete", "ns.end_device.delete", "as.end_device.delete"];
  assert.deepEqual(await toldBy("as.end_device.delete"), ["end_device.delete", ...ofOthers]);
  await stack.call("DELETE", `${path}/abp1`);
  assert.deepEqual(await toldBy("as.end_device.delete"), ["end_device.delete", ...ofOthers.slice(1)]);
  await register(stack, otaa);
  await stack.call("DELETE", `${path}/dev1`, { headers: { "X-Skylark-Cascade": "false" } });
  assert.deepEqual(await toldBy("end_device.delete"), ["end_device.delete"]);
  await stack.call("DELETE", `${path}/dev1`, { headers: everywhere });
  assert.deepEqual(await toldBy("as.end_device.delete"), ofOthers);
  await register(stack, otaa);
  await register(stack, personalized);
  await stack.call("DELETE", `${path}/batch?device_ids=abp1&device_ids=dev1`);
  assert.deepEqual(await toldBy("as.end_device.batch.delete"), [
    "end_device.batch.delete",
    "js.end_device.batch.delete",
    "ns.end_device.batch.delete",
    "as.end_device.batch.delete",
  ]);
});

/** The names of the deletions since it was last asked, to the next of this name. */
async function listenToDeletions(stack: TestStack, t: TestContext) {
  const ended = new AbortController();
  t.after(() => ended.abort());
  const { body } = await fetch(`${stack.url}/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.adminKey}` },
    body: JSON.stringify({ identifiers: [{ application_ids: { application_id: "app1" } }] }),
    signal: ended.signal,
  });
  const chunks = body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = "";
  return async (last: string): Promise<readonly string[]> => {
    const names: string[] = [];
    while (names.at(-1) !== last) {
      const end = text.indexOf("\n");
      if (end === -1) text += (await chunks.next()).value;
      else {
        const { name } = JSON.parse(text.slice(0, end)).result;
        if (/delete$/.test(name)) names.push(name);
        text = text.slice(end + 1).trimStart();
      }
    }
    return names;
  };
}

test("each server deletes in batches of its own, and says nothing of devices that are not there", async (t) => {
  const stack = await start(t);
  await register(stack, otaa);
  await register(stack, personalized);
  for (const [server, left] of [
    ["js", [2, 0, 2, 2]],
    ["ns", [2, 0, 0, 2]],
    ["as", [2, 0, 0, 0]],
  ] as const) {
    const answer = await stack.call(
      "DELETE",
      `/${server}${path}/batch?device_ids=abp1&device_ids=dev1&device_ids=nobody`,
    );
    assert.equal(answer.status, 200, `${server} ${JSON.stringify(answer.body)}`);
    assert.deepEqual(counts(stack), left);
  }
  const many = Array.from({ length: 21 }, (_, index) => `device_ids=dev-${index}`).join("&");
  assert.equal((await stack.call("DELETE", `/ns${path}/batch?${many}`)).status, 400);
});

test("the same over gRPC, by metadata of the same name", async (t) => {
  const stack = await start(t);
  const client = new Client(`127.0.0.1:${stack.grpcPort}`, credentials.createInsecure());
  t.after(() => client.close());
  const { create } = EndDeviceRegistry.method;
  const call = (device_id: string) => {
    const end_device = { ...otaa, ids: { ...ids, device_id, application_ids: { application_id: "app1" } } };
    const request = Buffer.from(toBinary(create.input, fromJSON(create.input, { end_device } as JsonObject)));
    const metadata = { authorization: `Bearer ${stack.adminKey}`, "x-skylark-cascade": "true" };
    return callUnary(client, create, request, metadata);
  };
  const { bytes } = await call("dev1");
  const device = toJSON(create.output, fromBinary(create.output, bytes)) as JsonObject;
  assert.deepEqual(device.root_keys, otaa.root_keys);
  assert.deepEqual(counts(stack), [1, 1, 1, 1]);
  await assert.rejects(call("dev2"), (error: ServiceError) => {
    const [details] = (statusOf(error)?.details ?? []) as JsonObject[];
    return details?.name === "end_device_euis_taken";
  });
  assert.deepEqual(counts(stack), [1, 1, 1, 1]);
});
