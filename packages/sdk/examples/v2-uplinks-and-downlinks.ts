// Messages as in The Things Network V2: prints an uplink and answers it.
//
//   node v2-uplinks-and-downlinks.ts <application> <access key> <host:port of MQTT>
import { MQTTClient } from "@skylark/sdk/v2";

const [appId = "", accessKey = "", mqttAddress = "localhost:1883"] = process.argv.slice(2);
const client = new MQTTClient(appId, accessKey, mqttAddress);

client.setConnectCallback((succeeded) => console.log(succeeded ? "connected" : "refused"));
client.setCloseCallback((expected) => console.log(expected ? "closed" : "lost"));
client.setDownlinkCallback((mid) => console.log(`sent downlink ${mid}`));
client.setUplinkCallback(async (message) => {
  console.log(`${message.dev_id} sent ${message.payload_raw.toString("hex")} on port ${message.port}`);
  await client.send(message.dev_id, "0102", { schedule: "last" });
  await client.close();
});

await client.connect();
