import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { create, EndDeviceSchema } from "@skylark/api";
import type { RunningSample } from "./http-platform.fixture.ts";
import { startSample } from "./http-platform.fixture.ts";

const device = "/api/v3/applications/app1/devices/dev1";
const large = "/api/v3/applications/app1/devices/large?field_mask=description";

describe("the frame of HTTP", () => {
  let sample: RunningSample;
  before(async () => {
    sample = await startSample();
    const ids = { deviceId: "large", applicationIds: { applicationId: "app1" } };
    sample.devices.set("large", create(EndDeviceSchema, { ids, description: "ü and more ".repeat(150) }));
  });
  after(() => sample.listener.close(0));

  const rawGet = (path: string, headers = "") =>
    sample.raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`);

  test("compresses a large answer for who takes it", async () => {
    const [head = "", body = ""] = (await rawGet(large, "Accept-Encoding: br, gzip\r\n")).split(
      "\r\n\r\n",
      2,
    );
    assert.match(head, /^HTTP\/1\.1 200 /);
    assert.match(head, /\r\nContent-Encoding: gzip\r\n/);
    const whole = (await rawGet(large)).split("\r\n\r\n")[1] ?? "";
    const raw = Buffer.from(body, "latin1");
    assert.equal(Number(/Content-Length: (\d+)/.exec(head)?.[1]), raw.length);
    assert.ok(raw.length < whole.length / 2);
    assert.equal(gunzipSync(raw).toString("latin1"), whole);
  });

  test("leaves a small answer, and one for who does not take it, as it is", async () => {
    assert.doesNotMatch(await rawGet(device, "Accept-Encoding: gzip\r\n"), /Content-Encoding/);
    assert.doesNotMatch(await rawGet(large), /Content-Encoding/);
    assert.doesNotMatch(await rawGet(large, "Accept-Encoding: gzip;q=0, br\r\n"), /Content-Encoding/);
  });

  test("takes metadata of gRPC as headers", async () => {
    await sample.fetch(device, { headers: { "Grpc-Metadata-X-Skylark-Cascade": "none" } });
    assert.equal(sample.lastCall?.header("x-skylark-cascade"), "none");
    const refused = await sample.fetch(device, {
      headers: { "Grpc-Metadata-Authorization": "Bearer malformed" },
    });
    assert.equal(refused.status, 400);
  });

  test("believes X-Real-IP of a proxy nearby", async () => {
    await sample.fetch(device, { headers: { "X-Real-IP": "203.0.113.9" } });
    assert.equal(sample.lastCall?.remoteAddress, "203.0.113.9");
    await sample.fetch(device, { headers: { "X-Real-IP": "not an address" } });
    assert.equal(sample.lastCall?.remoteAddress, "127.0.0.1");
  });

  describe("takes the session of a browser from its cookie", () => {
    const token = "a-token-of-the-browser";
    const cookie = `other=1; _session=admin; _csrf=${token}`;
    const remove = (headers: Record<string, string>) =>
      sample.fetch(device.replace("dev1", "dev7"), { method: "DELETE", headers });

    test("to read", async () => {
      assert.equal((await sample.fetch(device, { headers: { Cookie: cookie } })).status, 200);
      const refused = await sample.fetch(device, { headers: { Cookie: "_session=malformed" } });
      assert.equal(refused.status, 400);
    });

    test("to write, when the request shows that it is no other site's", async () => {
      assert.equal((await remove({ Cookie: cookie, "X-CSRF-Token": token })).status, 200);
      for (const headers of [
        { Cookie: cookie },
        { Cookie: cookie, "X-CSRF-Token": "another-token-of-those" },
        { Cookie: "_session=admin", "X-CSRF-Token": "" },
        { Cookie: "_session=admin; _csrf=", "X-CSRF-Token": "" },
      ] as Record<string, string>[]) {
        const response = await remove(headers);
        assert.equal(response.status, 403);
        assert.match(await response.text(), /invalid_csrf_token/);
      }
    });

    test("but not when there is an Authorization header", async () => {
      const headers = { Cookie: cookie, Authorization: "Bearer reader" };
      const response = await remove(headers);
      assert.match(await response.text(), /insufficient_application_rights/);
    });
  });
});
