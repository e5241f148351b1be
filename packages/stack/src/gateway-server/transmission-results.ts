import type { TransmissionResult } from "../domain/downlink.ts";

/** In the order of the API's TxAcknowledgment.Result, then what only the server says. */
export const transmissionResults: readonly TransmissionResult[] = [
  "SUCCESS",
  "UNKNOWN_ERROR",
  "TOO_LATE",
  "TOO_EARLY",
  "COLLISION_PACKET",
  "COLLISION_BEACON",
  "TX_FREQ",
  "TX_POWER",
  "GPS_UNLOCKED",
  "NO_ACKNOWLEDGMENT",
];
