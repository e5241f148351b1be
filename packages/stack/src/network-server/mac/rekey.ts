import type { DeviceBehaviour } from "./behaviour.ts";

/** The minor version of LoRaWAN that the network speaks with a 1.1 device. */
export const minorVersion = 1;

// LoRaWAN 1.1 §5.10: repeated until the device hears RekeyConf. Taking the new session up is the uplink's matter.
export const rekey: DeviceBehaviour<"rekey"> = {
  handleRequest: (mac, request) => ({
    mac,
    answer: { minorVersion: Math.min(request.minorVersion, minorVersion) },
  }),
};
