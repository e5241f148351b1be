import assert from "node:assert/strict";
import { test } from "node:test";
import { startV2Stack } from "./v2-surface.fixture.ts";

test("the handler's HTTP proxy manages an application and its devices in JSON", async (t) => {
  const stack = await startV2Stack(t, ["--v2.handler-http.listen=127.0.0.1:0"]);
  assert.equal(stack.announcement.apiAddress, `http://localhost:${stack.ports.v2HandlerHttp}`);
  const key = await stack.keyWith("RIGHT_APPLICATION_ALL");
  const call = async (verb: string, path: string, content?: object, authorization = `Key ${key}`) => {
    const response = await fetch(`${stack.announcement.apiAddress}${path}`, {
      method: verb,
      headers: { authorization },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
    // As clients in JavaScript read it.
    const body: ReturnType<typeof JSON.parse> = await response.json();
    return { status: response.status, headers: response.headers, body };
  };
  assert.deepEqual((await call("GET", "/applications/my-app")).body, { app_id: "my-app" });
  const decoder = "function Decoder(bytes) { return {}; }";
  assert.equal((await call("PUT", "/applications/my-app", { decoder })).status, 200);
  assert.deepEqual((await call("GET", "/applications/my-app", undefined, `Bearer ${key}`)).body, {
    app_id: "my-app",
    decoder,
    payload_format: "custom",
  });
  const lorawan_device = {
    app_eui: "0102030405060708",
    dev_eui: "0102030405060708",
    app_key: "0102030405060708090A0B0C0D0E0F10",
  };
  const device = { dev_id: "dev1", description: "a device", lorawan_device };
  assert.equal((await call("POST", "/applications/my-app/devices", device)).status, 200);
  assert.equal(
    (
      await call("PUT", "/applications/my-app/devices/dev2", {
        lorawan_device: { ...lorawan_device, dev_eui: "0102030405060709" },
      })
    ).status,
    200,
  );
  const shown = (await call("GET", "/applications/my-app/devices/dev1")).body;
  assert.equal(shown.description, "a device");
  assert.equal(shown.lorawan_device.dev_eui, "0102030405060708");
  assert.equal(shown.lorawan_device.app_key, lorawan_device.app_key);
  const list = await call("GET", "/applications/my-app/devices?limit=1&offset=1");
  assert.deepEqual(
    list.body.devices.map((each: { dev_id: string }) => each.dev_id),
    ["dev2"],
  );
  assert.equal(list.headers.get("grpc-metadata-total"), "2");
  assert.equal(list.headers.get("grpc-metadata-selected"), "1");
  assert.equal((await call("DELETE", "/applications/my-app/devices/dev1")).status, 200);
  assert.equal((await call("GET", "/applications/my-app/devices/dev1")).status, 404);
  assert.equal((await call("GET", "/applications/my-app", undefined, "")).status, 400);
  assert.equal((await call("GET", "/applications/my-app", undefined, "Key nonsense")).status, 403);
  const found = await call("GET", "/announcements/handler/ttn-handler-skylark", undefined, "");
  assert.equal(found.body.certificate, stack.announcement.certificate);
  assert.equal((await call("GET", "/nothing")).status, 404);
  assert.equal((await call("DELETE", "/applications/my-app")).status, 200);
  assert.equal((await call("GET", "/applications/my-app")).status, 404);
});
