import type { DataRate } from "@skylark/lorawan";
import type { At } from "../clock/clock.ts";
import type { GatewayIdentifiers } from "./identifiers.ts";

/** Where an antenna stands; degrees and metres. */
export interface Location {
  readonly latitude: number;
  readonly longitude: number;
  readonly altitude?: number;
  /** Metres. */
  readonly accuracy?: number;
  /** A LocationSource of the API, e.g. `SOURCE_REGISTRY`. */
  readonly source?: string;
}

/** A gateway while it is connected: one object per connection, shared by all that it receives. */
export interface ConnectedGateway {
  readonly ids: GatewayIdentifiers;
  /** Identifies the connection in correlation identifiers, `gs:conn:<ULID>`. */
  readonly connectionCorrelationId: string;
  readonly frequencyPlanId: string;
  /** Set only where the gateway's owner made its location public. */
  readonly publicLocation?: Location;
  readonly downlinkPathConstraint: "NONE" | "PREFER_OTHER" | "NEVER";
}

/** One gateway's reception of one frame, by one antenna. */
export interface Reception {
  readonly gateway: ConnectedGateway;
  readonly antennaIndex: number;
  /** Concentrator counter as the gateway sent it, microseconds, wraps at 2^32. */
  readonly timestamp: number;
  /** The same counter with its wraps counted since the gateway connected, microseconds; what schedules a downlink. */
  readonly concentratorTimeUs: number;
  /** When the server received it, less half the median round trip. */
  readonly receivedAt: At;
  /** Gateway clock, where the gateway knows it. */
  readonly time?: At;
  readonly gpsTime?: At;
  /** Nanoseconds within the second. */
  readonly fineTimestampNs?: number;
  /** dBm. */
  readonly rssi: number;
  /** dBm. */
  readonly channelRssi: number;
  /** dBm. */
  readonly signalRssi?: number;
  /** dB; absent for FSK. */
  readonly snr?: number;
  /** Hz. */
  readonly frequencyOffset?: number;
  readonly channelIndex?: number;
}

/** A frame as one gateway received it; what the Gateway Server hands to the Network Server. */
export interface GatewayUplink {
  /** The PHYPayload; owned by the receiver of this object, not reused by the sender. */
  readonly rawPayload: Uint8Array;
  /** Hz. */
  readonly frequency: number;
  readonly dataRate: DataRate;
  /** At least one; several when a gateway's antennas heard the same frame. */
  readonly receptions: readonly [Reception, ...Reception[]];
  /** `gs:uplink:<ULID>`. */
  readonly correlationId: string;
}
