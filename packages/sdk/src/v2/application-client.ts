import { create } from "@bufbuild/protobuf";
import { type ApplicationManagerClient, connectApplicationManager } from "./application-manager.ts";
import { applyDeviceInput, type Device, type DeviceInput, deviceOf } from "./device.ts";
import { DiscoveryClient, type DiscoveryOptions } from "./discovery-client.ts";
import { explained, type GrpcCallOptions } from "./grpc-client.ts";
import { type ApplicationMessage, ApplicationSchema } from "./schema.ts";
import { TTNError } from "./ttn-error.ts";

export interface ApplicationClientOptions {
  /** `host:port` of the handler; asked of the discovery server when absent. */
  readonly handlerAddress?: string;
  /** The handler's certificate as PEM; needed with `handlerAddress`. */
  readonly certContent?: string | Uint8Array;
  readonly discoveryAddress?: string;
  /** How the discovery server is reached, or a client of it. */
  readonly discovery?: Omit<DiscoveryOptions, "address"> | Pick<DiscoveryClient, "getByAppId">;
  /** The handler is reached without TLS. */
  readonly insecure?: boolean;
  /** Instead of a handler, in tests. */
  readonly client?: ApplicationManagerClient;
}

export interface Application {
  app_id: string;
  /** "custom", "cayennelpp" or empty. */
  payload_format: string;
  decoder: string;
  encoder: string;
  converter: string;
  validator: string;
  register_on_join_access_key: string;
}

/** JavaScript; what is undefined or empty stays as it is, null clears. */
export interface PayloadFunctions {
  readonly decoder?: string | null;
  readonly encoder?: string | null;
  readonly validator?: string | null;
  readonly converter?: string | null;
}

const deadlineMs = 30_000;
const deletionDeadlineMs = 60_000;

/** Settings and devices of an application. */
export class ApplicationClient {
  readonly appId: string;
  readonly #options: ApplicationClientOptions;
  readonly #metadata: Readonly<Record<string, string>>;
  #manager: Promise<ApplicationManagerClient> | undefined;

  constructor(appId: string, accessKeyOrToken: string, options?: ApplicationClientOptions);
  constructor(
    appId: string,
    accessKeyOrToken: string,
    handlerAddress?: string,
    certContent?: string | Uint8Array,
    discoveryAddress?: string,
  );
  constructor(
    appId: string,
    accessKeyOrToken: string,
    options: ApplicationClientOptions | string = {},
    ...[certContent, discoveryAddress]: readonly [(string | Uint8Array)?, string?]
  ) {
    this.appId = appId;
    this.#options =
      typeof options === "string"
        ? {
            handlerAddress: options,
            ...(certContent !== undefined && { certContent }),
            ...(discoveryAddress !== undefined && { discoveryAddress }),
          }
        : options;
    this.#metadata = { [isJSONWebToken(accessKeyOrToken) ? "token" : "key"]: accessKeyOrToken };
    const { handlerAddress, certContent: certificate, insecure } = this.#options;
    if (handlerAddress && !certificate && !insecure) throw new TTNError("You need to provide credentials");
  }

  async get(): Promise<Application> {
    return applicationOf(await this.#get());
  }

  /** "custom", "cayennelpp", or empty for none. */
  async setPayloadFormat(payloadFormat: string): Promise<void> {
    await this.#set({ payloadFormat });
  }

  /** Makes the format "custom". */
  async setCustomPayloadFunctions(functions: PayloadFunctions): Promise<void> {
    const changes: Record<string, string> = {};
    for (const name of ["decoder", "encoder", "validator", "converter"] as const) {
      const text = functions[name];
      if (text !== undefined && text !== "") changes[name] = text ?? "";
    }
    await this.#set({ ...changes, payloadFormat: "custom" });
  }

  /** The key with which devices register themselves when they join. */
  async setRegisterOnJoinAccessKey(accessKey: string): Promise<void> {
    await this.#set({ registerOnJoinAccessKey: accessKey });
  }

  /** Removes the application with its devices. */
  async unregister(): Promise<void> {
    const { appId } = this;
    await this.#call("Error while deleting the application", (manager, options) =>
      manager.deleteApplication({ appId }, options),
    );
  }

  async registerDevice(devId: string, device: DeviceInput): Promise<void> {
    const message = applyDeviceInput({ appId: this.appId, devId }, device);
    await this.#call("Error when updating the device", (manager, options) =>
      manager.setDevice(message, options),
    );
  }

  async device(devId: string): Promise<Device> {
    return deviceOf(await this.#device("Error while getting the device", devId));
  }

  async devices(): Promise<Device[]> {
    const { appId } = this;
    const { devices } = await this.#call("Error while getting the list of devices", (manager, options) =>
      manager.getDevicesForApplication({ appId }, options),
    );
    return devices.map(deviceOf);
  }

  /** Changes what `updates` names, and leaves the rest. */
  async updateDevice(devId: string, updates: DeviceInput): Promise<void> {
    const doing = "Error while updating the device";
    const ids = { appId: this.appId, devId };
    // Refused before anything is asked for.
    applyDeviceInput(ids, updates);
    const message = applyDeviceInput(ids, updates, await this.#device(doing, devId));
    await this.#call(doing, (manager, options) => manager.setDevice(message, options));
  }

  async deleteDevice(devId: string): Promise<void> {
    const { appId } = this;
    await this.#call(
      "Error while deleting the device",
      (manager, options) => manager.deleteDevice({ appId, devId }, options),
      deletionDeadlineMs,
    );
  }

  /** Lets go of the connection. */
  async close(): Promise<void> {
    const manager = await this.#manager?.catch(() => undefined);
    this.#manager = undefined;
    manager?.close?.();
  }

  #get(): Promise<ApplicationMessage> {
    const { appId } = this;
    return this.#call("Error while getting the application", (manager, options) =>
      manager.getApplication({ appId }, options),
    );
  }

  /** Of what it does not say, V2's servers would make nothing. */
  async #set(changes: Partial<Omit<ApplicationMessage, "$typeName">>): Promise<void> {
    const message = create(ApplicationSchema, { ...(await this.#get()), ...changes, appId: this.appId });
    await this.#call("Error while updating the application", (manager, options) =>
      manager.setApplication(message, options),
    );
  }

  #device(doing: string, devId: string) {
    const { appId } = this;
    return this.#call(doing, (manager, options) => manager.getDevice({ appId, devId }, options));
  }

  async #call<Answer>(
    doing: string,
    call: (manager: ApplicationManagerClient, options: GrpcCallOptions) => Promise<Answer>,
    timeoutMs = deadlineMs,
  ): Promise<Answer> {
    // What failed once may succeed the next time.
    this.#manager ??= this.#connect().catch((error: unknown) => {
      this.#manager = undefined;
      throw error;
    });
    const manager = await this.#manager;
    return explained(doing, call(manager, { timeoutMs, metadata: this.#metadata }));
  }

  async #connect(): Promise<ApplicationManagerClient> {
    const { client, handlerAddress, certContent, insecure = false } = this.#options;
    if (client !== undefined) return client;
    if (handlerAddress) {
      return connectApplicationManager({ address: handlerAddress, insecure, certificate: certContent });
    }
    const { discovery, discoveryAddress } = this.#options;
    const isClient = discovery !== undefined && "getByAppId" in discovery;
    const directory = isClient
      ? undefined
      : new DiscoveryClient({
          ...discovery,
          ...(discoveryAddress !== undefined && { address: discoveryAddress }),
        });
    const announcement = await (isClient ? discovery : directory!).getByAppId(this.appId);
    directory?.close();
    return connectApplicationManager({
      address: announcement.net_address,
      certificate: announcement.certificate,
      insecure,
    });
  }
}

function applicationOf(message: ApplicationMessage): Application {
  return {
    app_id: message.appId,
    payload_format: message.payloadFormat,
    decoder: message.decoder,
    encoder: message.encoder,
    converter: message.converter,
    validator: message.validator,
    register_on_join_access_key: message.registerOnJoinAccessKey,
  };
}

/** Three parts, of which the first says how it is signed. */
function isJSONWebToken(text: string): boolean {
  const parts = text.split(".");
  if (parts.length !== 3) return false;
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0] ?? "", "base64url").toString("utf8"));
    return typeof header === "object" && header !== null && "alg" in header;
  } catch {
    return false;
  }
}
