import type { DeviceBehaviour } from "./behaviour.ts";

const gpsEpochAt = Date.UTC(1980, 0, 6);
/** Since 2017; GPS time does not have the leap seconds of UTC. */
const leapSeconds = 18;

export const deviceTime: DeviceBehaviour<"deviceTime"> = {
  // TS001-1.0.4 §5.2: the time at which the uplink's transmission ended.
  handleRequest: (mac, _request, uplink) => {
    const sinceEpochMs = (uplink.gpsAt ?? uplink.receivedAt) - gpsEpochAt + leapSeconds * 1000;
    const seconds = Math.floor(sinceEpochMs / 1000);
    const fraction = Math.floor(((sinceEpochMs - seconds * 1000) * 256) / 1000);
    return { mac, answer: { seconds: seconds >>> 0, fraction } };
  },
};
