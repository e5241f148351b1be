import type { KnownMACCommand } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import type { Reception } from "../../domain/uplink.ts";
import type { Session } from "../device.ts";

/** The receive windows after an uplink, and what the uplink asks of the downlink that may go into them. */
export interface OpenWindow {
  readonly session: Session;
  /** Best first. */
  readonly paths: readonly Reception[];
  /** When the uplink ended, by the server's clock. */
  readonly receivedAt: At;
  /** Hz. */
  readonly frequency: number;
  readonly dataRateIndex: number;
  readonly channelIndex: number;
  readonly fCntUp: number;
  /** The uplink was confirmed. */
  readonly needsAck: boolean;
  /** The uplink asks for any downlink at all. */
  readonly needsAnswer: boolean;
  readonly answers: readonly KnownMACCommand[];
  readonly correlationIds: readonly string[];
  /** RX1, milliseconds after the end of the uplink. */
  readonly rx1DelayMs: number;
  /** A downlink was decided on, or the decision is timed. */
  isTimed: boolean;
  isUsed: boolean;
}
