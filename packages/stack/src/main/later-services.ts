import type { DescService } from "@skylark/api";
import {
  AppJs,
  ApplicationCryptoService,
  ApplicationPackageRegistry,
  ApplicationPubSubRegistry,
  ApplicationUpStorage,
  ApplicationWebhookRegistry,
  AsJs,
  AsNs,
  DeviceRepository,
  EndDeviceQRCodeGenerator,
  EndDeviceTemplateConverter,
  GatewayClaimingServer,
  GatewayConfigurationService,
  GatewayQRCodeGenerator,
  GsNs,
  GsPba,
  GtwGs,
  ManagedGatewayConfigurationService,
  ManagedGatewayEthernetProfileConfigurationService,
  ManagedGatewayWiFiProfileConfigurationService,
  NetworkCryptoService,
  NsAs,
  NsGs,
  NsJs,
  NsPba,
  NsRelayConfigurationService,
  Pba,
} from "@skylark/api";
import { later, type ServiceImplementation } from "../rpc/service.ts";

const clusterInternal = "the inside of a cluster: servers of one process call each other directly";
const integrations = "the integrations: webhooks, pub/sub, application packages and storage";
export const onboarding = "device onboarding: repository, claiming, QR codes and templates";
const gatewayConfiguration = "the gateway configuration server and managed gateways";
const gatewayProtocols = "the gateway protocols";
const packetBroker = "Packet Broker";
const cryptoServices = "external crypto servers";

/** The services of the schema that no server has yet, and the area that each belongs to. */
export const laterServices: ReadonlyMap<DescService, string> = new Map<DescService, string>([
  [NsAs, clusterInternal],
  [AsNs, clusterInternal],
  [GsNs, clusterInternal],
  [NsGs, clusterInternal],
  [NsJs, clusterInternal],
  [AsJs, clusterInternal],
  [AppJs, clusterInternal],
  [ApplicationWebhookRegistry, integrations],
  [ApplicationPubSubRegistry, integrations],
  [ApplicationPackageRegistry, integrations],
  [ApplicationUpStorage, integrations],
  [DeviceRepository, onboarding],
  [GatewayClaimingServer, onboarding],
  [EndDeviceTemplateConverter, onboarding],
  [EndDeviceQRCodeGenerator, onboarding],
  [GatewayQRCodeGenerator, onboarding],
  [GatewayConfigurationService, gatewayConfiguration],
  [ManagedGatewayConfigurationService, gatewayConfiguration],
  [ManagedGatewayWiFiProfileConfigurationService, gatewayConfiguration],
  [ManagedGatewayEthernetProfileConfigurationService, gatewayConfiguration],
  [GtwGs, gatewayProtocols],
  [NsRelayConfigurationService, "class B, class C and relays"],
  [NetworkCryptoService, cryptoServices],
  [ApplicationCryptoService, cryptoServices],
  [GsPba, packetBroker],
  [NsPba, packetBroker],
  [Pba, packetBroker],
]);

/** What is served, and refusals that name the area for what is not. */
export function withLaterServices(
  services: readonly ServiceImplementation[],
): readonly ServiceImplementation[] {
  const served = new Set(services.map(({ descriptor }) => descriptor));
  const refused = [...laterServices].filter(([descriptor]) => !served.has(descriptor));
  return [...services, ...refused.map(([descriptor, area]) => later(descriptor, area))];
}
