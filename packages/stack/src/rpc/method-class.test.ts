import assert from "node:assert/strict";
import { test } from "node:test";
import { httpBindings, registry } from "@skylark/api";
import { isReading, rateLimitClassOf } from "./method-class.ts";

const methods = [...registry].flatMap((type) => (type.kind === "service" ? type.methods : []));

function classOf(service: string, name: string): string | undefined {
  const method = methods.find(({ parent, name: own }) => parent.name === service && own === name);
  return method && rateLimitClassOf(method);
}

test("what is only a GET over HTTP only looks", () => {
  // Each call takes an address from the pool that is handed out.
  const exceptions = new Set(["GenerateDevAddr"]);
  const wrong = methods.filter((method) => {
    const bindings = httpBindings(method.parent).filter((binding) => binding.method === method);
    const isGet = bindings.length > 0 && bindings.every(({ verb }) => verb === "GET");
    return isGet && method.methodKind === "unary" && !isReading(method) && !exceptions.has(method.name);
  });
  assert.deepEqual(wrong.map(String), []);
});

test("what is a PUT or DELETE over HTTP does not only look", () => {
  const wrong = methods.filter((method) => {
    const bindings = httpBindings(method.parent).filter((binding) => binding.method === method);
    return bindings.some(({ verb }) => verb === "PUT" || verb === "DELETE") && isReading(method);
  });
  assert.deepEqual(wrong.map(String), []);
});

test("methods are counted by what they do", () => {
  assert.equal(classOf("ApplicationRegistry", "Get"), "reads");
  assert.equal(classOf("ApplicationRegistry", "Create"), "writes");
  assert.equal(classOf("EndDeviceClaimingServer", "AuthorizeApplication"), "writes");
  assert.equal(classOf("AppAs", "DownlinkQueuePush"), "downlinks");
  assert.equal(classOf("AppAs", "DownlinkQueueList"), "reads");
  assert.equal(classOf("Events", "Stream"), "streams");
  assert.equal(classOf("UserRegistry", "UpdatePassword"), "attempts");
});
