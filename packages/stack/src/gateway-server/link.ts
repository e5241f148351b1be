import type { DataRate } from "@skylark/lorawan";
import type { At } from "../clock/clock.ts";

/** What one antenna measured of a frame. */
export interface FrameSignal {
  readonly antennaIndex: number;
  readonly channelIndex?: number;
  /** dBm. */
  readonly rssi: number;
  /** dBm. */
  readonly signalRssi?: number;
  /** dB. */
  readonly snr?: number;
  /** Hz. */
  readonly frequencyOffset?: number;
  readonly fineTimestampNs?: number;
}

/** A frame as a front end gives it to a connection. */
export interface GatewayFrame {
  /** Owned by the receiver. */
  readonly rawPayload: Uint8Array;
  /** Hz. */
  readonly frequency: number;
  readonly dataRate: DataRate;
  /** Concentrator counter, 32 bits, microseconds. */
  readonly timestamp: number;
  readonly receivedAt: At;
  readonly time?: At;
  readonly gpsTime?: At;
  readonly signals: readonly [FrameSignal, ...FrameSignal[]];
}

/** A frame as a connection gives it to a front end, to be sent at a value of the concentrator's counter. */
export interface Transmission {
  /** 16 bits; the gateway's answer carries it back. */
  readonly id: number;
  /** 32 bits, microseconds. */
  readonly timestamp: number;
  /** Hz. */
  readonly frequency: number;
  readonly dataRate: DataRate;
  /** EIRP less the antenna's gain, dBm. */
  readonly power: number;
  readonly phyPayload: Uint8Array;
}

/** The way to a gateway, as a front end makes it. A connection knows no more of its front end. */
export interface GatewayLink {
  /** As the API shows it, e.g. `udp`. */
  readonly protocol: string;
  /** Whether the gateway proved who it is. */
  readonly isAuthenticated: boolean;
  /** Whether the gateway can keep several frames until their time; one that cannot gets them late. */
  readonly queuesTransmissions: boolean;
  /** IP address. */
  readonly remoteAddress: string;
  /** Throws what stands in the way of sending to the gateway now. */
  requireDownlinkPath(): void;
  send(transmission: Transmission): void;
  /** The connection has ended; nothing more must come through it. */
  close(): void;
}
