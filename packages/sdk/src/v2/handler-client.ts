import { readFile } from "node:fs/promises";
import { ApplicationClient } from "./application-client.ts";
import { type Announcement, DiscoveryClient } from "./discovery-client.ts";
import { MQTTClient, type MQTTClientOptions } from "./mqtt-client.ts";
import { TTNError } from "./ttn-error.ts";

export interface HandlerClientOptions {
  readonly discoveryAddress?: string;
  /** A file with the certificate of the discovery server, as PEM. */
  readonly certPath?: string;
  readonly certContent?: string | Uint8Array;
  /** The discovery server is reached without TLS. */
  readonly insecureChannel?: boolean;
  /** Instead of a discovery server, in tests. */
  readonly discovery?: Pick<DiscoveryClient, "getByAppId">;
}

/** Finds the handler of an application, and makes clients of it. */
export class HandlerClient {
  readonly appId: string;
  readonly #accessKey: string;
  readonly #options: HandlerClientOptions;
  #announcement: Announcement | undefined;

  constructor(appId: string, accessKey: string, options?: HandlerClientOptions);
  constructor(appId: string, accessKey: string, discoveryAddress?: string, certPath?: string);
  constructor(
    appId: string,
    accessKey: string,
    options: HandlerClientOptions | string = {},
    certPath?: string,
  ) {
    this.appId = appId;
    this.#accessKey = accessKey;
    this.#options =
      typeof options === "string"
        ? { discoveryAddress: options, ...(certPath !== undefined && { certPath }) }
        : options;
  }

  /** The same as the constructor and `open`. */
  static open(appId: string, accessKey: string, options?: HandlerClientOptions): Promise<HandlerClient> {
    return new HandlerClient(appId, accessKey, options).open();
  }

  /** Asks the discovery server. */
  async open(): Promise<this> {
    const { discovery } = this.#options;
    if (discovery !== undefined) {
      this.#announcement = await discovery.getByAppId(this.appId);
      return this;
    }
    const client = await this.#directory();
    try {
      this.#announcement = await client.getByAppId(this.appId);
    } finally {
      client.close();
    }
    return this;
  }

  /** A client for the application's messages. */
  data(options: Omit<MQTTClientOptions, "mqttAddress"> = {}): MQTTClient {
    const { mqtt_address } = this.#opened("data");
    return new MQTTClient(this.appId, this.#accessKey, { ...options, mqttAddress: mqtt_address });
  }

  /** A client for the application's settings and devices. */
  application(): ApplicationClient {
    const { net_address, certificate } = this.#opened("application");
    return new ApplicationClient(this.appId, this.#accessKey, {
      handlerAddress: net_address,
      certContent: certificate,
      // A handler that announces no certificate has no TLS.
      insecure: certificate === "",
    });
  }

  #opened(what: string): Announcement {
    if (this.#announcement !== undefined) return this.#announcement;
    throw new TTNError(
      `HandlerClient needs to be open before it can create ${what === "data" ? "a" : "an"} ${what} client.`,
    );
  }

  async #directory(): Promise<DiscoveryClient> {
    const { discoveryAddress, certPath, certContent, insecureChannel = false } = this.#options;
    const certificate = certPath ? await readFile(certPath) : certContent;
    return new DiscoveryClient({
      insecure: insecureChannel,
      ...(discoveryAddress !== undefined && { address: discoveryAddress }),
      ...(certificate !== undefined && { certificate }),
    });
  }
}
