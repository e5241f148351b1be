import type { Reservation, TransmissionRequest, TransmissionResult } from "../../domain/downlink.ts";
import type { GatewayServer } from "../peers.ts";

/** A frame with its place in a gateway's schedule. */
export interface HeldFrame {
  readonly phyPayload: Uint8Array;
  readonly request: TransmissionRequest;
  readonly reservation: Reservation;
}

/** With these the gateway says, long before RX2, that it will not send. */
const isNotSentInTime: ReadonlySet<TransmissionResult> = new Set([
  "TOO_LATE",
  "COLLISION_PACKET",
  "COLLISION_BEACON",
]);

/** Transmits a frame; one that RX1 was missed with goes into RX2, the very same, as it has not been on air. */
export async function transmitInWindows(
  gatewayServer: Pick<GatewayServer, "reserve">,
  { phyPayload, request, reservation }: HeldFrame,
  correlationIds: readonly string[],
): Promise<TransmissionResult> {
  const result = await reservation.transmit(phyPayload, correlationIds);
  const windows = request.windows.filter(({ window }) => window > reservation.window.window);
  if (!isNotSentInTime.has(result) || windows.length === 0) return result;
  let again: Reservation;
  try {
    again = gatewayServer.reserve({ ...request, windows });
  } catch {
    return result;
  }
  return again.transmit(phyPayload, correlationIds);
}
