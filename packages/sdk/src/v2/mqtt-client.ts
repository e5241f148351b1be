import { DiscoveryClient, type DiscoveryOptions } from "./discovery-client.ts";
import { type DownlinkPayload, payloadMembers, type TextEncoding } from "./downlink-payload.ts";
import { formatMQTTAddress, parseMQTTAddress } from "./mqtt-address.ts";
import { type MQTTConnection, type OpenMQTTConnection, openMQTTConnection } from "./mqtt-connection.ts";
import { TTNConnectionError, TTNError } from "./ttn-error.ts";
import { parseUplinkMessage, type UplinkMessage } from "./uplink-message.ts";

export interface MQTTClientOptions {
  /** `host:port` of the broker; asked of the discovery server when absent. */
  readonly mqttAddress?: string;
  readonly discoveryAddress?: string;
  /** How the discovery server is reached, or a client of it. */
  readonly discovery?: Omit<DiscoveryOptions, "address"> | Pick<DiscoveryClient, "getByAppId">;
  /** Connect again when the connection is lost; true by default. */
  readonly reconnect?: boolean;
  /** TLS, with certificates to trust when given; otherwise the address decides. */
  readonly tls?: boolean | { readonly ca?: string | Buffer };
  /** Instead of a real connection, in tests. */
  readonly openConnection?: OpenMQTTConnection;
}

export type Schedule = "replace" | "first" | "last";

export interface SendOptions {
  /** 1 by default. */
  readonly port?: number;
  readonly confirmation?: boolean;
  readonly schedule?: Schedule;
  /** How a text is to be read that could be both. */
  readonly encoding?: TextEncoding;
}

/** A message as the broker sent it. */
export interface RawMessage {
  readonly topic: string;
  readonly payload: Buffer;
}

export type UplinkCallback = (message: UplinkMessage, client: MQTTClient) => void;
export type UplinkRawCallback = (message: RawMessage, client: MQTTClient) => void;
export type ConnectCallback = (succeeded: boolean, client: MQTTClient) => void;
export type DownlinkCallback = (mid: number, client: MQTTClient) => void;
export type CloseCallback = (expected: boolean, client: MQTTClient) => void;

const refusals: Readonly<Record<number, string>> = {
  1: "unacceptable protocol version",
  2: "identifier rejected",
  3: "server unavailable",
  4: "bad app_id or access_key",
  5: "not authorised",
};
const identifier = /^[0-9a-z](?:[_-]?[0-9a-z]){1,35}$/;
const schedules: readonly string[] = ["replace", "first", "last"];
const reconnectPeriodMs = 1000;

/** Messages of an application: uplinks from its devices, downlinks to them. */
export class MQTTClient {
  readonly appId: string;
  readonly #accessKey: string;
  readonly #options: MQTTClientOptions;
  readonly #callbacks = {
    uplink: [] as UplinkCallback[],
    uplinkRaw: [] as UplinkRawCallback[],
    connect: [] as ConnectCallback[],
    downlink: [] as DownlinkCallback[],
    close: [] as CloseCallback[],
  };
  #connection: MQTTConnection | undefined;
  #connecting: Promise<void> | undefined;
  /** Subscribed, so that uplinks come in. */
  #isOpen = false;
  #mid = 0;

  constructor(appId: string, accessKey: string, options?: MQTTClientOptions);
  constructor(appId: string, accessKey: string, mqttAddress?: string, discoveryAddress?: string);
  constructor(
    appId: string,
    accessKey: string,
    options: MQTTClientOptions | string = {},
    discoveryAddress?: string,
  ) {
    this.appId = appId;
    this.#accessKey = accessKey;
    this.#options =
      typeof options === "string"
        ? { mqttAddress: options, ...(discoveryAddress !== undefined && { discoveryAddress }) }
        : options;
  }

  get connected(): boolean {
    return this.#isOpen;
  }

  /** Resolves when uplinks come in. Rejects when the broker cannot be reached or refuses; may be called again after `close`. */
  connect(): Promise<void> {
    if (this.#isOpen) return Promise.resolve();
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    await connection.endAsync();
    if (wasOpen) this.#tell(this.#callbacks.close, true);
  }

  setUplinkCallback(callback: UplinkCallback): void {
    this.#callbacks.uplink.push(callback);
  }

  setUplinkRawCallback(callback: UplinkRawCallback): void {
    this.#callbacks.uplinkRaw.push(callback);
  }

  setConnectCallback(callback: ConnectCallback): void {
    this.#callbacks.connect.push(callback);
  }

  setDownlinkCallback(callback: DownlinkCallback): void {
    this.#callbacks.downlink.push(callback);
  }

  setCloseCallback(callback: CloseCallback): void {
    this.#callbacks.close.push(callback);
  }

  /** Sends a downlink; resolves with a number that the downlink callback is told too. */
  send(devId: string, payload: DownlinkPayload, options?: SendOptions): Promise<number>;
  send(
    devId: string,
    payload: DownlinkPayload,
    port?: number,
    confirmation?: boolean,
    schedule?: Schedule,
  ): Promise<number>;
  async send(
    devId: string,
    payload: DownlinkPayload,
    portOrOptions: number | SendOptions = {},
    ...[confirmation, schedule]: readonly [boolean?, Schedule?]
  ): Promise<number> {
    const options: SendOptions =
      typeof portOrOptions === "object"
        ? portOrOptions
        : {
            port: portOrOptions,
            ...(confirmation !== undefined && { confirmation }),
            ...(schedule !== undefined && { schedule }),
          };
    if (!identifier.test(devId)) throw new TypeError(`${devId} is no identifier of a device`);
    const message = downlinkMessage(payload, options);
    const connection = this.#connection;
    if (connection === undefined || !this.#isOpen) throw new TTNError("client not connected");
    const mid = ++this.#mid;
    await connection.publishAsync(`${this.appId}/devices/${devId}/down`, JSON.stringify(message), { qos: 0 });
    this.#tell(this.#callbacks.downlink, mid);
    return mid;
  }

  async #connect(): Promise<void> {
    await this.#connection?.endAsync(true);
    const { reconnect = true, tls, openConnection = openMQTTConnection } = this.#options;
    const address = parseMQTTAddress(this.#options.mqttAddress || (await this.#announcedAddress()));
    const url = formatMQTTAddress({ ...address, tls: tls === undefined ? address.tls : tls !== false });
    const ca = typeof tls === "object" ? tls.ca : undefined;
    const connection = openConnection(url, {
      username: this.appId,
      password: this.#accessKey,
      reconnectPeriod: reconnect ? reconnectPeriodMs : 0,
      ...(ca !== undefined && { ca }),
    });
    this.#connection = connection;
    connection.on("message", (topic, payload) => this.#receive(topic, payload));
    await new Promise<void>((resolve, reject) => {
      let isFirst = true;
      const fail = (error: unknown) => {
        const failure = connectionError(url, error);
        this.#tell(this.#callbacks.connect, false);
        if (!isFirst) return;
        isFirst = false;
        this.#connection = undefined;
        connection.endAsync(true).then(() => reject(failure), reject);
      };
      connection.on("error", fail);
      connection.on("connect", () => {
        this.#subscribe(connection).then(() => {
          isFirst = false;
          resolve();
        }, fail);
      });
      connection.on("close", () => {
        if (isFirst) fail(new Error("the connection was closed"));
        else this.#lose(connection, reconnect);
      });
    });
  }

  async #announcedAddress(): Promise<string> {
    const { discovery, discoveryAddress } = this.#options;
    if (discovery !== undefined && "getByAppId" in discovery) {
      return (await discovery.getByAppId(this.appId)).mqtt_address;
    }
    const client = new DiscoveryClient({
      ...discovery,
      ...(discoveryAddress !== undefined && { address: discoveryAddress }),
    });
    try {
      return (await client.getByAppId(this.appId)).mqtt_address;
    } finally {
      client.close();
    }
  }

  async #subscribe(connection: MQTTConnection): Promise<void> {
    const topic = `${this.appId}/devices/+/up`;
    const granted = await connection.subscribeAsync(topic, { qos: 0 });
    if (granted.some(({ qos }) => qos === 128)) {
      throw new TTNConnectionError(`subscription to ${topic} refused`, { code: 128 });
    }
    if (this.#connection !== connection) return;
    this.#isOpen = true;
    this.#tell(this.#callbacks.connect, true);
  }

  #receive(topic: string, payload: Buffer): void {
    this.#tell(this.#callbacks.uplinkRaw, { topic, payload });
    if (this.#callbacks.uplink.length === 0) return;
    const message = parseUplinkMessage(topic, payload);
    if (message !== undefined) this.#tell(this.#callbacks.uplink, message);
  }

  /** The connection is gone without our doing. */
  #lose(connection: MQTTConnection, reconnects: boolean): void {
    if (this.#connection !== connection || !this.#isOpen) return;
    this.#isOpen = false;
    if (!reconnects) this.#connection = undefined;
    this.#tell(this.#callbacks.close, false);
  }

  /** One callback that throws keeps no other from being called, nor the client from working. */
  #tell<Value>(callbacks: readonly ((value: Value, client: MQTTClient) => void)[], value: Value): void {
    for (const callback of [...callbacks]) {
      try {
        callback(value, this);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function downlinkMessage(payload: DownlinkPayload, options: SendOptions): object {
  const { port = 1, confirmation = false, schedule = "replace", encoding } = options;
  if (!Number.isInteger(port) || port < 0 || port > 255)
    throw new RangeError(`port ${port} is not from 0 to 255`);
  if (!schedules.includes(schedule)) throw new RangeError(`unknown schedule ${schedule}`);
  return { port, confirmed: confirmation, schedule, ...payloadMembers(payload, encoding) };
}

function connectionError(url: string, error: unknown): TTNConnectionError {
  if (error instanceof TTNConnectionError) return error;
  const { code, message } = error as { readonly code?: string | number; readonly message?: string };
  const text =
    typeof code === "number" && refusals[code] !== undefined
      ? `connection refused - ${refusals[code]}`
      : `cannot connect to ${url}: ${message || code || String(error)}`;
  return new TTNConnectionError(text, { cause: error, ...(code !== undefined && { code }) });
}
