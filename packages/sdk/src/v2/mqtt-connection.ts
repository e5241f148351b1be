import mqtt from "mqtt";

/** What `MQTTClient` needs of a connection to a broker; that of `mqtt` and the mock have it. */
export interface MQTTConnection {
  on(event: "connect" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "message", listener: (topic: string, payload: Buffer) => void): unknown;
  subscribeAsync(topic: string, options: { readonly qos: 0 }): Promise<readonly { readonly qos: number }[]>;
  publishAsync(topic: string, message: string, options: { readonly qos: 0 }): Promise<unknown>;
  endAsync(force?: boolean): Promise<void>;
}

export interface MQTTConnectionOptions {
  readonly username: string;
  readonly password: string;
  /** 0: a lost connection is not made again. */
  readonly reconnectPeriod: number;
  /** Certificates to trust, as PEM, instead of the system's. */
  readonly ca?: string | Buffer;
}

export type OpenMQTTConnection = (url: string, options: MQTTConnectionOptions) => MQTTConnection;

export const openMQTTConnection: OpenMQTTConnection = (url, options) =>
  mqtt.connect(url, {
    ...options,
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    connectTimeout: 30_000,
    // Subscribed anew by us, which tells when it is done.
    resubscribe: false,
    reconnectOnConnackError: true,
  });
