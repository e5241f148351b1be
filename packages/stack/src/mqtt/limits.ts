/** Bounds on what one client can make the server hold or do. */
export interface MqttLimits {
  readonly maxConnections: number;
  /** Bytes of one packet from a client, once it is authenticated. */
  readonly maxPacketLength: number;
  /** Time from connection to CONNECT. */
  readonly connectTimeoutMs: number;
  /** Connections of one address that are not yet authenticated. */
  readonly maxConnectingPerAddress: number;
  /** Refused logins of one address within ten seconds, after which it is refused without a look. */
  readonly maxRefusalsPerAddress: number;
  /** Bytes waiting for a slow client, beyond which QoS 0 messages are dropped for it. */
  readonly maxPendingBytes: number;
  /** The same for all slow clients together, who share it evenly. */
  readonly maxTotalPendingBytes: number;
  /** QoS 1 and 2 messages on their way to one client. */
  readonly maxInFlight: number;
  readonly maxSubscriptions: number;
  /** Messages of one client that are being handled at once. */
  readonly maxConcurrentPublishes: number;
  /** QoS 2 messages of one client that it has not released. */
  readonly maxUnreleased: number;
}

export const defaultLimits: MqttLimits = {
  maxConnections: 10_000,
  maxPacketLength: 1024 * 1024,
  connectTimeoutMs: 10_000,
  maxConnectingPerAddress: 1000,
  maxRefusalsPerAddress: 60,
  maxPendingBytes: 64 * 1024 * 1024,
  maxTotalPendingBytes: 256 * 1024 * 1024,
  maxInFlight: 100,
  maxSubscriptions: 1000,
  maxConcurrentPublishes: 64,
  maxUnreleased: 1000,
};

/** A CONNECT may carry five fields of 64 KiB; no honest one comes near. */
export const maxConnectLength = 16 * 1024;

/** Beyond this, what can wait waits: messages read from the log, and packets of the client. */
export const pauseBytes = 512 * 1024;

/** Beyond this, a packet for a slow client is copied out of the memory that it shares with those for others. */
export const ownMemoryBytes = 128 * 1024;

export interface MqttCounters {
  connections: number;
  refused: number;
  malformed: number;
  delivered: number;
  dropped: number;
  published: number;
}

export function newCounters(): MqttCounters {
  return { connections: 0, refused: 0, malformed: 0, delivered: 0, dropped: 0, published: 0 };
}
