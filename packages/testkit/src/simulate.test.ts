import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseAESKey } from "@skylark/lorawan";
import { FakeNetworkServer } from "./fake-network-server.ts";
import { activationOf, deviceIdentity } from "./network.ts";
import { formatReport, simulate } from "./simulate.ts";
import { readSimulateOptions } from "./simulate-options.ts";

describe("the simulation command", () => {
  it("reports what was sent, what came back, and how early the downlinks came", async () => {
    const server = new FakeNetworkServer();
    await server.start();
    const options = readSimulateOptions([
      ...["--server", `127.0.0.1:${server.port}`, "--devices", "1", "--rate", "2", "--seconds", "1"],
      ...["--confirmed", "1", "--seed", "9"],
    ]);
    assert.ok(options !== undefined);
    const activation = activationOf(deviceIdentity(9, 0), { kind: "abp", version: "1.0.3" });
    assert.ok("abp" in activation);
    server.session = { address: activation.abp.devAddr, is11: false, keys: activation.abp.keys };
    server.answer = () => ({ fCnt: 0, ack: true });
    const report = await simulate(options, () => {});
    await server.stop();
    assert.equal(report.uplinksSent, 1);
    assert.equal(report.uplinksSkipped, 1);
    assert.equal(report.confirmedAcknowledged, 1);
    assert.equal(report.downlinksInRx1, 1);
    assert.ok(report.slackMs!.p50 > 100 && report.slackMs!.p50 < 1000, `slack ${report.slackMs!.p50}`);
    assert.equal(report.pushDataSent, report.pushAckReceived);
    assert.match(formatReport(report), /1 in RX1, 0 in RX2/);
    assert.deepEqual(report.violations, {});
  });

  it("asks to join with other DevNonces in each run, or with those that it is told", async () => {
    const { appKey } = deviceIdentity(9, 0);
    const identities = [0, 1].map((index) => ({ ...deviceIdentity(9, index), appKey }));
    const nonces = async (...args: string[]): Promise<string> => {
      const server = new FakeNetworkServer();
      await server.start();
      server.appKey = parseAESKey(appKey);
      const options = readSimulateOptions([
        ...["--server", `127.0.0.1:${server.port}`, "--activation", "otaa", "--seconds", "0", ...args],
      ]);
      const report = await simulate({ ...options!, identities }, () => {});
      await server.stop();
      assert.equal(report.joined, 2);
      return server.joinRequests.map(({ devNonce }) => devNonce).join();
    };
    const [first, second, counted] = await Promise.all([
      nonces(),
      nonces(),
      nonces("--version", "1.0.4", "--first-dev-nonce", "7"),
    ]);
    assert.notEqual(first, second);
    assert.equal(counted, "7,7");
  });

  it("reads devices from CSV and JSON files", () => {
    const directory = mkdtempSync(join(tmpdir(), "simulate-"));
    const csv = join(directory, "devices.csv");
    writeFileSync(
      csv,
      "device_id;dev_eui;app_key\r\none;0102030405060708;00112233445566778899AABBCCDDEEFF\r\n",
    );
    const json = join(directory, "devices.json");
    writeFileSync(json, JSON.stringify([{ dev_eui: "0102030405060708", dev_addr: "26011234" }]));
    const fromCSV = readSimulateOptions(["--keys", csv])?.identities?.[0];
    const fromJSON = readSimulateOptions(["--keys", json])?.identities?.[0];
    rmSync(directory, { recursive: true });
    assert.equal(fromCSV?.deviceId, "one");
    assert.equal(fromCSV?.appKey, "00112233445566778899AABBCCDDEEFF");
    assert.equal(fromJSON?.deviceId, "eui-0102030405060708");
    assert.equal(fromJSON?.devAddr, "26011234");
  });

  it("refuses options that it does not know and values that make no sense", () => {
    assert.throws(() => readSimulateOptions(["--devises", "3"]), /devises/);
    assert.throws(() => readSimulateOptions(["--rate", "many"]), /--rate/);
    assert.throws(() => readSimulateOptions(["--region", "XX"]), /EU868, US915/);
    assert.equal(readSimulateOptions(["--help"]), undefined);
  });
});
