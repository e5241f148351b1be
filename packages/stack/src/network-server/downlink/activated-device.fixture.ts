import type { TestContext } from "node:test";
import type { DeviceSettings } from "../device.ts";
import { abpSettings, address, type Network, register, startNetwork } from "../network-server.fixture.ts";
import { keysOf } from "../simulated-device.fixture.ts";

const fills = [7, 7, 7] as const;

export const keys = keysOf(fills);

export const downlink = {
  fPort: 42,
  frmPayload: Uint8Array.of(9, 8, 7),
  confirmed: false,
  priority: "NORMAL",
  correlationIds: ["as:downlink:1"],
} as const;

/** A network with the activated device `dev1`. */
export async function withDevice(
  context: TestContext,
  settings: DeviceSettings = abpSettings,
): Promise<Network> {
  const net = await startNetwork();
  context.after(() => net.close());
  await register(net, { settings, deviceId: "dev1", session: { devAddr: address, keys: fills } });
  return net;
}
