import assert from "node:assert/strict";
import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect, createServer } from "node:tls";
import { ManualClock } from "../../clock/manual-clock.ts";
import { loadCertificate } from "./certificate-store.ts";
import { encodeInteger, encodeObjectIdentifier, encodeTagged, encodeTime } from "./der.ts";
import { createSelfSignedCertificate } from "./self-signed-certificate.ts";

const year = 365 * 86_400_000;
const request = {
  hosts: ["localhost", "lora.example.com", "127.0.0.1", "::1", "2001:db8::12:ff", "::ffff:1.2.3.4"],
  organization: "Skylark",
  notBefore: new Date("2026-01-01T00:00:00Z"),
  notAfter: new Date("2056-01-01T00:00:00Z"),
  randomBytes,
};

test("an independent reader finds in the certificate what was asked for", () => {
  const { cert, key } = createSelfSignedCertificate(request);
  const certificate = new X509Certificate(cert);
  assert.equal(certificate.subject, "O=Skylark");
  assert.equal(certificate.issuer, "O=Skylark");
  assert.equal(certificate.validFromDate.getTime(), request.notBefore.getTime());
  assert.equal(certificate.validToDate.getTime(), request.notAfter.getTime());
  assert.equal(
    certificate.subjectAltName,
    [
      "DNS:localhost",
      "DNS:lora.example.com",
      "IP Address:127.0.0.1",
      "IP Address:0:0:0:0:0:0:0:1",
      "IP Address:2001:DB8:0:0:0:0:12:FF",
      "IP Address:0:0:0:0:0:FFFF:102:304",
    ].join(", "),
  );
  assert.ok(certificate.ca);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key)));
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  assert.deepEqual(certificate.publicKey.asymmetricKeyDetails, { namedCurve: "prime256v1" });
});

test("each certificate has a serial number of its own, which is positive", () => {
  const serials = Array.from({ length: 20 }, () => {
    const { serialNumber } = new X509Certificate(createSelfSignedCertificate(request).cert);
    return serialNumber;
  });
  assert.equal(new Set(serials).size, 20);
  assert.ok(serials.every((serial) => !serial.startsWith("-") && serial.length <= 32));
});

test("a TLS client that trusts this certificate alone connects, by name and by address", async (t) => {
  const files = createSelfSignedCertificate({ ...request, notBefore: new Date(Date.now() - 1000) });
  const server = createServer(files, (socket) => socket.end("hello"));
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  for (const servername of ["localhost", "lora.example.com"]) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connect({ port, host: "127.0.0.1", servername, ca: files.cert });
    socket.once("data", (data) => resolve(data.toString())).once("error", reject);
    assert.equal(await promise, "hello");
    socket.destroy();
  }
  const stranger = createSelfSignedCertificate(request);
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException>();
  connect({ port, host: "127.0.0.1", servername: "localhost", ca: stranger.cert }).once("error", resolve);
  assert.match((await promise).code ?? "", /SELF_SIGNED|SIGNATURE|UNABLE_TO_VERIFY/);
});

test("lengths, numbers, identifiers and times have the forms that the rules give them", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  assert.equal(hex(encodeTagged(4, Buffer.alloc(127))).slice(0, 4), "047f");
  assert.equal(hex(encodeTagged(4, Buffer.alloc(128))).slice(0, 6), "048180");
  assert.equal(hex(encodeTagged(4, Buffer.alloc(300))).slice(0, 8), "0482012c");
  assert.equal(hex(encodeInteger(Buffer.from("0000", "hex"))), "020100");
  assert.equal(hex(encodeInteger(Buffer.from("007f", "hex"))), "02017f");
  assert.equal(hex(encodeInteger(Buffer.from("80", "hex"))), "02020080");
  assert.equal(hex(encodeObjectIdentifier("1.2.840.113549")), "06062a864886f70d");
  assert.equal(encodeTime(new Date("2049-12-31T23:59:59Z")).toString("latin1", 2), "491231235959Z");
  assert.equal(encodeTime(new Date("2050-01-01T00:00:00Z")).toString("latin1", 2), "20500101000000Z");
});

async function store(t: TestContext) {
  const dataDirectory = await mkdtemp(join(tmpdir(), "skylark-certificate-"));
  t.after(() => rm(dataDirectory, { recursive: true }));
  const clock = new ManualClock(Date.parse("2026-06-01T00:00:00Z"));
  const load = (publicHost = "lora.example.com") =>
    loadCertificate({ dataDirectory, publicHost, clock, randomBytes });
  return { dataDirectory, clock, load };
}

test("the certificate is made once, for this machine and the public host, and its key is the owner's alone", async (t) => {
  const { dataDirectory, load } = await store(t);
  const made = await load();
  assert.deepEqual(await load(), made);
  const key = join(dataDirectory, "v2-key.pem");
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  assert.equal(await readFile(key, "utf8"), made.key);
  const certificate = new X509Certificate(made.cert);
  for (const host of ["localhost", hostname(), "lora.example.com"])
    assert.ok(certificate.checkHost(host), host);
  for (const address of ["127.0.0.1", "::1"]) assert.ok(certificate.checkIP(address), address);
});

test("it is made anew before it expires, for another public host, and when its files are broken", async (t) => {
  const { dataDirectory, clock, load } = await store(t);
  const first = await load();
  await clock.advance(14 * year);
  assert.deepEqual(await load(), first);
  await clock.advance(2 * year);
  const second = await load();
  assert.notEqual(second.cert, first.cert);
  const third = await load("other.example.com");
  assert.notEqual(third.cert, second.cert);
  await writeFile(join(dataDirectory, "v2-key.pem"), first.key);
  const fourth = await load("other.example.com");
  assert.notEqual(fourth.cert, third.cert);
  await writeFile(join(dataDirectory, "v2-certificate.pem"), "nonsense");
  assert.notEqual((await load("other.example.com")).cert, fourth.cert);
});
