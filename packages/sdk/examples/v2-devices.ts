// Devices as in The Things Network V2: finds the handler, registers a device, changes it and removes it.
//
//   node v2-devices.ts <application> <access key> <host:port of discovery> [file with its certificate]
import { HandlerClient, TTNError } from "@skylark/sdk/v2";

const [appId = "", accessKey = "", discoveryAddress = "localhost:1900", certPath] = process.argv.slice(2);
const handler = await HandlerClient.open(appId, accessKey, {
  discoveryAddress,
  ...(certPath === undefined ? { insecureChannel: true } : { certPath }),
});
const application = handler.application();

console.log(`payload format: ${(await application.get()).payload_format || "none"}`);
await application.registerDevice("example-device", {
  description: "made by an example",
  attributes: { room: "lab" },
  appEui: "70B3D57ED0000000",
  devEui: "70B3D57ED0005678",
  appKey: "000102030405060708090A0B0C0D0E0F",
});
await application.updateDevice("example-device", { description: "changed by an example" });
const { description, lorawan_device } = await application.device("example-device");
console.log(`${lorawan_device.dev_eui}: ${description}`);
await application.deleteDevice("example-device");
try {
  await application.device("example-device");
} catch (error) {
  if (!(error instanceof TTNError)) throw error;
  console.log(error.message);
}
await application.close();
