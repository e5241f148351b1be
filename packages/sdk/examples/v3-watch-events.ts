// Prints whatever happens to an application, for some seconds.
//
//   SKYLARK_URL=http://localhost:1885 SKYLARK_API_KEY=… node v3-watch-events.ts weather 60
import { createClient } from "@skylark/sdk";

const [application = "weather", seconds = "60"] = process.argv.slice(2);
const client = createClient({
  url: process.env.SKYLARK_URL ?? "http://localhost:1885",
  apiKey: process.env.SKYLARK_API_KEY ?? "",
});

const signal = AbortSignal.timeout(Number(seconds) * 1000);
for await (const event of client.events({ application }, { tail: 10, signal })) {
  console.log(event.time, event.name);
}
