import assert from "node:assert/strict";
import { test } from "node:test";
import { EndDeviceRegistry } from "@skylark/api";
import { SkylarkError } from "../errors/errors.ts";
import { createSample } from "./http-platform.fixture.ts";
import type { CallerDetails } from "./in-process.ts";

const { create, get, list, update } = EndDeviceRegistry.method;
const admin: CallerDetails = {
  tenantId: "default",
  remoteAddress: "192.0.2.1",
  userAgent: "an SDK",
  authorization: "Bearer admin",
  headers: { "x-skylark-cascade": "true", "x-request-id": "request-1" },
};
const ids = { applicationIds: { applicationId: "app1" }, deviceId: "dev1" };

async function errorNameOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof SkylarkError)) throw error;
    return `${error.definition.namespace}:${error.definition.name}`;
  }
  return "none";
}

test("a method is handled with what is known of the caller", async () => {
  const sample = createSample();
  const { message } = await sample.inProcess.call(
    get,
    { endDeviceIds: ids, fieldMask: { paths: ["name"] } },
    admin,
  );
  assert.equal(message.name, "thermometer");
  const { lastCall } = sample;
  assert.equal(lastCall?.tenantId, "default");
  assert.equal(lastCall?.caller.isAdmin, true);
  assert.equal(lastCall?.remoteAddress, "192.0.2.1");
  assert.equal(lastCall?.userAgent, "an SDK");
  assert.equal(lastCall?.requestId, "request-1");
  assert.equal(lastCall?.header("x-skylark-cascade"), "true");
  assert.match(lastCall?.correlationIds[0] ?? "", /^rpc:\/ttn\.lorawan\.v3\.EndDeviceRegistry\/Get:/);
});

test("what a handler says beside its answer is told", async () => {
  const sample = createSample();
  const answer = await sample.inProcess.call(list, { limit: 1 }, { ...admin, authorization: "Bearer old" });
  assert.equal(answer.totalCount, 1);
  assert.deepEqual(answer.warnings, ["this key is old", "order  ignored"]);
});

test("validation, masks, credentials, rights, limits and handlers throw the errors that others are told", async () => {
  const { inProcess } = createSample({ profiles: { writes: { maxPerMinute: 1, maxBurst: 1 } } });
  const reader = { ...admin, authorization: "Bearer reader" };
  const calls: readonly [call: () => Promise<unknown>, name: string][] = [
    [
      () => inProcess.call(get, { endDeviceIds: { ...ids, deviceId: "NO ID" } }, admin),
      "pkg/errors:validation",
    ],
    [
      () => inProcess.call(get, { endDeviceIds: ids, fieldMask: { paths: ["session"] } }, admin),
      "pkg/rpcmiddleware/validator:field_mask_paths",
    ],
    [
      () => inProcess.call(get, { endDeviceIds: ids }, { ...admin, authorization: "Bearer malformed" }),
      "pkg/auth:token",
    ],
    [
      () => inProcess.call(create, { endDevice: { ids } }, reader),
      "pkg/auth/rights:insufficient_application_rights",
    ],
    [() => inProcess.call(create, { endDevice: { ids } }, reader), "pkg/ratelimit:rate_limit_exceeded"],
    [
      () => inProcess.call(get, { endDeviceIds: { ...ids, deviceId: "dev2" } }, admin),
      "skylark/sample:device_not_found",
    ],
    [
      () => inProcess.call(update, { endDevice: { ids } }, { ...admin, remoteAddress: "192.0.2.2" }),
      "skylark/rpc:not_in_this_release",
    ],
  ];
  for (const [call, name] of calls) assert.equal(await errorNameOf(call()), name);
});
