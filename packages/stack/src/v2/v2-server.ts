import type { Clock, RandomBytes } from "../clock/clock.ts";
import type { ListenAddress, OptionValues } from "../config/option.ts";
import type { Logger } from "../log/log.ts";
import { type GrpcListener, listenGrpcLate } from "../rpc/grpc-listener.ts";
import { createGrpcPlatform, type GrpcPlatform } from "../rpc/grpc-platform.ts";
import { type HttpListener, listenHttp } from "../rpc/http-listener.ts";
import { createHttpPlatform, type HttpPlatform } from "../rpc/http-platform.ts";
import type { Authority, ServiceImplementation } from "../rpc/service.ts";
import { type AnnouncementSource, hostOf, type PublicAddresses } from "./announcements.ts";
import { loadCertificate } from "./certificate/certificate-store.ts";
import type { CertificateFiles } from "./certificate/self-signed-certificate.ts";
import type { v2Options } from "./config.ts";
import type { HandlerParts } from "./handler-parts.ts";
import { withPaging } from "./http-paging.ts";

export interface V2ServerParts extends HandlerParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly randomBytes: RandomBytes;
  readonly dataDirectory: string;
  readonly version: string;
  readonly tenantOfHost: (host: string | undefined) => string;
  readonly trustedNetworks: readonly string[];
  readonly options: OptionValues<typeof v2Options>;
  /** Where applications reach the MQTT server, as it was configured. */
  readonly mqttPublicAddress: string;
}

/** Discovery and handler for clients of The Things Network V2. What answers is loaded when the first one comes. */
export interface V2Server {
  /** With the certificate of the installation's host name where there is one, as it takes one that clients trust already. */
  listenDiscovery(address: ListenAddress, configured: CertificateFiles | undefined): Promise<GrpcListener>;
  /** Always with the certificate that discovery tells. */
  listenHandler(address: ListenAddress): Promise<GrpcListener>;
  listenHandlerHttp(address: ListenAddress): Promise<HttpListener>;
  /** The port that is announced for MQTT. */
  mqttListensOn(port: number | undefined): void;
  /** Ends calls under way. */
  stop(): void;
}

/** What the option says when nobody has set it. */
const unsetMqttAddress = "localhost:1883";

/** The methods of V3, which those of V2 call, ask who calls and what they may. */
const everyone: Authority = {
  authenticate: (tenantId) => ({ tenantId, isAdmin: false, warnings: [] }),
  require() {},
  rightsOn: () => new Set(),
  requireStill() {},
  watch: () => () => {},
};

export function createV2Server(parts: V2ServerParts): V2Server {
  const ports: { handler?: number; handlerHttp?: number; mqtt?: number | undefined } = {};
  const { options, mqttPublicAddress } = parts;
  const publicHost = options["v2.public-host"];
  const isMqttConfigured = mqttPublicAddress !== unsetMqttAddress && mqttPublicAddress !== "";
  const addresses = (): PublicAddresses => ({
    host: publicHost || (hostOf(mqttPublicAddress) ?? "localhost"),
    isHostConfigured: publicHost !== "" || isMqttConfigured,
    handlerPort: ports.handler,
    handlerHttpPort: ports.handlerHttp,
    mqttPort: ports.mqtt,
    mqttAddress: isMqttConfigured ? mqttPublicAddress : undefined,
  });
  let certificate: Promise<CertificateFiles> | undefined;
  const ownCertificate = () => {
    certificate ??= loadCertificate({ ...parts, publicHost: addresses().host });
    return certificate;
  };
  /** Whoever waits for it is turned away when it fails, so that the log must say why. */
  const prepared = (make: () => Promise<GrpcPlatform>, tls: CertificateFiles) => async () => {
    try {
      return { platform: await make(), tls };
    } catch (error) {
      parts.log.error("what answers clients of V2 could not be loaded", { error });
      throw error;
    }
  };
  const platforms = createPlatforms(parts, async () => ({
    addresses,
    certificate: (await ownCertificate()).cert,
    version: parts.version,
  }));

  return {
    async listenDiscovery(address, configured) {
      const tls = configured ?? (await ownCertificate());
      return listenGrpcLate(prepared(platforms.discovery, tls), listenOptions(address));
    },
    async listenHandler(address) {
      const tls = await ownCertificate();
      const listener = await listenGrpcLate(prepared(platforms.handler, tls), listenOptions(address));
      ports.handler = listener.port;
      return listener;
    },
    async listenHandlerHttp(address) {
      const listener = await listenHttp(await platforms.http(), listenOptions(address));
      ports.handlerHttp = listener.port;
      return listener;
    },
    mqttListensOn(port) {
      ports.mqtt = port;
    },
    stop: () => platforms.stop(),
  };
}

/** Each is made at most once, when it is needed. */
function createPlatforms(parts: V2ServerParts, announce: () => Promise<AnnouncementSource>) {
  const { clock, log, tenantOfHost, trustedNetworks } = parts;
  const made: { stop(): void }[] = [];
  const common = { clock, log, tenantOfHost, trustedNetworks, authority: everyone };
  const keep = <P extends { stop(): void }>(platform: P): P => {
    made.push(platform);
    return platform;
  };
  const overGrpc = (services: readonly ServiceImplementation[]): GrpcPlatform =>
    keep(createGrpcPlatform({ ...common, services }));
  const load = () => import("./v2-services.ts");
  return {
    discovery: async () => overGrpc((await load()).discoveryServices(await announce(), parts)),
    handler: async () => overGrpc((await load()).handlerServices(parts)),
    async http(): Promise<HttpPlatform> {
      const { discoveryServices, handlerServices } = await load();
      const services = [...handlerServices(parts), ...discoveryServices(await announce(), parts)];
      return withPaging(keep(createHttpPlatform({ ...common, services, pathPrefix: "" })));
    },
    stop() {
      for (const platform of made) platform.stop();
    },
  };
}

function listenOptions({ host, port }: ListenAddress) {
  return { port, ...(host === undefined ? {} : { host }) };
}
