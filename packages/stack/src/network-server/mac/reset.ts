import { factoryParameters } from "../region.ts";
import type { DeviceBehaviour } from "./behaviour.ts";
import { minorVersion } from "./rekey.ts";

// LoRaWAN 1.1 §5.1: an ABP device says that it has gone back to its factory state.
export const reset: DeviceBehaviour<"reset"> = {
  handleRequest: (mac, request, { settings }) => {
    if (settings.supportsJoin) return { mac };
    const { pendingConfirmedFCnt: _, ...rest } = mac;
    return {
      mac: { ...rest, current: factoryParameters(settings), pendingRequests: [], refused: [] },
      answer: { minorVersion: Math.min(request.minorVersion, minorVersion) },
    };
  },
};
