import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { registerApplication, V3Client } from "@skylark/testkit";
import { runCommand, shell } from "./shell.ts";
import {
  type StackProcess,
  startFailingStack,
  startStackProcess,
  temporaryDirectory,
} from "./stack-process.ts";

// HTTPS and MQTTS with a certificate of one's own.

const directory = temporaryDirectory();
const certificate = join(directory, "certificate.pem");
const key = join(directory, "key.pem");

let stack: StackProcess;

before(async () => {
  const { code, stderr } = await shell(
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \\
      -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout ${key} -out ${certificate}`,
  );
  assert.equal(code, 0, stderr);
  stack = await startStackProcess({
    flags: [
      `--tls.certificate=${certificate}`,
      `--tls.key=${key}`,
      "--http.listen-tls=127.0.0.1:0",
      "--grpc.listen-tls=127.0.0.1:0",
      "--as.mqtt.listen-tls=127.0.0.1:0",
    ],
  });
});

after(async () => {
  assert.equal(await stack?.stop(), 0);
});

describe("a stack with a certificate", () => {
  it("answers curl over HTTPS, beside the plain listener", async () => {
    assert.ok(stack.httpTlsPort > 0 && stack.mqttTlsPort > 0);
    const ask = (trust: string) =>
      shell(
        `curl --silent --show-error ${trust} --header 'Authorization: Bearer ${stack.adminKey}' https://localhost:${stack.httpTlsPort}/api/v3/auth_info`,
      );
    const answer = await ask(`--cacert ${certificate}`);
    assert.equal(JSON.parse(answer.stdout).is_admin, true, answer.stderr);
    const stranger = await ask("");
    assert.equal(stranger.code, 60, "who does not know the certificate does not trust it");
    const old = await ask(`--cacert ${certificate} --tls-max 1.1`);
    assert.notEqual(old.code, 0);
    const headers = await shell(
      `curl --silent --include --cacert ${certificate} https://localhost:${stack.httpTlsPort}/api/v3/auth_info`,
    );
    assert.match(headers.stdout, /^Strict-Transport-Security: max-age=\d{8}\r$/m);
    const plain = await fetch(`http://127.0.0.1:${stack.httpPort}/healthz/live`);
    assert.equal(plain.status, 200);
    assert.equal(plain.headers.get("strict-transport-security"), null);
  });

  it("serves mosquitto's clients over TLS", async () => {
    const api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
    await registerApplication(api, "app1");
    await api.call("POST", "/applications/app1/devices", { end_device: { ids: { device_id: "dev1" } } });
    const common = ["-h", "localhost", "-p", String(stack.mqttTlsPort), "--cafile", certificate];
    const subscriber = runCommand("stdbuf", [
      ...["-oL", "mosquitto_sub", ...common, "-u", "app1", "-P", stack.adminKey, "-t", "#", "-v", "-d"],
    ]);
    try {
      await subscriber.line((line) => line.includes("Subscribed"));
      await api.call("POST", "/as/applications/app1/devices/dev1/up/simulate", {
        end_device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } },
        service_data: { service: "scenario", data: { answer: 42 } },
      });
      const data = await subscriber.line((line) => line.startsWith("v3/app1/devices/dev1/service/data "));
      assert.equal(JSON.parse(data.slice(data.indexOf("{"))).service_data.data.answer, 42);
    } finally {
      subscriber.stop();
      api.close();
    }
    const wrong = await shell(
      `mosquitto_sub -h localhost -p ${stack.mqttTlsPort} -u app1 -P ${stack.adminKey} -t '#' -C 1 -W 3`,
    );
    assert.notEqual(wrong.code, 0, "plain MQTT at the TLS port");
  });

  it("serves clients of V2 over TLS, with the same credentials", async () => {
    const api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
    const common = ["-h", "localhost", "-p", String(stack.mqttTlsPort), "--cafile", certificate];
    const login = ["-u", "app1", "-P", `ttn-account-v2.${stack.adminKey}`];
    const subscriber = runCommand("stdbuf", [
      ...["-oL", "mosquitto_sub", ...common, ...login, "-t", "+/devices/+/up", "-v", "-d"],
    ]);
    try {
      await subscriber.line((line) => line.includes("Subscribed"));
      const settings = {
        data_rate: { lora: { bandwidth: 125_000, spreading_factor: 7 } },
        frequency: "868100000",
      };
      await api.call("POST", "/as/applications/app1/devices/dev1/up/simulate", {
        end_device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } },
        uplink_message: { f_port: 3, f_cnt: 7, frm_payload: "AQID", settings },
      });
      const text = await subscriber.line((line) => line.startsWith("app1/devices/dev1/up "));
      const up = JSON.parse(text.slice(text.indexOf("{")));
      assert.deepEqual([up.dev_id, up.port, up.counter, up.payload_raw], ["dev1", 3, 7, "AQID"]);
    } finally {
      subscriber.stop();
      api.close();
    }
  });

  it("survives what is no TLS at its TLS ports", async () => {
    for (const port of [stack.httpTlsPort, stack.mqttTlsPort]) {
      await shell(
        `head -c 2000 /dev/urandom | timeout 2 curl --silent --max-time 2 telnet://127.0.0.1:${port}`,
      );
    }
    const alive = await shell(
      `curl --silent --cacert ${certificate} --output /dev/null --write-out '%{http_code}' https://localhost:${stack.httpTlsPort}/healthz/ready`,
    );
    assert.equal(alive.stdout, "200");
    assert.deepEqual(
      stack.log.filter((line) => line.includes('"level":"error"')),
      [],
    );
  });

  it("shows no key to anybody", () => {
    assert.equal(statSync(join(stack.dataDirectory, "installation-key")).mode & 0o777, 0o600);
    assert.equal(
      stack.log.some((line) => line.includes("PRIVATE KEY")),
      false,
    );
  });
});

describe("a stack whose certificate cannot be used", () => {
  it("says so at the start", async () => {
    const only = await startFailingStack([`--tls.certificate=${certificate}`]);
    assert.match(only.stderr, /tls\.certificate and tls\.key belong together/);
    const missing = await startFailingStack([
      `--tls.certificate=${certificate}`,
      "--tls.key=/nowhere/key.pem",
    ]);
    assert.match(missing.stderr, /tls\.key: .*no such file/);
    const swapped = await startFailingStack([`--tls.certificate=${key}`, `--tls.key=${certificate}`]);
    assert.match(swapped.stderr, /^skylark: tls\.certificate and tls\.key cannot be used: /m);
    for (const { code } of [only, missing, swapped]) assert.equal(code, 1);
  });
});
