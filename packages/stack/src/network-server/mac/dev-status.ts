import type { DeviceStatus } from "../device.ts";
import type { AskFacts, NetworkBehaviour } from "./behaviour.ts";

export const devStatus: NetworkBehaviour<"devStatus"> = {
  request: (facts) => (isDue(facts) ? [{}] : []),
  asked: (mac, { now, fCntUp }) => ({ ...mac, statusAskedAt: now, statusAskedFCntUp: fCntUp }),
  handleAnswer: (mac, { battery, margin }, _requests, uplink) => ({
    mac,
    status: { ...power(battery), margin, fCnt: uplink.fCnt, receivedAt: uplink.receivedAt },
  }),
};

function isDue(facts: AskFacts): boolean {
  const { mac, statusCountPeriodicity, statusTimePeriodicityMs } = facts;
  const uplinks = facts.fCntUp - (mac.statusAskedFCntUp ?? 0);
  const elapsedMs = facts.now - (mac.statusAskedAt ?? facts.sessionStartedAt);
  return (
    (statusCountPeriodicity > 0 && uplinks >= statusCountPeriodicity) ||
    (statusTimePeriodicityMs > 0 && elapsedMs >= statusTimePeriodicityMs)
  );
}

// TS001-1.0.4 §5.5: 0 is external power, 1 to 254 the level, 255 unknown.
function power(battery: number): Pick<DeviceStatus, "batteryPercentage" | "externalPower"> {
  if (battery === 0) return { externalPower: true };
  if (battery === 255) return { externalPower: false };
  return { externalPower: false, batteryPercentage: ((battery - 1) / 253) * 100 };
}
