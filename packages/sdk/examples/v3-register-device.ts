// Registers an application and an end device in it, and shows what the network knows of it.
//
//   SKYLARK_URL=http://localhost:1885 SKYLARK_API_KEY=… node v3-register-device.ts
import { createClient, SkylarkError } from "@skylark/sdk";

const client = createClient({
  url: process.env.SKYLARK_URL ?? "http://localhost:1885",
  apiKey: process.env.SKYLARK_API_KEY ?? "",
});

try {
  await client.applications.create({ ids: { application_id: "weather" }, name: "Weather stations" });
} catch (error) {
  // Somebody ran this before.
  if (!(error instanceof SkylarkError) || error.code !== "ALREADY_EXISTS") throw error;
}

// One call for all servers: either all of them have the device afterwards, or none.
await client.endDevices.register("weather", {
  ids: {
    device_id: "station-1",
    dev_eui: await client.applications.issueDevEUI("weather").catch(() => "70B3D57ED0001234"),
    join_eui: "0000000000000001",
  },
  name: "On the roof",
  lorawan_version: "MAC_V1_0_3",
  lorawan_phy_version: "PHY_V1_0_3_REV_A",
  frequency_plan_id: "EU_863_870_TTN",
  supports_join: true,
  root_keys: { app_key: { key: "000102030405060708090A0B0C0D0E0F" } },
});

const report = await client.endDevices.check("weather", "station-1");
console.log(report.complete ? "ready to join" : report.findings);

for await (const { ids, name } of client.endDevices.list("weather", { fields: "name" })) {
  console.log(`${ids?.device_id}: ${name}`);
}
