import { explained, GrpcClient } from "./grpc-client.ts";
import { type AnnouncementMessage, type AnnouncementMetadata, Discovery } from "./schema.ts";

const defaultDiscoveryAddress = "discovery.thethings.network:1900";
const timeoutMs = 30_000;

export interface DiscoveryOptions {
  /** `host:port`. */
  readonly address?: string;
  /** To trust, as PEM, instead of those that the system trusts. */
  readonly certificate?: string | Uint8Array;
  /** Without TLS. */
  readonly insecure?: boolean;
}

/** A service and where it is. */
export interface Announcement {
  id: string;
  service_name: string;
  service_version: string;
  description: string;
  url: string;
  public: boolean;
  /** Of gRPC, as `host:port`. */
  net_address: string;
  public_key: string;
  /** Of the service, as PEM. */
  certificate: string;
  /** Of HTTP. */
  api_address: string;
  /** As `host:port`. */
  mqtt_address: string;
  amqp_address: string;
  /** What the service is there for; bytes are hexadecimal. */
  metadata: { gateway_id?: string; app_id?: string; app_eui?: string; dev_addr_prefix?: string }[];
}

/** Where the services of a network are. */
export class DiscoveryClient {
  readonly #client: GrpcClient;

  constructor(options?: DiscoveryOptions);
  constructor(address?: string, certificate?: string | Uint8Array, insecure?: boolean);
  constructor(
    options: DiscoveryOptions | string = {},
    positionalCertificate?: string | Uint8Array,
    positionalInsecure = false,
  ) {
    const {
      address = defaultDiscoveryAddress,
      certificate = positionalCertificate,
      insecure = positionalInsecure,
    } = typeof options === "string" ? { address: options } : options;
    this.#client = new GrpcClient({ address, insecure, certificate });
  }

  /** All services of a name, such as "handler". */
  async getAll(serviceName: string): Promise<Announcement[]> {
    const call = this.#client.call(Discovery.method.getAll, { serviceName }, { timeoutMs });
    return (await explained("Error while getting the services", call)).services.map(announcement);
  }

  async get(serviceName: string, id: string): Promise<Announcement> {
    const call = this.#client.call(Discovery.method.get, { serviceName, id }, { timeoutMs });
    return announcement(await explained("Error while getting the service", call));
  }

  /** The handler of an application. */
  async getByAppId(appId: string): Promise<Announcement> {
    const call = this.#client.call(Discovery.method.getByAppID, { appId }, { timeoutMs });
    return announcement(await explained("Error while getting the handler of the application", call));
  }

  close(): void {
    this.#client.close();
  }
}

function announcement(message: AnnouncementMessage): Announcement {
  return {
    id: message.id,
    service_name: message.serviceName,
    service_version: message.serviceVersion,
    description: message.description,
    url: message.url,
    public: message.public,
    net_address: message.netAddress,
    public_key: message.publicKey,
    certificate: message.certificate,
    api_address: message.apiAddress,
    mqtt_address: message.mqttAddress,
    amqp_address: message.amqpAddress,
    metadata: message.metadata.map(announcementMetadata),
  };
}

function announcementMetadata({ metadata }: AnnouncementMetadata): Announcement["metadata"][number] {
  switch (metadata.case) {
    case "gatewayId":
      return { gateway_id: metadata.value };
    case "appId":
      return { app_id: metadata.value };
    case "appEui":
      return { app_eui: hexOf(metadata.value) };
    case "devAddrPrefix":
      return { dev_addr_prefix: hexOf(metadata.value) };
    default:
      return {};
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}
