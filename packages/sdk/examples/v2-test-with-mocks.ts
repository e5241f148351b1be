// Tests a program of one's own without a network: a broker and a handler in memory.
//
//   node --test v2-test-with-mocks.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplicationClient, MQTTClient } from "@skylark/sdk/v2";
import { MockApplicationManager, MockBroker, stubs } from "@skylark/sdk/v2/testing";

/** The program: switches the light on when it is dark. */
function controlLight(client: MQTTClient): void {
  client.setUplinkCallback((message) => {
    if (Number(message.payload_fields?.lux) < 10) void client.send(message.dev_id, { light: "on" });
  });
}

test("the light goes on when it is dark", async () => {
  const broker = new MockBroker();
  const client = new MQTTClient("home", "key", { mqttAddress: "mock", openConnection: broker.open });
  controlLight(client);
  await client.connect();
  broker.uplink("home", "sensor", { payload_fields: { lux: 100 } });
  broker.uplink("home", "sensor", { payload_fields: { lux: 3 } });
  assert.deepEqual(
    broker.downlinks.map(({ message }) => message.payload_fields),
    [{ light: "on" }],
  );
  await client.close();
});

test("a device is registered as it was given", async () => {
  const client = new ApplicationClient("home", "key", { client: new MockApplicationManager("home") });
  await client.registerDevice("sensor", stubs.devicetest);
  assert.equal((await client.device("sensor")).lorawan_device.dev_eui, "1122334455667788");
});
