import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  type ApplicationIdentifiers,
  ApplicationIdentifiersSchema,
  ApplicationUpSchema,
  create,
  fromBinary,
  toBinary,
} from "@skylark/api";
import { connectAsync } from "mqtt";
import { startTestStack } from "./running-stack.fixture.ts";

const timeout = { timeout: 30_000 };

/** A client that only listens, with a key of an application. */
async function listener(t: TestContext, args: readonly string[] = []) {
  const stack = await startTestStack(t, ["--as.mqtt.listen=127.0.0.1:0", ...args]);
  const application = { application: { ids: { application_id: "app1" } } };
  await stack.call("POST", "/users/admin/applications", { body: application });
  const key = await stack.call("POST", "/applications/app1/api-keys", {
    body: { name: "mqtt", rights: ["RIGHT_APPLICATION_TRAFFIC_READ"] },
  });
  assert.equal(key.status, 200, JSON.stringify(key.body));
  const client = await connectAsync({
    host: "127.0.0.1",
    port: stack.ports.mqtt ?? 0,
    username: "app1",
    password: key.body.key,
    reconnectPeriod: 0,
  });
  t.after(() => client.endAsync(true));
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  /** Well before the client's own turn to be checked. */
  const isClosedSoon = () =>
    Promise.race([
      closed.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 4000).unref()),
    ]);
  return { stack, keyId: key.body.id as string, isClosedSoon };
}

test(
  "an MQTT client is cut off when its key expires, also where the end was set later",
  timeout,
  async (t) => {
    const { stack, keyId, isClosedSoon } = await listener(t);
    const expires_at = new Date(Date.now() + 1000).toISOString();
    const changed = await stack.call("PUT", `/applications/app1/api-keys/${keyId}`, {
      body: { api_key: { expires_at }, field_mask: { paths: ["expires_at"] } },
    });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.equal(await isClosedSoon(), true);
  },
);

test(
  "who subscribed to messages over gRPC hears no more once the key is gone, and is told why",
  timeout,
  async (t) => {
    const { stack } = await listener(t);
    const key = await stack.call("POST", "/applications/app1/api-keys", {
      body: { name: "grpc", rights: ["RIGHT_APPLICATION_TRAFFIC_READ"] },
    });
    const client = new Client(`127.0.0.1:${stack.grpcPort}`, credentials.createInsecure());
    t.after(() => client.close());
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${key.body.key}`);
    const stream = client.makeServerStreamRequest(
      "/ttn.lorawan.v3.AppAs/Subscribe",
      (ids: ApplicationIdentifiers) => Buffer.from(toBinary(ApplicationIdentifiersSchema, ids)),
      (bytes) => fromBinary(ApplicationUpSchema, bytes),
      create(ApplicationIdentifiersSchema, { applicationId: "app1" }),
      metadata,
    );
    await new Promise((resolve) => stream.once("metadata", resolve));
    const ended = new Promise<ServiceError>((resolve) => stream.once("error", resolve));
    stream.resume();
    assert.equal((await stack.call("DELETE", `/applications/app1/api-keys/${key.body.id}`)).status, 200);
    const { code, details } = await ended;
    assert.deepEqual([code, /api_key_not_found/.test(details)], [status.UNAUTHENTICATED, true], details);
  },
);

test("an MQTT client is cut off at once when its key is deleted", timeout, async (t) => {
  const { stack, keyId, isClosedSoon } = await listener(t);
  assert.equal((await stack.call("DELETE", `/applications/app1/api-keys/${keyId}`)).status, 200);
  assert.equal(await isClosedSoon(), true);
});

test("MQTT clients of a tenant are cut off at once when it is suspended", timeout, async (t) => {
  const tenantKey = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  const { stack, isClosedSoon } = await listener(t, [
    "--tenancy.enabled=true",
    `--tenancy.admin-keys=${tenantKey}`,
  ]);
  const suspended = await stack.call("PUT", "/tenants/default", {
    headers: { authorization: `TenantAdminKey ${tenantKey}` },
    body: { tenant: { state: "STATE_SUSPENDED" }, field_mask: { paths: ["state"] } },
  });
  assert.equal(suspended.status, 200, JSON.stringify(suspended.body));
  assert.equal(await isClosedSoon(), true);
});
