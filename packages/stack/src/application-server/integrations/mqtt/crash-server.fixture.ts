/** Serves MQTT and commits numbered messages until it is killed, or told to stop. */
import { startIntegration } from "./mqtt-integration.fixture.ts";

const running = await startIntegration({ path: process.argv[2]! });
let isStopped = false;

process.on("message", () => {
  isStopped = true;
});
process.send?.({ port: running.port });

while (!isStopped) {
  const last = running.outbox.lastSequence();
  await Promise.all(
    [1, 2, 3].map((offset) => running.emit("dev1", offset === 2 ? "join" : "up", `${last + offset}`)),
  );
  await new Promise((resolve) => setTimeout(resolve, 2));
}
process.send?.({ last: running.outbox.lastSequence() });
