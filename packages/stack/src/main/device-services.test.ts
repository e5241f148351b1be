import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { errorOf, startTestStack, type TestStack } from "./running-stack.fixture.ts";

// The smaller services of the Network, Join and Application Server, over HTTP as clients call them.

async function start(t: TestContext, args: readonly string[] = []): Promise<TestStack> {
  const stack = await startTestStack(t, args);
  const body = { application: { ids: { application_id: "app1" } } };
  assert.equal((await stack.call("POST", "/users/admin/applications", { body })).status, 200);
  return stack;
}

async function keyWith(stack: TestStack, ...rights: string[]): Promise<string> {
  const body = { name: "k", rights: rights.map((right) => `RIGHT_APPLICATION_${right}`) };
  return (await stack.call("POST", "/applications/app1/api-keys", { body })).body.key;
}

test("the Network Server gives addresses of its blocks, its NetID and the defaults of a band", async (t) => {
  const stack = await start(t, ["--ns.net-id=000013", "--ns.dev-addr-prefixes=26010000/16"]);
  const { body: address } = await stack.call("GET", "/ns/dev_addr");
  assert.match(address.dev_addr, /^2601[0-9A-F]{4}$/);
  assert.deepEqual((await stack.call("GET", "/ns/net_id")).body, { net_id: "000013" });
  const { body: prefixes } = await stack.call("GET", "/ns/dev_addr_prefixes");
  assert.deepEqual(prefixes, { dev_addr_prefixes: ["26010000/16"] });
  const { body: settings } = await stack.call("GET", "/ns/default_mac_settings/EU_863_870/PHY_V1_0_3_REV_A");
  assert.equal(settings.rx2_frequency, "869525000");
  assert.equal(settings.desired_rx1_delay, 5);
  const unknown = await stack.call("GET", "/ns/default_mac_settings/XX/PHY_V1_0_3_REV_A");
  assert.equal(errorOf(unknown), "pkg/networkserver:field_value");
});

test("the Join Server says which JoinEUIs it answers for", async (t) => {
  const args = ["--js.join-eui-prefixes=70B3D57ED0000000/40", "--js.default-join-eui=70B3D57ED0000001"];
  const stack = await start(t, args);
  const { body } = await stack.call("GET", "/js/join_eui_prefixes");
  assert.deepEqual(body, { prefixes: [{ join_eui: "70B3D57ED0000000", length: 40 }] });
  assert.deepEqual((await stack.call("GET", "/js/default_join_eui")).body, { join_eui: "70B3D57ED0000001" });
});

test("activation settings of an application are kept, the key sealed, for those who may read keys", async (t) => {
  const stack = await start(t);
  const path = "/js/applications/app1/settings";
  const key = await keyWith(stack, "DEVICES_READ_KEYS", "DEVICES_WRITE_KEYS");
  const call = (verb: string, body?: object, query = "") =>
    stack.call(verb, `${path}${query}`, { key, ...(body === undefined ? {} : { body }) });
  const notFound = "pkg/joinserver:application_activation_settings_not_found";
  assert.equal(errorOf(await call("GET")), notFound);
  assert.equal(errorOf(await call("DELETE")), notFound);
  const settings = {
    kek_label: "label",
    kek: { key: "0102030405060708090A0B0C0D0E0F10" },
    home_net_id: "000013",
    application_server_id: "as.example.com",
  };
  const set = (given: object, ...paths: string[]) => call("POST", { settings: given, field_mask: { paths } });
  assert.equal(errorOf(await set(settings)), "pkg/joinserver:field_mask");
  assert.equal(errorOf(await set(settings, "kek.key")), "pkg/joinserver:field_mask");
  const zero = { ...settings, kek: { key: "0".repeat(32) } };
  assert.equal(errorOf(await set(zero, "kek.key", "kek_label")), "pkg/joinserver:field_value");
  const noLabel = { ...settings, kek_label: "" };
  assert.equal(errorOf(await set(noLabel, "kek.key", "kek_label")), "pkg/joinserver:no_kek_label");
  const made = await set(settings, "kek_label", "kek.key", "home_net_id", "application_server_id");
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const query = "?field_mask=kek_label,kek.key,home_net_id,application_server_id";
  assert.deepEqual((await call("GET", undefined, query)).body, settings);
  assert.equal((await set({ home_net_id: "000014" }, "home_net_id")).status, 200);
  const changed = await call("GET", undefined, "?field_mask=home_net_id,kek_label");
  assert.deepEqual(changed.body, { home_net_id: "000014", kek_label: "label" });
  const [row] = stack.rows("SELECT settings, kek FROM js_activation_settings");
  const stored = Buffer.concat([row?.settings as Uint8Array, row?.kek as Uint8Array]).toString("hex");
  assert.ok(!stored.includes("0102030405060708"), "the key is sealed");
  const reader = await keyWith(stack, "DEVICES_READ", "DEVICES_WRITE");
  const refused = await stack.call("GET", path, { key: reader });
  assert.equal(errorOf(refused), "pkg/auth/rights:insufficient_application_rights");
  assert.equal((await call("DELETE")).status, 200);
  assert.equal(errorOf(await call("GET")), notFound);
});

test("links are set, shown and deleted; linking itself is not offered", async (t) => {
  const stack = await start(t);
  const path = "/as/applications/app1/link";
  const link = { default_formatters: { up_formatter: "FORMATTER_CAYENNELPP" } };
  const body = { link, field_mask: { paths: ["default_formatters.up_formatter"] } };
  assert.equal(errorOf(await stack.call("GET", path)), "pkg/redis:not_found");
  assert.deepEqual((await stack.call("PUT", path, { body })).body, link);
  assert.deepEqual((await stack.call("GET", `${path}?field_mask=default_formatters`)).body, link);
  const stats = await stack.call("GET", `${path}/stats`);
  assert.equal(errorOf(stats), "pkg/applicationserver:linking_not_implemented");
  assert.equal((await stack.call("DELETE", path)).status, 200);
  assert.equal(errorOf(await stack.call("GET", path)), "pkg/redis:not_found");
  assert.equal((await stack.call("GET", "/as/configuration")).status, 200);
});

test("what a link once had is passed over with a warning", async (t) => {
  const stack = await start(t);
  const path = "/as/applications/app1/link";
  const body = {
    link: { default_formatters: { up_formatter: "FORMATTER_CAYENNELPP" } },
    field_mask: { paths: ["default_formatters", "api_key", "tls"] },
  };
  const set = await stack.call("PUT", path, { body });
  assert.equal(set.headers.get("x-warning"), "field api_key is deprecated, field tls is deprecated");
  const get = await stack.call("GET", `${path}?field_mask=default_formatters,network_server_address`);
  assert.equal(get.headers.get("x-warning"), "field network_server_address is deprecated");
  for (const answer of [set, get])
    assert.deepEqual(answer.body, { default_formatters: body.link.default_formatters });
});

test("who registers a device on one server that the Identity Server does not know is warned", async (t) => {
  const stack = await start(t);
  const ids = { device_id: "dev1", dev_eui: "70B3D57ED0000001", join_eui: "0000000000000001" };
  for (const server of ["js", "as"]) {
    const answer = await stack.call("PUT", `/${server}/applications/app1/devices/dev1`, {
      body: { end_device: { ids }, field_mask: { paths: ["ids.device_id"] } },
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.match(answer.headers.get("x-warning") ?? "", /does not know this end device/);
  }
});

test("the configuration lists frequency plans, versions and bands to anyone", async (t) => {
  const stack = await start(t);
  const get = async (path: string) => {
    const response = await fetch(`${stack.url}/configuration/${path}`);
    const body: ReturnType<typeof JSON.parse> = await response.json();
    return { status: response.status, body };
  };
  const { body: plans } = await get("frequency-plans?base_frequency=868");
  assert.ok(plans.frequency_plans.some(({ id }: { id: string }) => id === "EU_863_870_TTN"));
  assert.ok(plans.frequency_plans.every((plan: { base_frequency: number }) => plan.base_frequency === 868));
  const { body: ofBand } = await get("frequency-plans?band_id=US_902_928");
  assert.ok(ofBand.frequency_plans.length > 0);
  assert.ok(ofBand.frequency_plans.every((plan: { band_id: string }) => plan.band_id === "US_902_928"));
  const { body: versions } = await get("phy-versions?band_id=EU_863_870");
  assert.ok(versions.version_info[0].phy_versions.includes("PHY_V1_0_3_REV_A"));
  const { body: all } = await get("bands");
  const every = (await get("phy-versions")).body.version_info;
  assert.deepEqual(
    Object.keys(all.descriptions).sort(),
    every.map(({ band_id }: { band_id: string }) => band_id).sort(),
  );
  for (const { band_id, phy_versions } of every) {
    assert.deepEqual(Object.keys(all.descriptions[band_id].band).sort(), [...phy_versions].sort(), band_id);
  }
  const { body: one } = await get("bands/EU_863_870/PHY_V1_0_3_REV_A");
  const band = one.descriptions.EU_863_870.band.PHY_V1_0_3_REV_A;
  assert.equal(band.max_uplink_channels, 16);
  assert.equal(band.data_rates["5"].rate.lora.spreading_factor, 7);
  assert.equal(band.default_rx2_parameters.frequency, "869525000");
  assert.equal((await get("bands/XX")).status, 404);
  assert.equal((await get("bands/EU_863_870/PHY_V1_0_3_REV_Z")).status, 400);
});

test("what `ttn-lw-cli` asks of the Network Server without its key is answered to anyone", async (t) => {
  const stack = await start(t);
  const defaults = "/ns/default_mac_settings/EU_863_870/PHY_V1_0_3_REV_A";
  for (const path of ["/ns/net_id", "/ns/dev_addr_prefixes", defaults]) {
    assert.equal((await fetch(`${stack.url}${path}`)).status, 200, path);
  }
  assert.equal((await fetch(`${stack.url}/ns/dev_addr`)).status, 401);
});

test("devices cannot be claimed, and clients that ask before they delete one are told so", async (t) => {
  const stack = await start(t);
  const body = { join_eui: "70B3D57ED0000001" };
  const one = await stack.call("POST", "/edcs/claim/info", { body });
  assert.deepEqual(one.body, body);
  const both = { requests: [body, { join_eui: "70B3D57ED0000002" }] };
  const batch = await stack.call("POST", "/edcs/claim/info/batch", { body: both });
  assert.deepEqual(batch.body, { infos: both.requests });
  assert.equal(
    errorOf(await stack.call("POST", "/edcs/claim", { body: {} })),
    "skylark/rpc:not_in_this_release",
  );
});

test("an error names a device as the API does", async (t) => {
  const stack = await start(t);
  const { body } = await stack.call("GET", "/as/applications/app1/devices/nobody/down");
  assert.deepEqual(body.details[0].attributes, { device_uid: "app1.nobody" });
});
