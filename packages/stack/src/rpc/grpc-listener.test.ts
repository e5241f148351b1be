import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Client, credentials } from "@grpc/grpc-js";
import { EndDeviceRegistry } from "@skylark/api";
import { createSelfSignedCertificate } from "../v2/certificate/self-signed-certificate.ts";
import { listenGrpcLate } from "./grpc-listener.ts";
import { callUnary, toBytes } from "./grpc-platform.fixture.ts";
import { createSample } from "./http-platform.fixture.ts";

const day = 86_400_000;

test("a late port prepares what answers for its first client, once, and again after it failed", async (t) => {
  const tls = createSelfSignedCertificate({
    hosts: ["localhost"],
    organization: "Skylark",
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    randomBytes,
  });
  let prepared = 0;
  const listener = await listenGrpcLate(
    async () => {
      prepared++;
      if (prepared === 1) throw new Error("not this time");
      return { platform: createSample().grpcPlatform, tls };
    },
    { port: 0, host: "127.0.0.1" },
  );
  t.after(() => listener.close(1000));
  assert.equal(prepared, 0);
  const { list } = EndDeviceRegistry.method;
  const call = async () => {
    const client = new Client(`localhost:${listener.port}`, credentials.createSsl(Buffer.from(tls.cert)));
    try {
      return await callUnary(client, list, toBytes(list, {}), { authorization: "Bearer admin" });
    } finally {
      client.close();
    }
  };
  await assert.rejects(call(), /UNAVAILABLE/);
  await Promise.all([call(), call(), call()]);
  assert.equal(prepared, 2);
});
