import type { DataRate } from "@skylark/lorawan";
import type { At } from "../clock/clock.ts";
import type { GatewayIdentifiers } from "./identifiers.ts";
import type { Reception } from "./uplink.ts";

/** Lowest first, as the API names them; a scheduler gives each its share of the duty cycle. */
export const priorities = [
  "LOWEST",
  "LOW",
  "BELOW_NORMAL",
  "NORMAL",
  "ABOVE_NORMAL",
  "HIGH",
  "HIGHEST",
] as const;
export type Priority = (typeof priorities)[number];

/** A receive window to send in, relative to the end of the uplink it answers. */
export interface ReceiveWindow {
  readonly window: 1 | 2;
  readonly delayMs: number;
  /** Hz. */
  readonly frequency: number;
  readonly dataRate: DataRate;
}

/** What the Network Server asks of the Gateway Server for a class A downlink. */
export interface TransmissionRequest {
  /** Receptions of the uplink to answer, best first; each names a gateway and its clock. */
  readonly paths: readonly Reception[];
  /** In order of preference. */
  readonly windows: readonly ReceiveWindow[];
  /** Bytes of the PHYPayload. */
  readonly payloadLength: number;
  readonly priority: Priority;
}

/**
 * A place in a gateway's schedule, held but not yet sent: the Network Server commits its counters, then transmits.
 * Neither `transmit` nor `cancel` called within the window's lead time counts as cancelled.
 */
export interface Reservation {
  readonly gatewayIds: GatewayIdentifiers;
  readonly window: ReceiveWindow;
  /** Of the transmitter, without the antenna's gain. */
  readonly powerDBm: number;
  /** When the transmission starts, by the server's clock. */
  readonly startsAt: At;
  /** Hands the frame to the gateway; resolves with what the gateway said of it. Never rejects. */
  transmit(phyPayload: Uint8Array, correlationIds: readonly string[]): Promise<TransmissionResult>;
  cancel(): void;
}

/** What became of a frame, with where and how it was to be sent. */
export interface TransmissionReport {
  readonly result: TransmissionResult;
  readonly phyPayload: Uint8Array;
  readonly reservation: Pick<Reservation, "gatewayIds" | "window" | "powerDBm">;
}

/** TX_ACK results by the API's names, plus what the gateway never says. */
export type TransmissionResult =
  | "SUCCESS"
  | "UNKNOWN_ERROR"
  | "TOO_LATE"
  | "TOO_EARLY"
  | "COLLISION_PACKET"
  | "COLLISION_BEACON"
  | "TX_FREQ"
  | "TX_POWER"
  | "GPS_UNLOCKED"
  /** The gateway did not answer; it may have sent or not. */
  | "NO_ACKNOWLEDGMENT";
