import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { activationOf, DeviceSession, deviceIdentity } from "@skylark/testkit";
import { Arrivals } from "./arrivals.ts";
import { nextFrame, PacketForwarder } from "./packet-forwarder.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// The JavaScript SDK of The Things Stack (`ttn-lw` on npm), as published, against the whole stack.

/** What the API calls an entity, and what tests ask of one. The SDK has no types of its own. */
interface Entity {
  readonly ids?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

interface Event {
  readonly name: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Subscription {
  on(name: "start" | "close", listener: () => void): this;
  on(name: "chunk", listener: (event: Event) => void): this;
  on(name: "error", listener: (error: unknown) => void): this;
}

interface Key {
  readonly id: string;
  readonly key?: string;
  readonly name?: string;
  readonly rights: readonly string[];
}

type ListOf<Name extends string> = Readonly<Record<Name, readonly Entity[]>> & {
  readonly totalCount: number;
};
type Pages = Readonly<Record<string, unknown>>;

interface Registry<Plural extends string> {
  create(ownerId: string, entity: object): Promise<Entity>;
  getById(id: string, selector?: string | readonly string[]): Promise<Entity>;
  getAll(params?: Pages, selector?: string | readonly string[]): Promise<ListOf<Plural>>;
  search(params: Pages, selector?: readonly string[]): Promise<ListOf<Plural>>;
  updateById(id: string, patch: object): Promise<Entity>;
  deleteById(id: string): Promise<object>;
  getRightsById(id: string): Promise<{ readonly rights: readonly string[] }>;
  openStream(identifiers: readonly unknown[], tail?: number, after?: string): Promise<Subscription>;
  readonly ApiKeys: {
    create(id: string, key: object): Promise<Key>;
    getById(id: string, keyId: string): Promise<Key>;
    getAll(id: string): Promise<{ readonly api_keys: readonly Key[]; readonly totalCount: number }>;
    updateById(id: string, keyId: string, patch: object): Promise<Key>;
    deleteById(id: string, keyId: string): Promise<object>;
  };
  readonly Collaborators: {
    getAll(id: string): Promise<ListOf<"collaborators">>;
    getByUserId(id: string, userId: string): Promise<Entity>;
    add(id: string, collaborator: object): Promise<object>;
    remove(id: string, collaborator: object): Promise<object>;
  };
}

interface Devices {
  create(applicationId: string, device: object): Promise<Entity>;
  getById(applicationId: string, deviceId: string, selector: readonly string[]): Promise<Entity>;
  getAll(applicationId: string, params: Pages, selector: readonly string[]): Promise<ListOf<"end_devices">>;
  search(applicationId: string, params: Pages): Promise<ListOf<"end_devices">>;
  updateById(applicationId: string, deviceId: string, patch: object): Promise<Entity>;
  deleteById(applicationId: string, deviceId: string): Promise<object>;
  openStream(identifiers: readonly object[], tail?: number): Promise<Subscription>;
  readonly DownlinkQueue: {
    list(applicationId: string, deviceId: string): Promise<ListOf<"downlinks">>;
    push(applicationId: string, deviceId: string, downlinks: readonly object[]): Promise<object>;
    replace(applicationId: string, deviceId: string, downlinks: readonly object[]): Promise<object>;
  };
}

interface Sdk {
  readonly Applications: Registry<"applications"> & {
    readonly Devices: Devices;
    readonly Link: {
      get(applicationId: string, selector: readonly string[]): Promise<Entity>;
      set(applicationId: string, link: object): Promise<Entity>;
      delete(applicationId: string): Promise<object>;
    };
    getMqttConnectionInfo(applicationId: string): Promise<Entity>;
  };
  readonly Gateways: Registry<"gateways">;
  readonly Organizations: Registry<"organizations">;
  readonly Users: Pick<Registry<"users">, "getAll" | "getById" | "search" | "updateById" | "deleteById">;
  readonly Configuration: {
    listNsFrequencyPlans(): Promise<ListOf<"frequency_plans">>;
    listGsFrequencyPlans(): Promise<ListOf<"frequency_plans">>;
  };
  readonly Js: { listJoinEUIPrefixes(): Promise<ListOf<"prefixes">> };
  readonly Ns: { generateDevAddress(): Promise<{ readonly dev_addr: string }> };
  readonly Auth: { getAuthInfo(): Promise<Entity> };
  subscribe(event: "warning", listener: (warning: string) => void): void;
}

interface SdkOptions {
  readonly stackConfig: Readonly<Record<string, string>>;
  readonly connectionType: "http";
  readonly defaultUserId: string;
}

const { default: TtnLw } = createRequire(import.meta.url)("ttn-lw") as {
  readonly default: new (token: string, options: SdkOptions) => Sdk;
};

let stack: StackProcess;
let sdk: Sdk;

before(async () => {
  stack = await startStackProcess();
  const url = `http://127.0.0.1:${stack.httpPort}/api/v3`;
  const components = ["as", "is", "ns", "js", "gs"].map((name) => [name, url]);
  sdk = new TtnLw(stack.adminKey, {
    stackConfig: Object.fromEntries(components),
    connectionType: "http",
    defaultUserId: "admin",
  });
  await sdk.Applications.create("admin", { ids: { application_id: "app1" }, name: "First" });
});

after(() => stack?.kill());

/** How the SDK throws what the API answers. */
const apiError = (code: number, name: string) => (error: unknown) => {
  const { code: given, details } = error as { code: number; details: readonly { name: string }[] };
  assert.deepEqual([given, details[0]?.name], [code, name]);
  return true;
};

/** The events of a subscription. Its `close()` fails in Node (`reader.cancel` is of browsers), so the stack ends it. */
function eventsOf(subscription: Subscription): Arrivals<Event> {
  const events = new Arrivals<Event>();
  subscription.on("chunk", (event) => events.add(event));
  subscription.on("error", (error) => events.end(new Error("the stream failed", { cause: error })));
  return events;
}

const started = (events: Arrivals<Event>) => events.first(({ name }) => name === "events.stream.start");

describe("the JavaScript SDK", () => {
  it("manages applications", async () => {
    const created = await sdk.Applications.create("admin", { ids: { application_id: "app2" }, name: "Two" });
    assert.deepEqual(created.ids, { application_id: "app2" });
    const updated = await sdk.Applications.updateById("app2", {
      name: "Second",
      attributes: { site: "north" },
    });
    assert.equal(updated.name, "Second");
    assert.equal((await sdk.Applications.getById("app2", "name,attributes")).name, "Second");
    const first = await sdk.Applications.getAll({ limit: 1, page: 1, order: "application_id" }, ["name"]);
    assert.equal(first.applications.length, 1);
    assert.equal(first.totalCount, 2);
    const found = await sdk.Applications.search({ id_contains: "app2" }, ["name"]);
    assert.deepEqual(
      found.applications.map(({ name }) => name),
      ["Second"],
    );
    assert.ok((await sdk.Applications.getRightsById("app2")).rights.includes("RIGHT_APPLICATION_ALL"));
    await sdk.Applications.deleteById("app2");
    await assert.rejects(sdk.Applications.getById("app2", "name"), apiError(5, "application_not_found"));
  });

  it("manages API keys and collaborators", async () => {
    const { ApiKeys, Collaborators } = sdk.Applications;
    const key = await ApiKeys.create("app1", { name: "reader", rights: ["RIGHT_APPLICATION_INFO"] });
    assert.match(key.key ?? "", /^NNSXS\./);
    await ApiKeys.updateById("app1", key.id, { name: "renamed", rights: ["RIGHT_APPLICATION_LINK"] });
    const { rights, key: secret } = await ApiKeys.getById("app1", key.id);
    assert.deepEqual(rights, ["RIGHT_APPLICATION_LINK"]);
    assert.equal(secret, undefined);
    assert.equal((await ApiKeys.getAll("app1")).totalCount, 1);
    await ApiKeys.deleteById("app1", key.id);
    assert.equal((await ApiKeys.getAll("app1")).totalCount, 0);

    await sdk.Organizations.create("admin", { ids: { organization_id: "org1" } });
    const organization = { ids: { organization_ids: { organization_id: "org1" } } };
    await Collaborators.add("app1", { ...organization, rights: ["RIGHT_APPLICATION_INFO"] });
    assert.equal((await Collaborators.getAll("app1")).totalCount, 2);
    assert.deepEqual((await Collaborators.getByUserId("app1", "admin")).ids, {
      user_ids: { user_id: "admin" },
    });
    await Collaborators.remove("app1", organization);
    assert.equal((await Collaborators.getAll("app1")).totalCount, 1);
  });

  it("manages gateways, organizations and users", async () => {
    const frequencyPlan = "EU_863_870_TTN";
    const gateway = {
      ids: { gateway_id: "gtw1", eui: "0102030405060708" },
      frequency_plan_id: frequencyPlan,
    };
    assert.deepEqual((await sdk.Gateways.create("admin", gateway)).ids, gateway.ids);
    await sdk.Gateways.updateById("gtw1", { name: "Roof", antennas: [{ gain: 3, location: {} }] });
    const shown = await sdk.Gateways.getById("gtw1", ["name", "antennas", "frequency_plan_id"]);
    assert.deepEqual([shown.name, shown.frequency_plan_id], ["Roof", frequencyPlan]);
    assert.equal((await sdk.Gateways.getAll({}, ["name"])).totalCount, 1);
    await sdk.Gateways.deleteById("gtw1");

    await sdk.Organizations.updateById("org1", { name: "One" });
    assert.equal((await sdk.Organizations.getById("org1", "name")).name, "One");
    assert.equal((await sdk.Organizations.search({ query: "org" })).totalCount, 1);
    await sdk.Users.updateById("admin", { name: "Administrator" });
    const admin = await sdk.Users.getById("admin", "name,state,admin");
    assert.deepEqual([admin.name, admin.state, admin.admin], ["Administrator", "STATE_APPROVED", true]);
    assert.equal((await sdk.Users.getAll({}, ["state"])).totalCount, 1);
  });

  it("registers devices on all servers, reads them as one, and deletes them everywhere", async () => {
    const { Devices } = sdk.Applications;
    const host = "127.0.0.1";
    const appKey = "0123456789ABCDEF0123456789ABCDEF";
    await Devices.create("app1", {
      ids: { device_id: "otaa1", dev_eui: "70B3D57ED0000001", join_eui: "0000000000000001" },
      supports_join: true,
      network_server_address: host,
      application_server_address: host,
      join_server_address: host,
      lorawan_version: "MAC_V1_0_3",
      lorawan_phy_version: "PHY_V1_0_3_REV_A",
      frequency_plan_id: "EU_863_870_TTN",
      root_keys: { app_key: { key: appKey } },
      mac_settings: { rx1_delay: "RX_DELAY_5" },
    });
    await Devices.updateById("app1", "otaa1", {
      name: "Door",
      formatters: { up_formatter: "FORMATTER_CAYENNELPP" },
    });
    const fields = ["name", "root_keys", "frequency_plan_id", "formatters", "lorawan_version"];
    const device = await Devices.getById("app1", "otaa1", fields);
    assert.deepEqual([device.name, device.frequency_plan_id], ["Door", "EU_863_870_TTN"]);
    assert.deepEqual(device.root_keys, { app_key: { key: appKey } });
    assert.deepEqual(device.formatters, { up_formatter: "FORMATTER_CAYENNELPP" });
    assert.equal((await Devices.getAll("app1", {}, ["name"])).totalCount, 1);
    assert.equal((await Devices.search("app1", { name_contains: "Doo" })).totalCount, 1);
    await Devices.deleteById("app1", "otaa1");
    await assert.rejects(Devices.getById("app1", "otaa1", ["name"]), apiError(5, "end_device_not_found"));
  });

  it("follows an application, a device and a gateway, and queues downlinks", async () => {
    const identity = deviceIdentity(77, 0);
    const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
    assert.ok("abp" in activation);
    const { Devices } = sdk.Applications;
    const session = new DeviceSession({ ...activation.abp, is11: false });
    const keys = { f_nwk_s_int_key: { key: identity.fNwkSIntKey }, app_s_key: { key: identity.appSKey } };
    await Devices.create("app1", {
      ids: { device_id: "abp1", dev_eui: identity.devEui },
      supports_join: false,
      network_server_address: "127.0.0.1",
      application_server_address: "127.0.0.1",
      lorawan_version: "MAC_V1_0_3",
      lorawan_phy_version: "PHY_V1_0_3_REV_A",
      frequency_plan_id: "EU_863_870_TTN",
      session: { dev_addr: identity.devAddr, keys },
    });
    const deviceIds = { device_id: "abp1", application_ids: { application_id: "app1" } };
    const eui = "00800000A0001234";
    await sdk.Gateways.create("admin", {
      ids: { gateway_id: "gtw2", eui },
      frequency_plan_id: "EU_863_870_TTN",
    });
    const application = eventsOf(await sdk.Applications.openStream(["app1"]));
    const device = eventsOf(await Devices.openStream([deviceIds]));
    const gateway = eventsOf(await sdk.Gateways.openStream(["gtw2"]));
    await Promise.all([application, device, gateway].map(started));

    const forwarder = await PacketForwarder.open(stack, eui);
    assert.ok(await forwarder.pushFrames(nextFrame(session, { fPort: 7, payload: Uint8Array.of(1, 2) })));
    const [up] = await Promise.all([
      application.first(({ name }) => name === "as.up.data.forward"),
      device.first(({ name }) => name === "as.up.data.forward"),
      gateway.first(({ name }) => name === "gs.up.receive"),
    ]);
    const { uplink_message: uplink } = up.data as { uplink_message: { f_port: number; frm_payload: string } };
    assert.deepEqual([uplink.f_port, uplink.frm_payload], [7, "AQI="]);

    const queue = Devices.DownlinkQueue;
    await queue.push("app1", "abp1", [{ f_port: 3, frm_payload: "AQI=" }]);
    await queue.replace("app1", "abp1", [{ f_port: 4, frm_payload: "Aw==" }]);
    const { downlinks } = await queue.list("app1", "abp1");
    assert.deepEqual(
      downlinks.map(({ f_port, frm_payload }) => [f_port, frm_payload]),
      [[4, "Aw=="]],
    );
    await device.first(({ name }) => name === "as.down.data.receive");
    await forwarder.close();
  });

  it("links, lists plans and prefixes, issues addresses, and says who it is", async () => {
    const { Link } = sdk.Applications;
    await Link.set("app1", { default_formatters: { up_formatter: "FORMATTER_CAYENNELPP" } });
    assert.deepEqual((await Link.get("app1", ["default_formatters"])).default_formatters, {
      up_formatter: "FORMATTER_CAYENNELPP",
    });
    await Link.delete("app1");
    assert.equal((await sdk.Applications.getMqttConnectionInfo("app1")).username, "app1");
    const { frequency_plans: plans } = await sdk.Configuration.listNsFrequencyPlans();
    assert.ok(plans.some(({ id }) => id === "EU_863_870_TTN"));
    assert.ok((await sdk.Configuration.listGsFrequencyPlans()).frequency_plans.length >= plans.length);
    assert.ok((await sdk.Js.listJoinEUIPrefixes()).prefixes.length > 0);
    assert.match((await sdk.Ns.generateDevAddress()).dev_addr, /^[0-9A-F]{8}$/);
    assert.equal((await sdk.Auth.getAuthInfo()).is_admin, true);
  });

  it("is told of what the server warns of", async () => {
    const warnings: string[] = [];
    sdk.subscribe("warning", (warning) => warnings.push(warning));
    await sdk.Gateways.updateById("gtw2", {
      contact_info: [{ contact_type: "CONTACT_TYPE_TECHNICAL", value: "a@example.com" }],
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /contact_info/);
  });
});
