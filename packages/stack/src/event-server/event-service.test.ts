import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { test } from "node:test";
import { defineEvent } from "../events/events.ts";
import {
  errorName,
  startIdentityServer,
  type TestServer,
} from "../identity-server/identity-server.fixture.ts";

const trafficEvent = defineEvent("test.traffic", "test", ["RIGHT_APPLICATION_TRAFFIC_READ"]);
const infoEvent = defineEvent("test.info", "test", ["RIGHT_APPLICATION_INFO"]);

const ids = { tenantId: "default", applicationId: "app1", deviceId: "dev1" };
const deviceIdentifiers = [
  { device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } } },
];

interface Opened {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The next item of the stream. */
  next(): Promise<{ readonly name: string } & Readonly<Record<string, unknown>>>;
  close(): void;
}

function openStream(
  server: TestServer,
  key: string,
  body: object,
  accept = "application/json",
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      port: server.port,
      host: "127.0.0.1",
      method: "POST",
      path: "/api/v3/events",
      headers: { Authorization: `Bearer ${key}`, Accept: accept },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      const items: { name: string }[] = [];
      const waiting: ((item: { name: string }) => void)[] = [];
      response.on("error", () => {});
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const lines = text.split("\n");
        text = lines.pop() ?? "";
        for (const line of lines.filter((each) => each !== "")) {
          const item = JSON.parse(line).result;
          const waiter = waiting.shift();
          if (waiter === undefined) items.push(item);
          else waiter(item);
        }
      });
      resolve({
        headers: response.headers,
        next: async () => items.shift() ?? new Promise((done) => waiting.push(done)),
        close: () => request.destroy(),
      });
    });
    request.end(JSON.stringify(body));
  });
}

async function withApplication(t: Parameters<typeof startIdentityServer>[0]) {
  const server = await startIdentityServer(t);
  const create = { application: { ids: { application_id: "app1" } } };
  await server.call("POST", "/users/admin/applications", { key: server.adminKey, body: create });
  const createKey = async (...rights: string[]) => {
    const request = { key: server.adminKey, body: { rights } };
    return (await server.call("POST", "/applications/app1/api-keys", request)).body.key as string;
  };
  return { server, createKey };
}

test("a stream begins with its start and shows what the caller may see", async (t) => {
  const { server, createKey } = await withApplication(t);
  const key = await createKey("RIGHT_APPLICATION_TRAFFIC_READ");
  const stream = await openStream(server, key, { identifiers: deviceIdentifiers }, "text/event-stream");
  t.after(() => stream.close());
  assert.match(String(stream.headers["content-type"]), /^text\/event-stream/);
  const start = await stream.next();
  assert.equal(start.name, "events.stream.start");
  assert.deepEqual(start.identifiers, deviceIdentifiers);
  server.events.publish(infoEvent, { kind: "device", ids });
  server.events.publish(trafficEvent, { kind: "device", ids: { ...ids, deviceId: "dev2" } });
  server.events.publish(trafficEvent, { kind: "device", ids }, () => ({
    correlationIds: ["as:up:1"],
    data: { typeName: "ttn.lorawan.v3.ApplicationIdentifiers", json: { application_id: "app1" } },
  }));
  const event = await stream.next();
  assert.equal(event.name, "test.traffic");
  assert.deepEqual(event.identifiers, deviceIdentifiers);
  assert.deepEqual(event.correlation_ids, ["as:up:1"]);
  assert.deepEqual(event.visibility, { rights: ["RIGHT_APPLICATION_TRAFFIC_READ"] });
  assert.equal(event.origin, "test-host");
  assert.deepEqual(event.data, {
    "@type": "type.googleapis.com/ttn.lorawan.v3.ApplicationIdentifiers",
    application_id: "app1",
  });
  assert.deepEqual(event.context, { "tenant-id": Buffer.from("default").toString("base64") });
});

test("names select events, and the start says which", async (t) => {
  const { server } = await withApplication(t);
  const body = { identifiers: [{ application_ids: { application_id: "app1" } }], names: ["/^test\\.i/"] };
  const stream = await openStream(server, server.adminKey, body);
  t.after(() => stream.close());
  assert.deepEqual((await stream.next()).data, {
    "@type": "type.googleapis.com/google.protobuf.Value",
    value: ["test.info"],
  });
  server.events.publish(trafficEvent, { kind: "device", ids });
  server.events.publish(infoEvent, { kind: "device", ids });
  assert.equal((await stream.next()).name, "test.info");
});

test("history is not kept: asking for it warns, and related events cannot be found", async (t) => {
  const { server } = await withApplication(t);
  const body = { identifiers: deviceIdentifiers, tail: 5 };
  const stream = await openStream(server, server.adminKey, body);
  t.after(() => stream.close());
  assert.equal(stream.headers["x-warning"], "Events storage is not enabled");
  const related = await server.call("GET", "/events/related?correlation_id=x", { key: server.adminKey });
  assert.equal(errorName(related), "pkg/events/grpc:storage_disabled");
});

test("a stream that cannot begin answers with its error", async (t) => {
  const { server, createKey } = await withApplication(t);
  const post = (key: string | undefined, body: object) =>
    server.call("POST", "/events", key === undefined ? { body } : { key, body });
  assert.equal(errorName(await post(server.adminKey, {})), "pkg/events/grpc:no_identifiers");
  assert.equal(
    errorName(await post(undefined, { identifiers: deviceIdentifiers })),
    "pkg/rpcmetadata:unauthenticated",
  );
  const unknown = await post(await createKey("RIGHT_APPLICATION_INFO"), {
    identifiers: deviceIdentifiers,
    names: ["no.such.event"],
  });
  assert.equal(unknown.status, 400);
  assert.equal(errorName(unknown), "pkg/events:unknown_event_name");
});

test("a closed stream leaves no subscription behind", async (t) => {
  const { server } = await withApplication(t);
  const stream = await openStream(server, server.adminKey, { identifiers: deviceIdentifiers });
  await stream.next();
  let built = 0;
  const publish = () =>
    server.events.publish(infoEvent, { kind: "device", ids }, () => {
      built++;
      return {};
    });
  publish();
  assert.equal(built, 1);
  stream.close();
  for (let wait = 0; wait < 100 && built > 0; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    built = 0;
    publish();
  }
  assert.equal(built, 0);
});

test("bands, versions and frequency plans are public", async (t) => {
  const server = await startIdentityServer(t);
  const plans = await server.call("GET", "/configuration/frequency-plans?base_frequency=868");
  assert.deepEqual(
    plans.body.frequency_plans.map(({ id }: { id: string }) => id),
    ["EU_863_870", "EU_863_870_TTN"],
  );
  const versions = await server.call("GET", "/configuration/phy-versions?band_id=EU_863_870");
  assert.ok(versions.body.version_info[0].phy_versions.includes("PHY_V1_0_2_REV_B"));
  const band = await server.call("GET", "/configuration/bands/EU_863_870/PHY_V1_0_2_REV_B");
  const described = band.body.descriptions.EU_863_870.band.PHY_V1_0_2_REV_B;
  assert.equal(described.default_rx2_parameters.frequency, "869525000");
  assert.equal(described.receive_delay_1, "1s");
  const all = await server.call("GET", "/configuration/bands");
  assert.deepEqual(Object.keys(all.body.descriptions), ["EU_863_870", "US_902_928"]);
  const none = await server.call("GET", "/configuration/bands/MARS");
  assert.equal(none.status, 404);
});

test("a stream shows nothing more once its key lost the right, and ends when the key is deleted", async (t) => {
  const { server } = await withApplication(t);
  const admin = { key: server.adminKey };
  const rights = ["RIGHT_APPLICATION_TRAFFIC_READ", "RIGHT_APPLICATION_INFO"];
  const created = (await server.call("POST", "/applications/app1/api-keys", { ...admin, body: { rights } }))
    .body;
  const stream = await openStream(server, created.key, { identifiers: deviceIdentifiers });
  t.after(() => stream.close());
  await stream.next();
  const path = `/applications/app1/api-keys/${created.id}`;
  const body = { api_key: { rights: ["RIGHT_APPLICATION_INFO"] }, field_mask: "rights" };
  await server.call("PUT", path, { ...admin, body });
  server.events.publish(trafficEvent, { kind: "device", ids });
  server.events.publish(infoEvent, { kind: "device", ids });
  assert.equal((await stream.next()).name, "test.info");
  await server.call("DELETE", path, admin);
  server.events.publish(infoEvent, { kind: "device", ids });
  assert.equal(await stream.next(), undefined);
});
