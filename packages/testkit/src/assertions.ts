import assert from "node:assert/strict";
import type { DeviceDownlink } from "./device-traffic.ts";
import type { SimulatedDevice } from "./simulated-device.ts";
import type { SimulatedGateway } from "./simulated-gateway.ts";

/** The network kept to the protocol towards this device. */
export function assertNoViolations(device: SimulatedDevice): void {
  assert.deepEqual(device.violations, [], `violations seen by device ${device.devEui}`);
}

/** Every FCntDown that the device accepted is above the one before it. */
export function assertCountersRise(device: SimulatedDevice): void {
  const split = device.session?.is11 ?? false;
  for (const application of [true, false]) {
    const counters = device.downlinks
      .filter(({ fPort }) => !split || (fPort !== undefined && fPort > 0) === application)
      .map(({ fCnt }) => fCnt);
    for (const [index, fCnt] of counters.entries()) {
      assert.ok(index === 0 || fCnt > counters[index - 1]!, `FCntDown ${fCnt} after ${counters[index - 1]}`);
    }
  }
}

/** The device received these payloads on application ports, in this order, each once. */
export function assertReceived(device: SimulatedDevice, payloads: readonly (string | Uint8Array)[]): void {
  const received = device.downlinks
    .filter(({ fPort }) => fPort !== undefined && fPort > 0)
    .map(({ payload }) => Buffer.from(payload).toString("hex"));
  const expected = payloads.map((payload) =>
    typeof payload === "string" ? payload.toLowerCase() : Buffer.from(payload).toString("hex"),
  );
  assert.deepEqual(received, expected, `payloads received by device ${device.devEui}`);
}

/** A downlink came, in this window. */
export function assertInWindow(
  downlink: DeviceDownlink | undefined,
  window: DeviceDownlink["window"],
): asserts downlink is DeviceDownlink {
  assert.ok(downlink !== undefined, `no downlink in ${window}`);
  assert.equal(downlink.window, window);
}

/** The server asked the gateway for nothing that it had to refuse. */
export function assertAllTransmitted(gateway: SimulatedGateway): void {
  assert.deepEqual(gateway.stats.txErrors, {}, `downlinks refused by gateway ${gateway.eui}`);
  assert.equal(gateway.stats.malformedPullResp, 0, `malformed PULL_RESP at gateway ${gateway.eui}`);
}
