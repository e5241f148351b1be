import { readFileSync } from "node:fs";
import type { Logger } from "../log/log.ts";
import type { RunningStack } from "./stack.ts";

/** Lets simulated devices send to this stack through its real ports; loaded only here, so that no server needs testkit. */
export async function runDemo(stack: RunningStack, logger: Logger): Promise<void> {
  const { http, mqtt, udp } = stack.ports;
  if (stack.httpUrl === undefined || http === undefined || mqtt === undefined || udp === undefined) {
    logger.warn("the demo needs the HTTP, MQTT and UDP listeners; it is left out");
    return;
  }
  const { startDemo } = await import("@skylark/testkit");
  const demo = await startDemo({
    httpUrl: stack.httpUrl,
    udpPort: udp,
    mqttPort: mqtt,
    apiKey: readFileSync(stack.admin.apiKeyPath, "utf8").trim(),
    userId: stack.admin.userId,
    log: (line) => process.stdout.write(`${line}\n`),
  });
  stack.onClose(() => demo.stop());
}
