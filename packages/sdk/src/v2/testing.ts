import { EventEmitter } from "node:events";
import { clone, create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type { ApplicationManagerClient } from "./application-manager.ts";
import type { DeviceInput } from "./device.ts";
import type { MQTTConnection, MQTTConnectionOptions, OpenMQTTConnection } from "./mqtt-connection.ts";
import { type ApplicationMessage, ApplicationSchema, type DeviceMessage, DeviceSchema } from "./schema.ts";
import type { UplinkMessage } from "./uplink-message.ts";

/** Examples of what the clients send and receive. */
export const stubs = {
  apptest: {
    app_id: "test",
    payload_format: "custom",
    decoder: "function Decoder(bytes, port) { return { led: bytes[0] === 1 }; }",
    encoder: "function Encoder(object, port) { return [object.led ? 1 : 0]; }",
    converter: "",
    validator: "",
    register_on_join_access_key: "",
  },
  devicetest: {
    description: "a device for tests",
    latitude: 100,
    longitude: 200,
    altitude: 10,
    attributes: { room: "lab" },
    appEui: "0102030405060708",
    devEui: "1122334455667788",
    devAddr: "11223344",
    nwkSKey: "11223344556677881122334455667788",
    appSKey: "1122334455667788AABBCCDDEEFF0011",
    appKey: "AABBCCDDEEFF00112233445566778899",
    fCntUp: 1,
    fCntDown: 2,
    disableFCntCheck: true,
    uses32BitFCnt: true,
  } satisfies DeviceInput,
  uplink: {
    app_id: "test",
    dev_id: "device1",
    hardware_serial: "1122334455667788",
    port: 1,
    counter: 7,
    payload_raw: Buffer.from([1]) as Buffer,
    payload_fields: { led: true },
    metadata: {
      time: "2026-01-02T03:04:05.678Z",
      frequency: 868.1,
      modulation: "LORA",
      data_rate: "SF7BW125",
      airtime: 46_336_000,
      coding_rate: "4/5",
      gateways: [{ gtw_id: "gateway1", timestamp: 12_345, channel: 0, rssi: -25, snr: 5, rf_chain: 0 }],
    },
  } satisfies UplinkMessage,
} as const;

/** What a handler refuses with. */
class MockError extends Error {
  readonly code: status;
  readonly details: string;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

/**
 * A handler in memory: `new ApplicationClient(appId, key, { client: new MockApplicationManager(appId) })`. Like V2's, it
 * replaces an application wholesale.
 */
export class MockApplicationManager implements ApplicationManagerClient {
  readonly #applications = new Map<string, ApplicationMessage>();
  readonly #devices = new Map<string, DeviceMessage>();
  /** The metadata of the last call. */
  lastMetadata: Readonly<Record<string, string>> = {};

  /** With these applications registered. */
  constructor(...appIds: readonly string[]) {
    for (const appId of appIds) this.registerApplication(appId);
  }

  registerApplication(appId: string): void {
    if (this.#applications.has(appId))
      throw new MockError(status.ALREADY_EXISTS, "Application already exists");
    this.#applications.set(appId, create(ApplicationSchema, { appId }));
  }

  async getApplication(
    { appId }: { readonly appId: string },
    options: CallOptions,
  ): Promise<ApplicationMessage> {
    return clone(ApplicationSchema, this.#application(appId, options));
  }

  async setApplication(request: ApplicationMessage, options: CallOptions): Promise<void> {
    this.#application(request.appId, options);
    this.#applications.set(request.appId, clone(ApplicationSchema, request));
  }

  async deleteApplication({ appId }: { readonly appId: string }, options: CallOptions): Promise<void> {
    this.#application(appId, options);
    this.#applications.delete(appId);
    for (const [key, device] of this.#devices) if (device.appId === appId) this.#devices.delete(key);
  }

  async getDevice({ appId, devId }: DeviceKey, options: CallOptions): Promise<DeviceMessage> {
    this.#application(appId, options);
    return clone(DeviceSchema, this.#device(appId, devId));
  }

  async setDevice(request: DeviceMessage, options: CallOptions): Promise<void> {
    this.#application(request.appId, options);
    this.#devices.set(deviceKey(request.appId, request.devId), clone(DeviceSchema, request));
  }

  async deleteDevice({ appId, devId }: DeviceKey, options: CallOptions): Promise<void> {
    this.#application(appId, options);
    this.#device(appId, devId);
    this.#devices.delete(deviceKey(appId, devId));
  }

  async getDevicesForApplication({ appId }: { readonly appId: string }, options: CallOptions) {
    this.#application(appId, options);
    const devices = [...this.#devices.values()].filter((device) => device.appId === appId);
    return { devices: devices.map((device) => clone(DeviceSchema, device)) };
  }

  #application(appId: string, { metadata = {} }: CallOptions): ApplicationMessage {
    this.lastMetadata = metadata;
    const application = this.#applications.get(appId);
    if (application === undefined) throw new MockError(status.NOT_FOUND, `Application ${appId} not found`);
    return application;
  }

  #device(appId: string, devId: string): DeviceMessage {
    const device = this.#devices.get(deviceKey(appId, devId));
    if (device === undefined) throw new MockError(status.NOT_FOUND, `Device ${devId} not found`);
    return device;
  }
}

interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
}

interface DeviceKey {
  readonly appId: string;
  readonly devId: string;
}

function deviceKey(appId: string, devId: string): string {
  return `${appId}/${devId}`;
}

/** What a client sent to a device. */
export interface SentDownlink {
  readonly appId: string;
  readonly devId: string;
  readonly message: {
    readonly port: number;
    readonly confirmed: boolean;
    readonly schedule: string;
    readonly payload_raw?: string;
    readonly payload_fields?: { readonly [field: string]: unknown };
  };
}

/** A broker in memory: `new MQTTClient(appId, key, { mqttAddress: "mock", openConnection: broker.open })`. */
export class MockBroker {
  readonly downlinks: SentDownlink[] = [];
  /** How clients introduced themselves, the last one last. */
  readonly logins: (MQTTConnectionOptions & { readonly url: string })[] = [];
  readonly #connections = new Set<MockConnection>();
  #refusal: number | undefined;

  readonly open: OpenMQTTConnection = (url, options) => {
    this.logins.push({ ...options, url });
    const connection = new MockConnection(options.reconnectPeriod > 0, this);
    this.#connections.add(connection);
    return connection;
  };

  /** Answers every login with this return code of MQTT, such as 4; undefined accepts again. */
  refuse(returnCode: number | undefined): void {
    this.#refusal = returnCode;
  }

  /** An uplink of a device; the rest is as in `stubs.uplink`. */
  uplink(appId: string, devId: string, message: Partial<UplinkMessage> = {}): void {
    const { payload_raw, ...rest } = { ...stubs.uplink, app_id: appId, dev_id: devId, ...message };
    this.publish(
      `${appId}/devices/${devId}/up`,
      JSON.stringify({ ...rest, payload_raw: payload_raw.toString("base64") }),
    );
  }

  /** Anything, right or wrong, to whoever subscribed to it. */
  publish(topic: string, payload: string | Uint8Array): void {
    for (const connection of this.#connections) connection.deliver(topic, Buffer.from(payload as string));
  }

  /** Cuts every connection; clients that reconnect are back at once. */
  drop(): void {
    for (const connection of this.#connections) connection.drop();
  }

  /** @internal */
  loginResult(): number | undefined {
    return this.#refusal;
  }

  /** @internal */
  receive(topic: string, text: string): void {
    const [appId = "", , devId = ""] = topic.split("/");
    this.downlinks.push({ appId, devId, message: JSON.parse(text) as SentDownlink["message"] });
  }

  /** @internal */
  forget(connection: MockConnection): void {
    this.#connections.delete(connection);
  }
}

class MockConnection extends EventEmitter implements MQTTConnection {
  readonly #reconnects: boolean;
  readonly #broker: MockBroker;
  #filters: string[] = [];

  constructor(reconnects: boolean, broker: MockBroker) {
    super();
    this.#reconnects = reconnects;
    this.#broker = broker;
    this.#logIn();
  }

  async subscribeAsync(topic: string): Promise<readonly { readonly qos: number }[]> {
    this.#filters.push(topic);
    return [{ qos: 0 }];
  }

  async publishAsync(topic: string, message: string): Promise<void> {
    this.#broker.receive(topic, message);
  }

  async endAsync(): Promise<void> {
    this.#broker.forget(this);
    this.#filters = [];
  }

  deliver(topic: string, payload: Buffer): void {
    const matches = (filter: string) =>
      filter.split("/").every((level, index) => level === "+" || level === topic.split("/")[index]);
    if (this.#filters.some(matches)) this.emit("message", topic, payload);
  }

  drop(): void {
    this.#filters = [];
    this.emit("close");
    if (this.#reconnects) this.#logIn();
    else this.#broker.forget(this);
  }

  #logIn(): void {
    queueMicrotask(() => {
      const code = this.#broker.loginResult();
      if (code === undefined) this.emit("connect");
      else this.emit("error", Object.assign(new Error("Connection refused"), { code }));
    });
  }
}
