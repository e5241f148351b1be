import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { errorOf, startTestStack, type TestStack } from "./running-stack.fixture.ts";

const path = "/applications/app1/devices";
const everywhere = { "X-Skylark-Cascade": "true" };
const alone = { "X-Skylark-Cascade": "false" };
const otaa = {
  ids: { device_id: "dev1", dev_eui: "70B3D57ED0000001", join_eui: "0000000000000001" },
  lorawan_version: "MAC_V1_0_3",
  lorawan_phy_version: "PHY_V1_0_3_REV_A",
  frequency_plan_id: "EU_863_870_TTN",
  supports_join: true,
  root_keys: { app_key: { key: "01010101010101010101010101010101" } },
};

interface Finding {
  readonly server: string;
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

async function start(t: TestContext): Promise<TestStack> {
  const stack = await startTestStack(t);
  const body = { application: { ids: { application_id: "app1" } } };
  assert.equal((await stack.call("POST", "/users/admin/applications", { body })).status, 200);
  return stack;
}

async function register(stack: TestStack, end_device: object): Promise<void> {
  const made = await stack.call("POST", path, { body: { end_device }, headers: everywhere });
  assert.equal(made.status, 200, JSON.stringify(made.body));
}

async function check(stack: TestStack, id = "dev1") {
  const { status, body } = await stack.call("GET", `${path}/${id}/check`);
  assert.equal(status, 200, JSON.stringify(body));
  const findings: readonly Finding[] = body.findings ?? [];
  for (const { message, remedy } of findings) assert.ok(message.length > 10 && remedy.length > 10);
  return { ...body, findings, codes: findings.map(({ code, severity }): string => `${severity} ${code}`) };
}

test("a device registered on all servers is complete, and has never joined", async (t) => {
  const stack = await start(t);
  await register(stack, otaa);
  const { complete, present, codes, end_device_ids } = await check(stack);
  assert.equal(complete, true);
  assert.deepEqual(present, {
    identity_server: true,
    join_server: true,
    network_server: true,
    application_server: true,
  });
  assert.deepEqual(codes, ["warning never_joined"]);
  assert.equal(end_device_ids.dev_eui, "70B3D57ED0000001");
});

test("a device that only the Identity Server has lacks the others", async (t) => {
  const stack = await start(t);
  const body = { end_device: { ids: otaa.ids } };
  await stack.call("POST", path, { body });
  const { complete, codes, present } = await check(stack);
  assert.equal(complete ?? false, false);
  assert.deepEqual(present, { identity_server: true });
  assert.deepEqual(codes, ["error missing_in_network_server", "error missing_in_application_server"]);
});

test("a ghost is found, and a device that nobody knows is said to be so", async (t) => {
  const stack = await start(t);
  await register(stack, otaa);
  await stack.call("DELETE", `${path}/dev1`, { headers: alone });
  const ghost = await check(stack);
  assert.equal(ghost.codes[0], "error missing_in_identity_server");
  assert.match(ghost.findings[0]!.message, /Join Server, Network Server, Application Server/);
  assert.deepEqual((await check(stack, "nobody")).codes, ["error not_registered"]);
});

test("what the check advises makes the device complete", async (t) => {
  const stack = await start(t);
  await stack.call("POST", path, { body: { end_device: { ids: otaa.ids } } });
  assert.match((await check(stack)).findings[0]!.remedy, /whole device once more with PUT/);
  const send = async (verb: "POST" | "PUT", at: string) => {
    const sent = await stack.call(verb, at, { body: { end_device: otaa }, headers: everywhere });
    assert.equal(sent.status, 200, JSON.stringify(sent.body));
    assert.equal((await check(stack)).complete, true);
  };
  await send("PUT", `${path}/dev1`);
  await stack.call("DELETE", `/as${path}/dev1`);
  await send("PUT", `${path}/dev1`);
  await stack.call("DELETE", `${path}/dev1`, { headers: alone });
  assert.match((await check(stack)).findings[0]!.remedy, /^register it again with POST/);
  await send("POST", path);
});

test("each inconsistency has its name", async (t) => {
  const stack = await start(t);
  const codesOf = async (id: string, device: object) => {
    await register(stack, { ...otaa, ...device });
    return (await check(stack, id)).codes.filter((code: string) => code !== "warning never_joined");
  };
  const ids = (device_id: string, last: string) => ({
    device_id,
    dev_eui: `70B3D57ED00000${last}`,
    join_eui: "0000000000000001",
  });
  assert.deepEqual(
    await codesOf("no-nwk-key", {
      ids: ids("no-nwk-key", "10"),
      lorawan_version: "MAC_V1_1",
      lorawan_phy_version: "PHY_V1_1_REV_B",
    }),
    ["error missing_nwk_key"],
  );
  assert.deepEqual(
    await codesOf("no-keys", { ids: ids("no-keys", "11"), root_keys: undefined, resets_join_nonces: true }),
    ["error missing_app_key"],
  );
  assert.deepEqual(
    await codesOf("versions", { ids: ids("versions", "12"), lorawan_phy_version: "PHY_V1_0_2_REV_B" }),
    ["warning version_mismatch"],
  );
  assert.deepEqual(
    await codesOf("formatter", {
      ids: ids("formatter", "13"),
      formatters: { up_formatter: "FORMATTER_JAVASCRIPT", down_formatter: "FORMATTER_REPOSITORY" },
    }),
    ["error formatter_without_script", "error formatter_without_model"],
  );
  const gateway = { ids: { gateway_id: "gtw1" }, frequency_plan_ids: ["US_902_928_FSB_2"] };
  assert.equal((await stack.call("POST", "/users/admin/gateways", { body: { gateway } })).status, 200);
  assert.deepEqual(await codesOf("plan", { ids: ids("plan", "14") }), ["error frequency_plan_of_no_gateway"]);
});

test("sessions that do not fit are found", async (t) => {
  const stack = await start(t);
  const { root_keys: _, supports_join: __, ...common } = otaa;
  const session = {
    dev_addr: "05020304",
    keys: {
      f_nwk_s_int_key: { key: "02020202020202020202020202020202" },
      app_s_key: { key: "03030303030303030303030303030303" },
    },
  };
  await register(stack, { ...common, session });
  assert.deepEqual((await check(stack)).codes, ["warning dev_addr_of_other_network", "warning never_heard"]);
  const put = await stack.call("PUT", `/as${path}/dev1`, {
    body: {
      end_device: { ids: otaa.ids, session: { dev_addr: "26000001", keys: session.keys } },
      field_mask: { paths: ["session.dev_addr", "session.keys.app_s_key.key"] },
    },
  });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.ok((await check(stack)).codes.includes("error dev_addr_mismatch"));
  await stack.call("DELETE", `/as${path}/dev1`);
  const without = await check(stack);
  assert.ok(without.codes.includes("error missing_in_application_server"), JSON.stringify(without.codes));
});

test("takes the right to read devices", async (t) => {
  const stack = await start(t);
  await register(stack, otaa);
  const keyWith = async (right: string) => {
    const body = { name: "k", rights: [right] };
    return (await stack.call("POST", "/applications/app1/api-keys", { body })).body.key as string;
  };
  const reader = await stack.call("GET", `${path}/dev1/check`, {
    key: await keyWith("RIGHT_APPLICATION_DEVICES_READ"),
  });
  assert.equal(reader.status, 200);
  const other = await stack.call("GET", `${path}/dev1/check`, {
    key: await keyWith("RIGHT_APPLICATION_INFO"),
  });
  assert.equal(errorOf(other), "pkg/auth/rights:insufficient_application_rights");
});
