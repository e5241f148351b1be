import assert from "node:assert/strict";
import { AsyncResource } from "node:async_hooks";
import { test } from "node:test";
import { authenticationOf, type CallOrigin, currentCallOrigin, runWithCallOrigin } from "./call-origin.ts";

const origin: CallOrigin = {
  correlationIds: ["rpc:1"],
  remoteAddress: "192.0.2.1",
  userAgent: "test",
  authentication: undefined,
};

test("a call's origin is seen in its handler, also after waiting, and nowhere else", async () => {
  assert.equal(currentCallOrigin(), undefined);
  let later: (() => CallOrigin | undefined) | undefined;
  const seen = await runWithCallOrigin(origin, async () => {
    later = AsyncResource.bind(() => currentCallOrigin());
    await new Promise((resolve) => setImmediate(resolve));
    return currentCallOrigin();
  });
  assert.equal(seen, origin);
  assert.equal(currentCallOrigin(), undefined);
  assert.equal(later?.(), undefined, "what a call leaves behind is not its doing once it has answered");
});

test("an origin ends with a handler that fails, and calls side by side do not mix", async () => {
  let leak: (() => CallOrigin | undefined) | undefined;
  assert.throws(
    () =>
      runWithCallOrigin(origin, (): void => {
        leak = AsyncResource.bind(() => currentCallOrigin());
        throw new Error("failed");
      }),
    /failed/,
  );
  assert.equal(leak?.(), undefined);
  const other = { ...origin, correlationIds: ["rpc:2"] };
  const wait = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return currentCallOrigin()?.correlationIds[0];
  };
  assert.deepEqual(await Promise.all([runWithCallOrigin(origin, wait), runWithCallOrigin(other, wait)]), [
    "rpc:1",
    "rpc:2",
  ]);
});

test("a credential shows its type and identifier and never its secret", () => {
  assert.deepEqual(authenticationOf("Bearer NNSXS.ABC.SECRET"), {
    type: "Bearer",
    tokenType: "APIKey",
    tokenId: "ABC",
  });
  assert.equal(authenticationOf("bearer ONZW4.ID.SECRET")?.tokenType, "SessionToken");
  for (const text of ["Bearer something", "Bearer NNSXS.ABC", "Bearer NNSXS.A.B.C", "Bearer toString.a.b"]) {
    assert.deepEqual(authenticationOf(text), { type: "Bearer", tokenType: "", tokenId: "" }, text);
  }
  for (const text of [undefined, "", "NNSXS.ABC.SECRET", "SECRET.WORD x", `Bearer ${"x".repeat(2000)}`]) {
    assert.equal(authenticationOf(text), undefined, String(text));
  }
});
