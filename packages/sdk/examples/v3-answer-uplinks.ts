// Waits for an uplink of an application, and answers it in the same receive windows.
//
//   SKYLARK_URL=http://localhost:1885 SKYLARK_API_KEY=… node v3-answer-uplinks.ts weather
import { createClient, decodeBase64 } from "@skylark/sdk";

const [application = "weather"] = process.argv.slice(2);
const client = createClient({
  url: process.env.SKYLARK_URL ?? "http://localhost:1885",
  apiKey: process.env.SKYLARK_API_KEY ?? "",
});

// After a lost connection it goes on after the last message, as far as the history of the server reaches.
for await (const { end_device_ids, uplink_message } of client.uplinks(application, { tail: 1 })) {
  const device = end_device_ids?.device_id ?? "";
  const bytes = decodeBase64(uplink_message.frm_payload ?? "");
  console.log(`${device} sent ${bytes.length} bytes`, uplink_message.decoded_payload ?? "");
  await client.downlinks.replace(application, device, {
    f_port: 1,
    frm_payload: Uint8Array.of(bytes.length),
  });
  // Stay in the loop to answer them all.
  break;
}
