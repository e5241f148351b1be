// Generated from the schema by `node packages/sdk/generate.ts`; a test holds both together.

import type { Method, StreamMethod } from "./method.ts";
import type {
  APIKey,
  APIKeys,
  Application,
  ApplicationActivationSettings,
  ApplicationDownlinks,
  ApplicationIdentifiers,
  ApplicationLink,
  ApplicationLinkStats,
  ApplicationPackageAssociation,
  ApplicationPackageAssociationIdentifiers,
  ApplicationPackageAssociations,
  ApplicationPackageDefaultAssociation,
  ApplicationPackageDefaultAssociationIdentifiers,
  ApplicationPackageDefaultAssociations,
  ApplicationPackages,
  ApplicationPubSub,
  ApplicationPubSubFormats,
  ApplicationPubSubIdentifiers,
  ApplicationPubSubs,
  Applications,
  ApplicationUp,
  ApplicationWebhook,
  ApplicationWebhookFormats,
  ApplicationWebhookIdentifiers,
  ApplicationWebhooks,
  ApplicationWebhookTemplate,
  ApplicationWebhookTemplates,
  AssertGatewayRightsRequest,
  AuthInfoResponse,
  AuthorizeApplicationRequest,
  AuthorizeGatewayRequest,
  BatchDeleteEndDevicesRequest,
  BatchDeleteGatewaysRequest,
  BatchDeleteUserBookmarksRequest,
  BatchGetEndDevicesRequest,
  BatchGetGatewayConnectionStatsRequest,
  BatchGetGatewayConnectionStatsResponse,
  BatchGetTenantRegistryTotalsRequest,
  BatchGetTenantRegistryTotalsResponse,
  BatchUnclaimEndDevicesRequest,
  BatchUnclaimEndDevicesResponse,
  ClaimEndDeviceRequest,
  ClaimGatewayRequest,
  Client,
  ClientIdentifiers,
  Clients,
  Collaborators,
  ContactInfoValidation,
  ConvertEndDeviceTemplateRequest,
  CreateApplicationAPIKeyRequest,
  CreateApplicationRequest,
  CreateClientRequest,
  CreateEndDeviceRequest,
  CreateGatewayAPIKeyRequest,
  CreateGatewayRequest,
  CreateLoginTokenRequest,
  CreateLoginTokenResponse,
  CreateManagedGatewayEthernetProfileRequest,
  CreateManagedGatewayWiFiProfileRequest,
  CreateOrganizationAPIKeyRequest,
  CreateOrganizationRequest,
  CreateRelayRequest,
  CreateRelayResponse,
  CreateRelayUplinkForwardingRuleRequest,
  CreateRelayUplinkForwardingRuleResponse,
  CreateTemporaryPasswordRequest,
  CreateTenantRequest,
  CreateUserAPIKeyRequest,
  CreateUserBookmarkRequest,
  CreateUserRequest,
  DecodeDownlinkRequest,
  DecodeDownlinkResponse,
  DecodeUplinkRequest,
  DecodeUplinkResponse,
  DeleteApplicationActivationSettingsRequest,
  DeleteApplicationAPIKeyRequest,
  DeleteApplicationCollaboratorRequest,
  DeleteClientCollaboratorRequest,
  DeleteGatewayAPIKeyRequest,
  DeleteGatewayCollaboratorRequest,
  DeleteInvitationRequest,
  DeleteManagedGatewayEthernetProfileRequest,
  DeleteManagedGatewayWiFiProfileRequest,
  DeleteOrganizationAPIKeyRequest,
  DeleteOrganizationCollaboratorRequest,
  DeleteRelayRequest,
  DeleteRelayResponse,
  DeleteRelayUplinkForwardingRuleRequest,
  DeleteRelayUplinkForwardingRuleResponse,
  DeleteUserAPIKeyRequest,
  DeleteUserBookmarkRequest,
  DownlinkQueueRequest,
  EmailValidation,
  Empty,
  EncodeDownlinkRequest,
  EncodeDownlinkResponse,
  EndDevice,
  EndDeviceBrand,
  EndDeviceCheckReport,
  EndDeviceIdentifiers,
  EndDeviceModel,
  EndDevices,
  EndDeviceTemplate,
  EndDeviceTemplateFormats,
  EntityIdentifiers,
  Event,
  FindRelatedEventsRequest,
  FindRelatedEventsResponse,
  Gateway,
  GatewayConnectionStats,
  GatewayIdentifiers,
  Gateways,
  GenerateDevAddrResponse,
  GenerateEndDeviceQRCodeRequest,
  GenerateQRCodeResponse,
  GetApplicationActivationSettingsRequest,
  GetApplicationAPIKeyRequest,
  GetApplicationCollaboratorRequest,
  GetApplicationLinkRequest,
  GetApplicationPackageAssociationRequest,
  GetApplicationPackageDefaultAssociationRequest,
  GetApplicationPubSubRequest,
  GetApplicationRequest,
  GetApplicationWebhookRequest,
  GetApplicationWebhookTemplateRequest,
  GetAsConfigurationRequest,
  GetAsConfigurationResponse,
  GetClaimStatusResponse,
  GetClientCollaboratorRequest,
  GetClientRequest,
  GetCollaboratorResponse,
  GetDefaultJoinEUIResponse,
  GetDefaultMACSettingsRequest,
  GetDeviceAdressPrefixesResponse,
  GetEndDeviceBrandRequest,
  GetEndDeviceModelRequest,
  GetEndDeviceRequest,
  GetGatewayAPIKeyRequest,
  GetGatewayCollaboratorRequest,
  GetGatewayConfigurationRequest,
  GetGatewayConfigurationResponse,
  GetGatewayInfoForEUIRequest,
  GetGatewayInfoForEUIResponse,
  GetGatewayRequest,
  GetInfoByGatewayEUIRequest,
  GetInfoByGatewayEUIResponse,
  GetInfoByJoinEUIRequest,
  GetInfoByJoinEUIResponse,
  GetInfoByJoinEUIsRequest,
  GetInfoByJoinEUIsResponse,
  GetIsConfigurationRequest,
  GetIsConfigurationResponse,
  GetManagedGatewayEthernetProfileRequest,
  GetManagedGatewayWiFiProfileRequest,
  GetNetIDResponse,
  GetOrganizationAPIKeyRequest,
  GetOrganizationCollaboratorRequest,
  GetOrganizationRequest,
  GetPayloadFormatterRequest,
  GetPhyVersionsRequest,
  GetPhyVersionsResponse,
  GetQRCodeFormatRequest,
  GetRelayRequest,
  GetRelayResponse,
  GetRelayUplinkForwardingRuleRequest,
  GetRelayUplinkForwardingRuleResponse,
  GetStoredApplicationUpCountRequest,
  GetStoredApplicationUpCountResponse,
  GetStoredApplicationUpRequest,
  GetTemplateRequest,
  GetTenantRegistryTotalsRequest,
  GetTenantRequest,
  GetUserAPIKeyRequest,
  GetUserRequest,
  Invitation,
  Invitations,
  IssueDevEUIResponse,
  JoinEUIPrefixes,
  ListApplicationAPIKeysRequest,
  ListApplicationCollaboratorsRequest,
  ListApplicationPackageAssociationRequest,
  ListApplicationPackageDefaultAssociationRequest,
  ListApplicationPubSubsRequest,
  ListApplicationsRequest,
  ListApplicationWebhooksRequest,
  ListApplicationWebhookTemplatesRequest,
  ListBandsRequest,
  ListBandsResponse,
  ListClientCollaboratorsRequest,
  ListClientsRequest,
  ListEndDeviceBrandsRequest,
  ListEndDeviceBrandsResponse,
  ListEndDeviceModelsRequest,
  ListEndDeviceModelsResponse,
  ListEndDevicesRequest,
  ListForwarderRoutingPoliciesRequest,
  ListFrequencyPlansRequest,
  ListFrequencyPlansResponse,
  ListGatewayAPIKeysRequest,
  ListGatewayCollaboratorsRequest,
  ListGatewaysRequest,
  ListHomeNetworkRoutingPoliciesRequest,
  ListInvitationsRequest,
  ListManagedGatewayEthernetProfilesRequest,
  ListManagedGatewayWiFiProfilesRequest,
  ListNotificationsRequest,
  ListNotificationsResponse,
  ListOAuthAccessTokensRequest,
  ListOAuthClientAuthorizationsRequest,
  ListOrganizationAPIKeysRequest,
  ListOrganizationCollaboratorsRequest,
  ListOrganizationsRequest,
  ListPacketBrokerHomeNetworksRequest,
  ListPacketBrokerNetworksRequest,
  ListRelayUplinkForwardingRulesRequest,
  ListRelayUplinkForwardingRulesResponse,
  ListTenantsRequest,
  ListUserAPIKeysRequest,
  ListUserBookmarksRequest,
  ListUserSessionsRequest,
  ListUsersRequest,
  MACSettings,
  ManagedGateway,
  ManagedGatewayEthernetProfile,
  ManagedGatewayEthernetProfiles,
  ManagedGatewayEventData,
  ManagedGatewayWiFiAccessPoints,
  ManagedGatewayWiFiProfile,
  ManagedGatewayWiFiProfiles,
  MessagePayloadDecoder,
  MessagePayloadEncoder,
  MQTTConnectionInfo,
  OAuthAccessTokenIdentifiers,
  OAuthAccessTokens,
  OAuthClientAuthorizationIdentifiers,
  OAuthClientAuthorizations,
  Organization,
  OrganizationIdentifiers,
  Organizations,
  PacketBrokerDefaultGatewayVisibility,
  PacketBrokerDefaultRoutingPolicy,
  PacketBrokerInfo,
  PacketBrokerNetwork,
  PacketBrokerNetworkIdentifier,
  PacketBrokerNetworks,
  PacketBrokerRegisterRequest,
  PacketBrokerRoutingPolicies,
  PacketBrokerRoutingPolicy,
  ParseEndDeviceQRCodeRequest,
  ParseEndDeviceQRCodeResponse,
  ParseGatewayQRCodeRequest,
  ParseGatewayQRCodeResponse,
  ProvisionEndDevicesRequest,
  QRCodeFormat,
  QRCodeFormats,
  ReleaseGatewayEUIRequest,
  ResetAndGetEndDeviceRequest,
  Rights,
  SearchAccountsRequest,
  SearchAccountsResponse,
  SearchApplicationsRequest,
  SearchClientsRequest,
  SearchEndDevicesRequest,
  SearchGatewaysRequest,
  SearchOrganizationsRequest,
  SearchUsersRequest,
  SendInvitationRequest,
  SetApplicationActivationSettingsRequest,
  SetApplicationCollaboratorRequest,
  SetApplicationLinkRequest,
  SetApplicationPackageAssociationRequest,
  SetApplicationPackageDefaultAssociationRequest,
  SetApplicationPubSubRequest,
  SetApplicationWebhookRequest,
  SetClientCollaboratorRequest,
  SetEndDeviceRequest,
  SetGatewayCollaboratorRequest,
  SetOrganizationCollaboratorRequest,
  SetPacketBrokerDefaultGatewayVisibilityRequest,
  SetPacketBrokerDefaultRoutingPolicyRequest,
  SetPacketBrokerRoutingPolicyRequest,
  StreamEventsRequest,
  Tenant,
  TenantIdentifiers,
  TenantRegistryTotals,
  Tenants,
  UpdateApplicationAPIKeyRequest,
  UpdateApplicationRequest,
  UpdateClientRequest,
  UpdateEndDeviceRequest,
  UpdateGatewayAPIKeyRequest,
  UpdateGatewayRequest,
  UpdateManagedGatewayEthernetProfileRequest,
  UpdateManagedGatewayRequest,
  UpdateManagedGatewayWiFiProfileRequest,
  UpdateNotificationStatusRequest,
  UpdateOrganizationAPIKeyRequest,
  UpdateOrganizationRequest,
  UpdateRelayRequest,
  UpdateRelayResponse,
  UpdateRelayUplinkForwardingRuleRequest,
  UpdateRelayUplinkForwardingRuleResponse,
  UpdateTenantRequest,
  UpdateUserAPIKeyRequest,
  UpdateUserPasswordRequest,
  UpdateUserRequest,
  User,
  UserBookmark,
  UserBookmarks,
  UserIdentifiers,
  UserSessionIdentifiers,
  UserSessions,
  Users,
  ValidateEmailRequest,
} from "./types.ts";

/** Whether the four servers that share an end device agree about it. */
export const EndDeviceCheck = {
  /** Says in words what is missing from an end device, or inconsistent between the servers, and what to do about it. */
  Check: "GET /applications/{application_ids.application_id}/devices/{device_id}/check" as Method<
    EndDeviceIdentifiers,
    EndDeviceCheckReport
  >,
};

/** Tenants, from their creation to their deletion. */
export const TenantRegistry = {
  /** Creates a tenant, with its first admin when one is given. */
  Create: "POST* /tenants" as Method<CreateTenantRequest, Tenant>,
  /** One tenant. */
  Get: "GET /tenants/{tenant_ids.tenant_id}" as Method<GetTenantRequest, Tenant>,
  /** How many entities a tenant has, counted when asked. */
  GetRegistryTotals: "GET /tenants/{tenant_ids.tenant_id}/registry-totals" as Method<
    GetTenantRegistryTotalsRequest,
    TenantRegistryTotals
  >,
  /** How many entities each of several tenants has. */
  BatchGetRegistryTotals: "POST* /tenants/registry-totals" as Method<
    BatchGetTenantRegistryTotalsRequest,
    BatchGetTenantRegistryTotalsResponse
  >,
  /** All tenants. */
  List: "GET /tenants" as Method<ListTenantsRequest, Tenants>,
  /** Changes a tenant, its limits and its settings. */
  Update: "PUT* /tenants/{tenant.ids.tenant_id}" as Method<UpdateTenantRequest, Tenant>,
  /** The tenant is no longer served, and its identifier stays taken. */
  Delete: "DELETE /tenants/{tenant_id}" as Method<TenantIdentifiers, Empty>,
  /** The gateway with an EUI, and whose it is. */
  GetGatewayInfoForEUI: "POST* /tenants/gateways/info" as Method<
    GetGatewayInfoForEUIRequest,
    GetGatewayInfoForEUIResponse
  >,
  /** So that the gateway can be registered in another tenant. */
  ReleaseGatewayEUI: "POST* /tenants/gateways/release-eui" as Method<ReleaseGatewayEUIRequest, Empty>,
};

/** Applications, from their registration to their purge. */
export const ApplicationRegistry = {
  /** Registers an application; its first collaborator gets all rights on it. */
  Create:
    "POST* /users/{collaborator.user_ids.user_id}/applications|POST* /organizations/{collaborator.organization_ids.organization_id}/applications" as Method<
      CreateApplicationRequest,
      Application
    >,
  /** One application. */
  Get: "GET /applications/{application_ids.application_id}" as Method<GetApplicationRequest, Application>,
  /** Applications that the caller may see. */
  List: "GET /applications|GET /users/{collaborator.user_ids.user_id}/applications|GET /organizations/{collaborator.organization_ids.organization_id}/applications" as Method<
    ListApplicationsRequest,
    Applications
  >,
  /** Changes an application. */
  Update: "PUT* /applications/{application.ids.application_id}" as Method<
    UpdateApplicationRequest,
    Application
  >,
  /** The application can be restored for a while, and its identifier stays taken. */
  Delete: "DELETE /applications/{application_id}" as Method<ApplicationIdentifiers, Empty>,
  /** Takes a deletion back, for as long as that is possible. */
  Restore: "POST /applications/{application_id}/restore" as Method<ApplicationIdentifiers, Empty>,
  /** For admins: gone for good, and its identifier is free. */
  Purge: "DELETE /applications/{application_id}/purge" as Method<ApplicationIdentifiers, Empty>,
  /** Gives out the next DevEUI of the deployment's block. */
  IssueDevEUI: "POST /applications/{application_id}/dev-eui" as Method<
    ApplicationIdentifiers,
    IssueDevEUIResponse
  >,
};

/** Who may do what with an application: keys and collaborators. */
export const ApplicationAccess = {
  /** The rights of the caller on an application. */
  ListRights: "GET /applications/{application_id}/rights" as Method<ApplicationIdentifiers, Rights>,
  /** Makes an API key; its secret is in this answer only. */
  CreateAPIKey: "POST* /applications/{application_ids.application_id}/api-keys" as Method<
    CreateApplicationAPIKeyRequest,
    APIKey
  >,
  /** The API keys of an application, without their secrets. */
  ListAPIKeys: "GET /applications/{application_ids.application_id}/api-keys" as Method<
    ListApplicationAPIKeysRequest,
    APIKeys
  >,
  /** One API key, without its secret. */
  GetAPIKey: "GET /applications/{application_ids.application_id}/api-keys/{key_id}" as Method<
    GetApplicationAPIKeyRequest,
    APIKey
  >,
  /** Changes name, rights or expiry of an API key. */
  UpdateAPIKey: "PUT* /applications/{application_ids.application_id}/api-keys/{api_key.id}" as Method<
    UpdateApplicationAPIKeyRequest,
    APIKey
  >,
  /** Ends an API key. */
  DeleteAPIKey: "DELETE /applications/{application_ids.application_id}/api-keys/{key_id}" as Method<
    DeleteApplicationAPIKeyRequest,
    Empty
  >,
  /** The rights of one collaborator. */
  GetCollaborator:
    "GET /applications/{application_ids.application_id}/collaborator/user/{collaborator.user_ids.user_id}|GET /applications/{application_ids.application_id}/collaborator/organization/{collaborator.organization_ids.organization_id}" as Method<
      GetApplicationCollaboratorRequest,
      GetCollaboratorResponse
    >,
  /** Sets the rights of a collaborator; none remove the collaborator. */
  SetCollaborator: "PUT* /applications/{application_ids.application_id}/collaborators" as Method<
    SetApplicationCollaboratorRequest,
    Empty
  >,
  /** Who holds rights on an application. */
  ListCollaborators: "GET /applications/{application_ids.application_id}/collaborators" as Method<
    ListApplicationCollaboratorsRequest,
    Collaborators
  >,
  /** Removes a collaborator. */
  DeleteCollaborator:
    "DELETE /applications/{application_ids.application_id}/collaborator/user/{collaborator_ids.user_ids.user_id}|DELETE /applications/{application_ids.application_id}/collaborator/organization/{collaborator_ids.organization_ids.organization_id}" as Method<
      DeleteApplicationCollaboratorRequest,
      Empty
    >,
};

/** The link between an application and the Application Server. */
export const As = {
  /** How the Application Server handles the messages of an application. */
  GetLink: "GET /as/applications/{application_ids.application_id}/link" as Method<
    GetApplicationLinkRequest,
    ApplicationLink
  >,
  /** Sets default formatters, or leaves payloads encrypted. */
  SetLink: "PUT* /as/applications/{application_ids.application_id}/link" as Method<
    SetApplicationLinkRequest,
    ApplicationLink
  >,
  /** Returns to how an application is handled by default. */
  DeleteLink: "DELETE /as/applications/{application_id}/link" as Method<ApplicationIdentifiers, Empty>,
  /** What the application's messages were, and when. */
  GetLinkStats: "GET /as/applications/{application_id}/link/stats" as Method<
    ApplicationIdentifiers,
    ApplicationLinkStats
  >,
  /** What of the configuration clients need to know. */
  GetConfiguration: "GET /as/configuration" as Method<GetAsConfigurationRequest, GetAsConfigurationResponse>,
};

/** Messages of an application: to it, and from it. */
export const AppAs = {
  /** Puts downlinks behind those that wait for an end device. */
  DownlinkQueuePush:
    "POST* /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/down/push" as Method<
      DownlinkQueueRequest,
      Empty
    >,
  /** Puts downlinks in the place of those that wait; none empty the queue. */
  DownlinkQueueReplace:
    "POST* /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/down/replace" as Method<
      DownlinkQueueRequest,
      Empty
    >,
  /** The downlinks that wait for an end device. */
  DownlinkQueueList:
    "GET /as/applications/{application_ids.application_id}/devices/{device_id}/down" as Method<
      EndDeviceIdentifiers,
      ApplicationDownlinks
    >,
  /** Where and as whom to connect over MQTT. */
  GetMQTTConnectionInfo: "GET /as/applications/{application_id}/mqtt-connection-info" as Method<
    ApplicationIdentifiers,
    MQTTConnectionInfo
  >,
  /** Handles a made-up message as if an end device had sent it. */
  SimulateUplink:
    "POST* /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/up/simulate" as Method<
      ApplicationUp,
      Empty
    >,
  /** Tries a formatter on the values of a downlink. */
  EncodeDownlink:
    "POST* /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/down/encode" as Method<
      EncodeDownlinkRequest,
      EncodeDownlinkResponse
    >,
  /** Tries a formatter on the bytes of an uplink. */
  DecodeUplink:
    "POST* /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/up/decode" as Method<
      DecodeUplinkRequest,
      DecodeUplinkResponse
    >,
  /** Tries a formatter on the bytes of a downlink. */
  DecodeDownlink:
    "POST* /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/down/decode" as Method<
      DecodeDownlinkRequest,
      DecodeDownlinkResponse
    >,
};

/** The Application Server's part of end devices: session key, formatters. */
export const AsEndDeviceRegistry = {
  /** The Application Server's part of an end device. */
  Get: "GET /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}" as Method<
    GetEndDeviceRequest,
    EndDevice
  >,
  /** Creates or changes the Application Server's part of an end device. */
  Set: "PUT* /as/applications/{end_device.ids.application_ids.application_id}/devices/{end_device.ids.device_id}|POST* /as/applications/{end_device.ids.application_ids.application_id}/devices" as Method<
    SetEndDeviceRequest,
    EndDevice
  >,
  /** Removes the Application Server's part of an end device. */
  Delete: "DELETE /as/applications/{application_ids.application_id}/devices/{device_id}" as Method<
    EndDeviceIdentifiers,
    Empty
  >,
};

/** The Application Server's part of several end devices at once. */
export const AsEndDeviceBatchRegistry = {
  /** Removes the Application Server's part of end devices; those that are not there are passed over. */
  Delete: "DELETE /as/applications/{application_ids.application_id}/devices/batch" as Method<
    BatchDeleteEndDevicesRequest,
    Empty
  >,
};

/** Messages of the past, for who was not listening. */
export const ApplicationUpStorage = {
  /** Streams stored messages of an end device or of all of an application. */
  GetStoredApplicationUp:
    "GET /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/packages/storage/{type}|GET /as/applications/{application_ids.application_id}/packages/storage/{type}" as StreamMethod<
      GetStoredApplicationUpRequest,
      ApplicationUp
    >,
  /** Counts stored messages by end device. */
  GetStoredApplicationUpCount:
    "GET /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/packages/storage/{type}/count|GET /as/applications/{application_ids.application_id}/packages/storage/{type}/count" as Method<
      GetStoredApplicationUpCountRequest,
      GetStoredApplicationUpCountResponse
    >,
};

/** Which package handles which port; an end device's own association goes before its application's. */
export const ApplicationPackageRegistry = {
  /** The packages that can be used. */
  List: "GET /as/applications/{application_ids.application_id}/devices/{device_id}/packages" as Method<
    EndDeviceIdentifiers,
    ApplicationPackages
  >,
  /** The package of one port of an end device. */
  GetAssociation:
    "GET /as/applications/{ids.end_device_ids.application_ids.application_id}/devices/{ids.end_device_ids.device_id}/packages/associations/{ids.f_port}" as Method<
      GetApplicationPackageAssociationRequest,
      ApplicationPackageAssociation
    >,
  /** The packages of an end device's ports. */
  ListAssociations:
    "GET /as/applications/{ids.application_ids.application_id}/devices/{ids.device_id}/packages/associations" as Method<
      ListApplicationPackageAssociationRequest,
      ApplicationPackageAssociations
    >,
  /** Sets the package of one port of an end device. */
  SetAssociation:
    "PUT* /as/applications/{association.ids.end_device_ids.application_ids.application_id}/devices/{association.ids.end_device_ids.device_id}/packages/associations/{association.ids.f_port}" as Method<
      SetApplicationPackageAssociationRequest,
      ApplicationPackageAssociation
    >,
  /** Takes the package from one port of an end device. */
  DeleteAssociation:
    "DELETE /as/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}/packages/associations/{f_port}" as Method<
      ApplicationPackageAssociationIdentifiers,
      Empty
    >,
  /** The package of one port of an application. */
  GetDefaultAssociation:
    "GET /as/applications/{ids.application_ids.application_id}/packages/associations/{ids.f_port}" as Method<
      GetApplicationPackageDefaultAssociationRequest,
      ApplicationPackageDefaultAssociation
    >,
  /** The packages of an application's ports. */
  ListDefaultAssociations: "GET /as/applications/{ids.application_id}/packages/associations" as Method<
    ListApplicationPackageDefaultAssociationRequest,
    ApplicationPackageDefaultAssociations
  >,
  /** Sets the package of one port of an application. */
  SetDefaultAssociation:
    "PUT* /as/applications/{default.ids.application_ids.application_id}/packages/associations/{default.ids.f_port}" as Method<
      SetApplicationPackageDefaultAssociationRequest,
      ApplicationPackageDefaultAssociation
    >,
  /** Takes the package from one port of an application. */
  DeleteDefaultAssociation:
    "DELETE /as/applications/{application_ids.application_id}/packages/associations/{f_port}" as Method<
      ApplicationPackageDefaultAssociationIdentifiers,
      Empty
    >,
};

/** Pub/sub integrations of applications. */
export const ApplicationPubSubRegistry = {
  /** How messages can be written. */
  GetFormats: "GET /as/pubsub-formats" as Method<Empty, ApplicationPubSubFormats>,
  /** One pub/sub integration. */
  Get: "GET /as/pubsub/{ids.application_ids.application_id}/{ids.pub_sub_id}" as Method<
    GetApplicationPubSubRequest,
    ApplicationPubSub
  >,
  /** The pub/sub integrations of an application. */
  List: "GET /as/pubsub/{application_ids.application_id}" as Method<
    ListApplicationPubSubsRequest,
    ApplicationPubSubs
  >,
  /** Creates or changes a pub/sub integration. */
  Set: "PUT* /as/pubsub/{pubsub.ids.application_ids.application_id}/{pubsub.ids.pub_sub_id}|POST* /as/pubsub/{pubsub.ids.application_ids.application_id}" as Method<
    SetApplicationPubSubRequest,
    ApplicationPubSub
  >,
  /** Ends a pub/sub integration. */
  Delete: "DELETE /as/pubsub/{application_ids.application_id}/{pub_sub_id}" as Method<
    ApplicationPubSubIdentifiers,
    Empty
  >,
};

/** Webhooks of applications. */
export const ApplicationWebhookRegistry = {
  /** How messages can be written. */
  GetFormats: "GET /as/webhook-formats" as Method<Empty, ApplicationWebhookFormats>,
  /** One webhook template. */
  GetTemplate: "GET /as/webhook-templates/{ids.template_id}" as Method<
    GetApplicationWebhookTemplateRequest,
    ApplicationWebhookTemplate
  >,
  /** The webhook templates of the deployment. */
  ListTemplates: "GET /as/webhook-templates" as Method<
    ListApplicationWebhookTemplatesRequest,
    ApplicationWebhookTemplates
  >,
  /** One webhook. */
  Get: "GET /as/webhooks/{ids.application_ids.application_id}/{ids.webhook_id}" as Method<
    GetApplicationWebhookRequest,
    ApplicationWebhook
  >,
  /** The webhooks of an application. */
  List: "GET /as/webhooks/{application_ids.application_id}" as Method<
    ListApplicationWebhooksRequest,
    ApplicationWebhooks
  >,
  /** Creates or changes a webhook. */
  Set: "PUT* /as/webhooks/{webhook.ids.application_ids.application_id}/{webhook.ids.webhook_id}|POST* /as/webhooks/{webhook.ids.application_ids.application_id}" as Method<
    SetApplicationWebhookRequest,
    ApplicationWebhook
  >,
  /** Ends a webhook. */
  Delete: "DELETE /as/webhooks/{application_ids.application_id}/{webhook_id}" as Method<
    ApplicationWebhookIdentifiers,
    Empty
  >,
};

/** OAuth clients, from their registration to their purge. */
export const ClientRegistry = {
  /** Registers an OAuth client; its first collaborator gets all rights on it. */
  Create:
    "POST* /users/{collaborator.user_ids.user_id}/clients|POST* /organizations/{collaborator.organization_ids.organization_id}/clients" as Method<
      CreateClientRequest,
      Client
    >,
  /** One OAuth client. */
  Get: "GET /clients/{client_ids.client_id}" as Method<GetClientRequest, Client>,
  /** OAuth clients that the caller may see. */
  List: "GET /clients|GET /users/{collaborator.user_ids.user_id}/clients|GET /organizations/{collaborator.organization_ids.organization_id}/clients" as Method<
    ListClientsRequest,
    Clients
  >,
  /** Changes an OAuth client. */
  Update: "PUT* /clients/{client.ids.client_id}" as Method<UpdateClientRequest, Client>,
  /** The OAuth client can be restored for a while, and its identifier stays taken. */
  Delete: "DELETE /clients/{client_id}" as Method<ClientIdentifiers, Empty>,
  /** Takes a deletion back, for as long as that is possible. */
  Restore: "POST /clients/{client_id}/restore" as Method<ClientIdentifiers, Empty>,
  /** For admins: gone for good, and its identifier is free. */
  Purge: "DELETE /clients/{client_id}/purge" as Method<ClientIdentifiers, Empty>,
};

/** Who may do what with an OAuth client. */
export const ClientAccess = {
  /** The rights of the caller on an OAuth client. */
  ListRights: "GET /clients/{client_id}/rights" as Method<ClientIdentifiers, Rights>,
  /** The rights of one collaborator. */
  GetCollaborator:
    "GET /clients/{client_ids.client_id}/collaborator/user/{collaborator.user_ids.user_id}|GET /clients/{client_ids.client_id}/collaborator/organization/{collaborator.organization_ids.organization_id}" as Method<
      GetClientCollaboratorRequest,
      GetCollaboratorResponse
    >,
  /** Sets the rights of a collaborator; none remove the collaborator. */
  SetCollaborator: "PUT* /clients/{client_ids.client_id}/collaborators" as Method<
    SetClientCollaboratorRequest,
    Empty
  >,
  /** Who holds rights on an OAuth client. */
  ListCollaborators: "GET /clients/{client_ids.client_id}/collaborators" as Method<
    ListClientCollaboratorsRequest,
    Collaborators
  >,
  /** Removes a collaborator. */
  DeleteCollaborator:
    "DELETE /clients/{client_ids.client_id}/collaborators/user/{collaborator_ids.user_ids.user_id}|DELETE /clients/{client_ids.client_id}/collaborators/organization/{collaborator_ids.organization_ids.organization_id}" as Method<
      DeleteClientCollaboratorRequest,
      Empty
    >,
};

/** What the deployment supports. */
export const Configuration = {
  /** Frequency plans that end devices and gateways can use. */
  ListFrequencyPlans: "GET /configuration/frequency-plans" as Method<
    ListFrequencyPlansRequest,
    ListFrequencyPlansResponse
  >,
  /** Versions of the regional parameters, by band. */
  GetPhyVersions: "GET /configuration/phy-versions" as Method<GetPhyVersionsRequest, GetPhyVersionsResponse>,
  /** Bands with everything that is known of them. */
  ListBands:
    "GET /configuration/bands|GET /configuration/bands/{band_id}|GET /configuration/bands/{band_id}/{phy_version}" as Method<
      ListBandsRequest,
      ListBandsResponse
    >,
};

/** Validation of contact details; users' e-mail addresses have a service of their own. */
export const ContactInfoRegistry = {
  /** Sends a token to each contact that is not validated. */
  RequestValidation: "POST* /contact_info/validation" as Method<EntityIdentifiers, ContactInfoValidation>,
  /** Proves with the token that the contact details are right. */
  Validate: "PATCH* /contact_info/validation" as Method<ContactInfoValidation, Empty>,
};

/** Claiming of end devices. */
export const EndDeviceClaimingServer = {
  /** Takes over an end device, with proof of ownership. */
  Claim: "POST* /edcs/claim" as Method<ClaimEndDeviceRequest, EndDeviceIdentifiers>,
  /** Gives up an end device. */
  Unclaim: "DELETE /edcs/claim/{application_ids.application_id}/devices/{device_id}" as Method<
    EndDeviceIdentifiers,
    Empty
  >,
  /** Whether end devices with a JoinEUI can be claimed. */
  GetInfoByJoinEUI: "POST* /edcs/claim/info" as Method<GetInfoByJoinEUIRequest, GetInfoByJoinEUIResponse>,
  /** Who has claimed an end device. */
  GetClaimStatus: "GET /edcs/claim/{application_ids.application_id}/devices/{device_id}" as Method<
    EndDeviceIdentifiers,
    GetClaimStatusResponse
  >,
  /** Lets others claim end devices of an application. */
  AuthorizeApplication: "POST* /edcs/applications/{application_ids.application_id}/authorize" as Method<
    AuthorizeApplicationRequest,
    Empty
  >,
  /** No longer lets others claim end devices of an application. */
  UnauthorizeApplication: "DELETE /edcs/applications/{application_id}/authorize" as Method<
    ApplicationIdentifiers,
    Empty
  >,
};

/** Claiming of several end devices at once. */
export const EndDeviceBatchClaimingServer = {
  /** Gives up end devices. */
  Unclaim: "DELETE /edcs/claim/{application_ids.application_id}/devices/batch" as Method<
    BatchUnclaimEndDevicesRequest,
    BatchUnclaimEndDevicesResponse
  >,
  /** Whether end devices with some JoinEUIs can be claimed. */
  GetInfoByJoinEUIs: "POST* /edcs/claim/info/batch" as Method<
    GetInfoByJoinEUIsRequest,
    GetInfoByJoinEUIsResponse
  >,
};

/** Claiming of gateways. */
export const GatewayClaimingServer = {
  /** Takes over a gateway, with proof of ownership. */
  Claim: "POST* /gcls/claim" as Method<ClaimGatewayRequest, GatewayIdentifiers>,
  /** Gives up a gateway. */
  Unclaim: "DELETE /gcls/claim/{gateway_id}" as Method<GatewayIdentifiers, Empty>,
  /** Whether a gateway can be claimed. */
  GetInfoByGatewayEUI: "POST* /gcls/claim/info" as Method<
    GetInfoByGatewayEUIRequest,
    GetInfoByGatewayEUIResponse
  >,
  /** Lets others claim a gateway. @deprecated */
  AuthorizeGateway: "POST* /gcls/gateways/{gateway_ids.gateway_id}/authorize" as Method<
    AuthorizeGatewayRequest,
    Empty
  >,
  /** No longer lets others claim a gateway. @deprecated */
  UnauthorizeGateway: "DELETE /gcls/gateways/{gateway_id}/authorize" as Method<GatewayIdentifiers, Empty>,
};

/** The catalogue of end devices. */
export const DeviceRepository = {
  /** Makers of end devices. */
  ListBrands: "GET /dr/brands|GET /dr/applications/{application_ids.application_id}/brands" as Method<
    ListEndDeviceBrandsRequest,
    ListEndDeviceBrandsResponse
  >,
  /** One maker of end devices. */
  GetBrand:
    "GET /dr/brands/{brand_id}|GET /dr/applications/{application_ids.application_id}/brands/{brand_id}" as Method<
      GetEndDeviceBrandRequest,
      EndDeviceBrand
    >,
  /** Kinds of end devices. */
  ListModels:
    "GET /dr/models|GET /dr/brands/{brand_id}/models|GET /dr/applications/{application_ids.application_id}/models|GET /dr/applications/{application_ids.application_id}/brands/{brand_id}/models" as Method<
      ListEndDeviceModelsRequest,
      ListEndDeviceModelsResponse
    >,
  /** One kind of end device. */
  GetModel:
    "GET /dr/brands/{brand_id}/models/{model_id}|GET /dr/applications/{application_ids.application_id}/brands/{brand_id}/models/{model_id}" as Method<
      GetEndDeviceModelRequest,
      EndDeviceModel
    >,
  /** What an end device of a model is registered with. */
  GetTemplate:
    "GET /dr/brands/{version_ids.brand_id}/models/{version_ids.model_id}/{version_ids.firmware_version}/{version_ids.band_id}/template|GET /dr/vendors/{end_device_profile_ids.vendor_id}/profiles/{end_device_profile_ids.vendor_profile_id}/template|GET /dr/applications/{application_ids.application_id}/brands/{version_ids.brand_id}/models/{version_ids.model_id}/{version_ids.firmware_version}/{version_ids.band_id}/template|GET /dr/applications/{application_ids.application_id}/vendors/{end_device_profile_ids.vendor_id}/profiles/{end_device_profile_ids.vendor_profile_id}/template" as Method<
      GetTemplateRequest,
      EndDeviceTemplate
    >,
  /** The formatter for a model's uplinks. */
  GetUplinkDecoder:
    "GET /dr/brands/{version_ids.brand_id}/models/{version_ids.model_id}/{version_ids.firmware_version}/{version_ids.band_id}/formatters/uplink/decoder|GET /dr/applications/{application_ids.application_id}/brands/{version_ids.brand_id}/models/{version_ids.model_id}/{version_ids.firmware_version}/{version_ids.band_id}/formatters/uplink/decoder" as Method<
      GetPayloadFormatterRequest,
      MessagePayloadDecoder
    >,
  /** The formatter that shows a model's downlinks. */
  GetDownlinkDecoder:
    "GET /dr/brands/{version_ids.brand_id}/models/{version_ids.model_id}/{version_ids.firmware_version}/{version_ids.band_id}/formatters/downlink/decoder|GET /dr/applications/{application_ids.application_id}/brands/{version_ids.brand_id}/models/{version_ids.model_id}/{version_ids.firmware_version}/{version_ids.band_id}/formatters/downlink/decoder" as Method<
      GetPayloadFormatterRequest,
      MessagePayloadDecoder
    >,
  /** The formatter for a model's downlinks. */
  GetDownlinkEncoder:
    "GET /dr/brands/{version_ids.brand_id}/models/{version_ids.model_id}/{version_ids.firmware_version}/{version_ids.band_id}/formatters/downlink/encoder|GET /dr/applications/{application_ids.application_id}/brands/{version_ids.brand_id}/models/{version_ids.model_id}/{version_ids.firmware_version}/{version_ids.band_id}/formatters/downlink/encoder" as Method<
      GetPayloadFormatterRequest,
      MessagePayloadEncoder
    >,
};

/** Validation of users' e-mail addresses. */
export const EmailValidationRegistry = {
  /** Sends a token to the user's address. */
  RequestValidation: "POST* /email/validation" as Method<UserIdentifiers, EmailValidation>,
  /** Proves with the token that the address is right. */
  Validate: "PATCH* /email/validation" as Method<ValidateEmailRequest, Empty>,
};

/** End devices as the Identity Server knows them: names, attributes, places, addresses. */
export const EndDeviceRegistry = {
  /** Registers an end device. */
  Create: "POST* /applications/{end_device.ids.application_ids.application_id}/devices" as Method<
    CreateEndDeviceRequest,
    EndDevice
  >,
  /** One end device. */
  Get: "GET /applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}" as Method<
    GetEndDeviceRequest,
    EndDevice
  >,
  /** The end devices of an application. */
  List: "GET /applications/{application_ids.application_id}/devices|POST* /applications/{application_ids.application_id}/devices/filter" as Method<
    ListEndDevicesRequest,
    EndDevices
  >,
  /** Changes an end device. */
  Update:
    "PUT* /applications/{end_device.ids.application_ids.application_id}/devices/{end_device.ids.device_id}" as Method<
      UpdateEndDeviceRequest,
      EndDevice
    >,
  /** Removes an end device for good, and its identifier is free. */
  Delete: "DELETE /applications/{application_ids.application_id}/devices/{device_id}" as Method<
    EndDeviceIdentifiers,
    Empty
  >,
};

/** End devices from files of other systems. */
export const EndDeviceTemplateConverter = {
  /** Kinds of file that can be read. */
  ListFormats: "GET /edtc/formats" as Method<Empty, EndDeviceTemplateFormats>,
  /** Streams a template for each end device in a file. */
  Convert: "POST* /edtc/convert" as StreamMethod<ConvertEndDeviceTemplateRequest, EndDeviceTemplate>,
};

/** Several end devices at once. */
export const EndDeviceBatchRegistry = {
  /** End devices by name; those that are not there are left out. */
  Get: "GET /applications/{application_ids.application_id}/devices/batch" as Method<
    BatchGetEndDevicesRequest,
    EndDevices
  >,
  /** Removes end devices; those that are not there are passed over. */
  Delete: "DELETE /applications/{application_ids.application_id}/devices/batch" as Method<
    BatchDeleteEndDevicesRequest,
    Empty
  >,
};

/** Events of entities, live and from history. */
export const Events = {
  /** Events as they happen, after those of the past that were asked for. */
  Stream: "POST* /events|GET /events" as StreamMethod<StreamEventsRequest, Event>,
  /** Events of the past that belong to one cause. */
  FindRelated: "GET /events/related" as Method<FindRelatedEventsRequest, FindRelatedEventsResponse>,
};

/** Configuration files for gateways' packet forwarders. */
export const GatewayConfigurationService = {
  /** A file that the gateway's program can read. */
  GetGatewayConfiguration:
    "GET /gcs/gateways/configuration/{gateway_ids.gateway_id}/{format}/{filename}|GET /gcs/gateways/configuration/{gateway_ids.gateway_id}/{format}/{type}/{filename}" as Method<
      GetGatewayConfigurationRequest,
      GetGatewayConfigurationResponse
    >,
};

/** Remote control of managed gateways. */
export const ManagedGatewayConfigurationService = {
  /** One managed gateway. */
  Get: "GET /gcs/gateways/managed/{gateway_ids.gateway_id}" as Method<GetGatewayRequest, ManagedGateway>,
  /** Changes the profiles of a managed gateway. */
  Update: "PUT* /gcs/gateways/managed/{gateway.ids.gateway_id}" as Method<
    UpdateManagedGatewayRequest,
    ManagedGateway
  >,
  /** What changes at a managed gateway, as it happens. */
  StreamEvents: "POST* /gcs/gateways/managed/{gateway_id}/events" as StreamMethod<
    GatewayIdentifiers,
    ManagedGatewayEventData
  >,
  /** Has a managed gateway look for wireless networks. */
  ScanWiFiAccessPoints: "POST* /gcs/gateways/managed/{gateway_id}/wifi/scan" as Method<
    GatewayIdentifiers,
    ManagedGatewayWiFiAccessPoints
  >,
};

/** Wireless networks of managed gateways. */
export const ManagedGatewayWiFiProfileConfigurationService = {
  /** Makes a profile. */
  Create:
    "POST* /gcs/gateways/profiles/wifi/organizations/{collaborator.organization_ids.organization_id}|POST* /gcs/gateways/profiles/wifi/users/{collaborator.user_ids.user_id}" as Method<
      CreateManagedGatewayWiFiProfileRequest,
      ManagedGatewayWiFiProfile
    >,
  /** Changes a profile. */
  Update:
    "PUT* /gcs/gateways/profiles/wifi/organizations/{collaborator.organization_ids.organization_id}/{profile.profile_id}|PUT* /gcs/gateways/profiles/wifi/users/{collaborator.user_ids.user_id}/{profile.profile_id}" as Method<
      UpdateManagedGatewayWiFiProfileRequest,
      ManagedGatewayWiFiProfile
    >,
  /** The profiles of a collaborator. */
  List: "GET /gcs/gateways/profiles/wifi/organizations/{collaborator.organization_ids.organization_id}|GET /gcs/gateways/profiles/wifi/users/{collaborator.user_ids.user_id}" as Method<
    ListManagedGatewayWiFiProfilesRequest,
    ManagedGatewayWiFiProfiles
  >,
  /** One profile. */
  Get: "GET /gcs/gateways/profiles/wifi/organizations/{collaborator.organization_ids.organization_id}/{profile_id}|GET /gcs/gateways/profiles/wifi/users/{collaborator.user_ids.user_id}/{profile_id}" as Method<
    GetManagedGatewayWiFiProfileRequest,
    ManagedGatewayWiFiProfile
  >,
  /** Removes a profile. */
  Delete:
    "DELETE /gcs/gateways/profiles/wifi/organizations/{collaborator.organization_ids.organization_id}/{profile_id}|DELETE /gcs/gateways/profiles/wifi/users/{collaborator.user_ids.user_id}/{profile_id}" as Method<
      DeleteManagedGatewayWiFiProfileRequest,
      Empty
    >,
};

/** Wired networks of managed gateways. */
export const ManagedGatewayEthernetProfileConfigurationService = {
  /** Makes a profile. */
  Create:
    "POST* /gcs/gateways/profiles/ethernet/organizations/{collaborator.organization_ids.organization_id}|POST* /gcs/gateways/profiles/ethernet/users/{collaborator.user_ids.user_id}" as Method<
      CreateManagedGatewayEthernetProfileRequest,
      ManagedGatewayEthernetProfile
    >,
  /** Changes a profile. */
  Update:
    "PUT* /gcs/gateways/profiles/ethernet/organizations/{collaborator.organization_ids.organization_id}/{profile.profile_id}|PUT* /gcs/gateways/profiles/ethernet/users/{collaborator.user_ids.user_id}/{profile.profile_id}" as Method<
      UpdateManagedGatewayEthernetProfileRequest,
      ManagedGatewayEthernetProfile
    >,
  /** The profiles of a collaborator. */
  List: "GET /gcs/gateways/profiles/ethernet/organizations/{collaborator.organization_ids.organization_id}|GET /gcs/gateways/profiles/ethernet/users/{collaborator.user_ids.user_id}" as Method<
    ListManagedGatewayEthernetProfilesRequest,
    ManagedGatewayEthernetProfiles
  >,
  /** One profile. */
  Get: "GET /gcs/gateways/profiles/ethernet/organizations/{collaborator.organization_ids.organization_id}/{profile_id}|GET /gcs/gateways/profiles/ethernet/users/{collaborator.user_ids.user_id}/{profile_id}" as Method<
    GetManagedGatewayEthernetProfileRequest,
    ManagedGatewayEthernetProfile
  >,
  /** Removes a profile. */
  Delete:
    "DELETE /gcs/gateways/profiles/ethernet/organizations/{collaborator.organization_ids.organization_id}/{profile_id}|DELETE /gcs/gateways/profiles/ethernet/users/{collaborator.user_ids.user_id}/{profile_id}" as Method<
      DeleteManagedGatewayEthernetProfileRequest,
      Empty
    >,
};

/** Gateways, from their registration to their purge. */
export const GatewayRegistry = {
  /** Registers a gateway; its first collaborator gets all rights on it. */
  Create:
    "POST* /users/{collaborator.user_ids.user_id}/gateways|POST* /organizations/{collaborator.organization_ids.organization_id}/gateways" as Method<
      CreateGatewayRequest,
      Gateway
    >,
  /** One gateway. */
  Get: "GET /gateways/{gateway_ids.gateway_id}" as Method<GetGatewayRequest, Gateway>,
  /** Gateways that the caller may see. */
  List: "GET /gateways|GET /users/{collaborator.user_ids.user_id}/gateways|GET /organizations/{collaborator.organization_ids.organization_id}/gateways|POST* /gateways/filter" as Method<
    ListGatewaysRequest,
    Gateways
  >,
  /** Changes a gateway. */
  Update: "PUT* /gateways/{gateway.ids.gateway_id}" as Method<UpdateGatewayRequest, Gateway>,
  /** The gateway can be restored for a while, and its identifier stays taken. */
  Delete: "DELETE /gateways/{gateway_id}" as Method<GatewayIdentifiers, Empty>,
  /** Takes a deletion back, for as long as that is possible. */
  Restore: "POST /gateways/{gateway_id}/restore" as Method<GatewayIdentifiers, Empty>,
  /** For admins: gone for good, and its identifier is free. */
  Purge: "DELETE /gateways/{gateway_id}/purge" as Method<GatewayIdentifiers, Empty>,
};

/** Who may do what with a gateway: keys and collaborators. */
export const GatewayAccess = {
  /** The rights of the caller on a gateway. */
  ListRights: "GET /gateways/{gateway_id}/rights" as Method<GatewayIdentifiers, Rights>,
  /** Makes an API key; its secret is in this answer only. */
  CreateAPIKey: "POST* /gateways/{gateway_ids.gateway_id}/api-keys" as Method<
    CreateGatewayAPIKeyRequest,
    APIKey
  >,
  /** The API keys of a gateway, without their secrets. */
  ListAPIKeys: "GET /gateways/{gateway_ids.gateway_id}/api-keys" as Method<
    ListGatewayAPIKeysRequest,
    APIKeys
  >,
  /** One API key, without its secret. */
  GetAPIKey: "GET /gateways/{gateway_ids.gateway_id}/api-keys/{key_id}" as Method<
    GetGatewayAPIKeyRequest,
    APIKey
  >,
  /** Changes name, rights or expiry of an API key. */
  UpdateAPIKey: "PUT* /gateways/{gateway_ids.gateway_id}/api-keys/{api_key.id}" as Method<
    UpdateGatewayAPIKeyRequest,
    APIKey
  >,
  /** Ends an API key. */
  DeleteAPIKey: "DELETE /gateways/{gateway_ids.gateway_id}/api-keys/{key_id}" as Method<
    DeleteGatewayAPIKeyRequest,
    Empty
  >,
  /** The rights of one collaborator. */
  GetCollaborator:
    "GET /gateways/{gateway_ids.gateway_id}/collaborator/user/{collaborator.user_ids.user_id}|GET /gateways/{gateway_ids.gateway_id}/collaborator/organization/{collaborator.organization_ids.organization_id}" as Method<
      GetGatewayCollaboratorRequest,
      GetCollaboratorResponse
    >,
  /** Sets the rights of a collaborator; none remove the collaborator. */
  SetCollaborator: "PUT* /gateways/{gateway_ids.gateway_id}/collaborators" as Method<
    SetGatewayCollaboratorRequest,
    Empty
  >,
  /** Who holds rights on a gateway. */
  ListCollaborators: "GET /gateways/{gateway_ids.gateway_id}/collaborators" as Method<
    ListGatewayCollaboratorsRequest,
    Collaborators
  >,
  /** Removes a collaborator. */
  DeleteCollaborator:
    "DELETE /gateways/{gateway_ids.gateway_id}/collaborators/user/{collaborator_ids.user_ids.user_id}|DELETE /gateways/{gateway_ids.gateway_id}/collaborators/organization/{collaborator_ids.organization_ids.organization_id}" as Method<
      DeleteGatewayCollaboratorRequest,
      Empty
    >,
};

/** Rights on several gateways at once. */
export const GatewayBatchAccess = {
  /** Fails unless the caller holds the rights on every one of the gateways. */
  AssertRights: "GET /gateways/rights/batch" as Method<AssertGatewayRightsRequest, Empty>,
};

/** Several gateways at once. */
export const GatewayBatchRegistry = {
  /** Deletes gateways, all or none. */
  Delete: "DELETE /gateways/batch" as Method<BatchDeleteGatewaysRequest, Empty>,
};

/** What gateways ask of the Gateway Server over gRPC. */
export const GtwGs = {
  /** Where and as whom to connect over MQTT. */
  GetMQTTConnectionInfo: "GET /gs/gateways/{gateway_id}/mqtt-connection-info" as Method<
    GatewayIdentifiers,
    MQTTConnectionInfo
  >,
  /** The same for gateways with the protocol of The Things Network V2. */
  GetMQTTV2ConnectionInfo: "GET /gs/gateways/{gateway_id}/mqttv2-connection-info" as Method<
    GatewayIdentifiers,
    MQTTConnectionInfo
  >,
};

/** How gateways are connected. */
export const Gs = {
  /** A gateway's connection, if it has one. */
  GetGatewayConnectionStats: "GET /gs/gateways/{gateway_id}/connection/stats" as Method<
    GatewayIdentifiers,
    GatewayConnectionStats
  >,
  /** The connections of several gateways; those without one are left out. */
  BatchGetGatewayConnectionStats: "POST* /gs/gateways/connection/stats" as Method<
    BatchGetGatewayConnectionStatsRequest,
    BatchGetGatewayConnectionStatsResponse
  >,
};

/** Who calls. */
export const EntityAccess = {
  /** What the credential of this call is, and what it allows. */
  AuthInfo: "GET /auth_info" as Method<Empty, AuthInfoResponse>,
};

/** How the Identity Server is configured. */
export const Is = {
  /** What of the configuration clients need to know. */
  GetConfiguration: "GET /is/configuration" as Method<GetIsConfigurationRequest, GetIsConfigurationResponse>,
};

/** The Join Server's part of end devices: root keys and nonces. */
export const JsEndDeviceRegistry = {
  /** The Join Server's part of an end device. */
  Get: "GET /js/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}" as Method<
    GetEndDeviceRequest,
    EndDevice
  >,
  /** Creates or changes the Join Server's part of an end device. */
  Set: "PUT* /js/applications/{end_device.ids.application_ids.application_id}/devices/{end_device.ids.device_id}|POST* /js/applications/{end_device.ids.application_ids.application_id}/devices" as Method<
    SetEndDeviceRequest,
    EndDevice
  >,
  /** Streams end devices made from the data of a maker of secure elements. @deprecated */
  Provision: "PUT* /js/applications/{application_ids.application_id}/provision-devices" as StreamMethod<
    ProvisionEndDevicesRequest,
    EndDevice
  >,
  /** Removes the Join Server's part of an end device. */
  Delete: "DELETE /js/applications/{application_ids.application_id}/devices/{device_id}" as Method<
    EndDeviceIdentifiers,
    Empty
  >,
};

/** The Join Server's part of several end devices at once. */
export const JsEndDeviceBatchRegistry = {
  /** Removes the Join Server's part of end devices; those that are not there are passed over. */
  Delete: "DELETE /js/applications/{application_ids.application_id}/devices/batch" as Method<
    BatchDeleteEndDevicesRequest,
    Empty
  >,
};

/** How joins of applications' end devices are handled by default. */
export const ApplicationActivationSettingRegistry = {
  /** The settings of an application. */
  Get: "GET /js/applications/{application_ids.application_id}/settings" as Method<
    GetApplicationActivationSettingsRequest,
    ApplicationActivationSettings
  >,
  /** Changes the settings of an application. */
  Set: "POST* /js/applications/{application_ids.application_id}/settings" as Method<
    SetApplicationActivationSettingsRequest,
    ApplicationActivationSettings
  >,
  /** Removes the settings of an application. */
  Delete: "DELETE /js/applications/{application_ids.application_id}/settings" as Method<
    DeleteApplicationActivationSettingsRequest,
    Empty
  >,
};

/** What the Join Server answers for. */
export const Js = {
  /** The blocks of JoinEUIs that the Join Server answers for. */
  GetJoinEUIPrefixes: "GET /js/join_eui_prefixes" as Method<Empty, JoinEUIPrefixes>,
  /** The JoinEUI for end devices that bring none. */
  GetDefaultJoinEUI: "GET /js/default_join_eui" as Method<Empty, GetDefaultJoinEUIResponse>,
};

/** What the Network Server assigns, and its defaults. */
export const Ns = {
  /** A device address from the network's blocks, for an end device that does not join. */
  GenerateDevAddr: "GET /ns/dev_addr" as Method<Empty, GenerateDevAddrResponse>,
  /** What end devices of a frequency plan get unless their owner wants otherwise. */
  GetDefaultMACSettings: "GET /ns/default_mac_settings/{frequency_plan_id}/{lorawan_phy_version}" as Method<
    GetDefaultMACSettingsRequest,
    MACSettings
  >,
  /** The NetID of the network. */
  GetNetID: "GET /ns/net_id" as Method<Empty, GetNetIDResponse>,
  /** The blocks that device addresses come from. */
  GetDeviceAddressPrefixes: "GET /ns/dev_addr_prefixes" as Method<Empty, GetDeviceAdressPrefixesResponse>,
};

/** The Network Server's part of end devices: session, MAC settings and state. */
export const NsEndDeviceRegistry = {
  /** The Network Server's part of an end device. */
  Get: "GET /ns/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}" as Method<
    GetEndDeviceRequest,
    EndDevice
  >,
  /** Creates or changes the Network Server's part of an end device. */
  Set: "PUT* /ns/applications/{end_device.ids.application_ids.application_id}/devices/{end_device.ids.device_id}|POST* /ns/applications/{end_device.ids.application_ids.application_id}/devices" as Method<
    SetEndDeviceRequest,
    EndDevice
  >,
  /** Forgets the session, as if the end device were new. */
  ResetFactoryDefaults:
    "PATCH* /ns/applications/{end_device_ids.application_ids.application_id}/devices/{end_device_ids.device_id}" as Method<
      ResetAndGetEndDeviceRequest,
      EndDevice
    >,
  /** Removes the Network Server's part of an end device. */
  Delete: "DELETE /ns/applications/{application_ids.application_id}/devices/{device_id}" as Method<
    EndDeviceIdentifiers,
    Empty
  >,
};

/** The Network Server's part of several end devices at once. */
export const NsEndDeviceBatchRegistry = {
  /** Removes the Network Server's part of end devices; those that are not there are passed over. */
  Delete: "DELETE /ns/applications/{application_ids.application_id}/devices/batch" as Method<
    BatchDeleteEndDevicesRequest,
    Empty
  >,
};

/** Which end devices relay, and for whom. */
export const NsRelayConfigurationService = {
  /** Gives an end device a part in relaying. */
  CreateRelay: "POST* /ns/applications/{end_device_ids.application_ids.application_id}/relays" as Method<
    CreateRelayRequest,
    CreateRelayResponse
  >,
  /** An end device's part in relaying. */
  GetRelay:
    "GET /ns/applications/{end_device_ids.application_ids.application_id}/relays/{end_device_ids.device_id}" as Method<
      GetRelayRequest,
      GetRelayResponse
    >,
  /** Changes an end device's part in relaying. */
  UpdateRelay:
    "PUT* /ns/applications/{end_device_ids.application_ids.application_id}/relays/{end_device_ids.device_id}" as Method<
      UpdateRelayRequest,
      UpdateRelayResponse
    >,
  /** Ends an end device's part in relaying. */
  DeleteRelay:
    "DELETE /ns/applications/{end_device_ids.application_ids.application_id}/relays/{end_device_ids.device_id}" as Method<
      DeleteRelayRequest,
      DeleteRelayResponse
    >,
  /** Has a relay forward the uplinks of an end device. */
  CreateRelayUplinkForwardingRule:
    "POST* /ns/applications/{end_device_ids.application_ids.application_id}/relays/{end_device_ids.device_id}/uplink-forwarding-rules" as Method<
      CreateRelayUplinkForwardingRuleRequest,
      CreateRelayUplinkForwardingRuleResponse
    >,
  /** One end device whose uplinks a relay forwards. */
  GetRelayUplinkForwardingRule:
    "GET /ns/applications/{end_device_ids.application_ids.application_id}/relays/{end_device_ids.device_id}/uplink-forwarding-rules/{index}" as Method<
      GetRelayUplinkForwardingRuleRequest,
      GetRelayUplinkForwardingRuleResponse
    >,
  /** The end devices whose uplinks a relay forwards. */
  ListRelayUplinkForwardingRules:
    "GET /ns/applications/{end_device_ids.application_ids.application_id}/relays/{end_device_ids.device_id}/uplink-forwarding-rules" as Method<
      ListRelayUplinkForwardingRulesRequest,
      ListRelayUplinkForwardingRulesResponse
    >,
  /** Changes how much a relay forwards for an end device. */
  UpdateRelayUplinkForwardingRule:
    "PUT* /ns/applications/{end_device_ids.application_ids.application_id}/relays/{end_device_ids.device_id}/uplink-forwarding-rules/{index}" as Method<
      UpdateRelayUplinkForwardingRuleRequest,
      UpdateRelayUplinkForwardingRuleResponse
    >,
  /** Has a relay no longer forward the uplinks of an end device. */
  DeleteRelayUplinkForwardingRule:
    "DELETE /ns/applications/{end_device_ids.application_ids.application_id}/relays/{end_device_ids.device_id}/uplink-forwarding-rules/{index}" as Method<
      DeleteRelayUplinkForwardingRuleRequest,
      DeleteRelayUplinkForwardingRuleResponse
    >,
};

/** What users are told in the Console and by mail. */
export const NotificationService = {
  /** A user's notifications, newest first. */
  List: "GET /users/{receiver_ids.user_id}/notifications" as Method<
    ListNotificationsRequest,
    ListNotificationsResponse
  >,
  /** Marks notifications as read, unread or put away. */
  UpdateStatus: "PATCH* /users/{receiver_ids.user_id}/notifications" as Method<
    UpdateNotificationStatusRequest,
    Empty
  >,
};

/** What users allowed OAuth clients to do. */
export const OAuthAuthorizationRegistry = {
  /** The OAuth clients that a user allowed something. */
  List: "GET /users/{user_ids.user_id}/authorizations" as Method<
    ListOAuthClientAuthorizationsRequest,
    OAuthClientAuthorizations
  >,
  /** The access tokens that an OAuth client has of a user. */
  ListTokens: "GET /users/{user_ids.user_id}/authorizations/{client_ids.client_id}/tokens" as Method<
    ListOAuthAccessTokensRequest,
    OAuthAccessTokens
  >,
  /** Takes everything back that a user allowed an OAuth client. */
  Delete: "DELETE /users/{user_ids.user_id}/authorizations/{client_ids.client_id}" as Method<
    OAuthClientAuthorizationIdentifiers,
    Empty
  >,
  /** Ends one access token. */
  DeleteToken: "DELETE /users/{user_ids.user_id}/authorizations/{client_ids.client_id}/tokens/{id}" as Method<
    OAuthAccessTokenIdentifiers,
    Empty
  >,
};

/** Organizations, from their registration to their purge. */
export const OrganizationRegistry = {
  /** Registers an organization; its first member gets all rights on it. */
  Create: "POST* /users/{collaborator.user_ids.user_id}/organizations" as Method<
    CreateOrganizationRequest,
    Organization
  >,
  /** One organization. */
  Get: "GET /organizations/{organization_ids.organization_id}" as Method<
    GetOrganizationRequest,
    Organization
  >,
  /** Organizations that the caller may see. */
  List: "GET /organizations|GET /users/{collaborator.user_ids.user_id}/organizations" as Method<
    ListOrganizationsRequest,
    Organizations
  >,
  /** Changes an organization. */
  Update: "PUT* /organizations/{organization.ids.organization_id}" as Method<
    UpdateOrganizationRequest,
    Organization
  >,
  /** The organization can be restored for a while, and its identifier stays taken. */
  Delete: "DELETE /organizations/{organization_id}" as Method<OrganizationIdentifiers, Empty>,
  /** Takes a deletion back, for as long as that is possible. */
  Restore: "POST /organizations/{organization_id}/restore" as Method<OrganizationIdentifiers, Empty>,
  /** For admins: gone for good, and its identifier is free. */
  Purge: "DELETE /organizations/{organization_id}/purge" as Method<OrganizationIdentifiers, Empty>,
};

/** Who may do what with an organization, and in its name. */
export const OrganizationAccess = {
  /** The rights of the caller on an organization. */
  ListRights: "GET /organizations/{organization_id}/rights" as Method<OrganizationIdentifiers, Rights>,
  /** Makes an API key; its secret is in this answer only. */
  CreateAPIKey: "POST* /organizations/{organization_ids.organization_id}/api-keys" as Method<
    CreateOrganizationAPIKeyRequest,
    APIKey
  >,
  /** The API keys of an organization, without their secrets. */
  ListAPIKeys: "GET /organizations/{organization_ids.organization_id}/api-keys" as Method<
    ListOrganizationAPIKeysRequest,
    APIKeys
  >,
  /** One API key, without its secret. */
  GetAPIKey: "GET /organizations/{organization_ids.organization_id}/api-keys/{key_id}" as Method<
    GetOrganizationAPIKeyRequest,
    APIKey
  >,
  /** Changes name, rights or expiry of an API key. */
  UpdateAPIKey: "PUT* /organizations/{organization_ids.organization_id}/api-keys/{api_key.id}" as Method<
    UpdateOrganizationAPIKeyRequest,
    APIKey
  >,
  /** Ends an API key. */
  DeleteAPIKey: "DELETE /organizations/{organization_ids.organization_id}/api-keys/{key_id}" as Method<
    DeleteOrganizationAPIKeyRequest,
    Empty
  >,
  /** The rights of one member. */
  GetCollaborator:
    "GET /organizations/{organization_ids.organization_id}/collaborator/user/{collaborator.user_ids.user_id}" as Method<
      GetOrganizationCollaboratorRequest,
      GetCollaboratorResponse
    >,
  /** Sets the rights of a member; none remove the member. */
  SetCollaborator: "PUT* /organizations/{organization_ids.organization_id}/collaborators" as Method<
    SetOrganizationCollaboratorRequest,
    Empty
  >,
  /** Who holds rights on an organization. */
  ListCollaborators: "GET /organizations/{organization_ids.organization_id}/collaborators" as Method<
    ListOrganizationCollaboratorsRequest,
    Collaborators
  >,
  /** Removes a member. */
  DeleteCollaborator:
    "DELETE /organizations/{organization_ids.organization_id}/collaborators/user/{collaborator_ids.user_ids.user_id}" as Method<
      DeleteOrganizationCollaboratorRequest,
      Empty
    >,
};

/** This network's part in Packet Broker. */
export const Pba = {
  /** What this network does in Packet Broker. */
  GetInfo: "GET /pba/info" as Method<Empty, PacketBrokerInfo>,
  /** Has this network take part. */
  Register: "PUT* /pba/registration|POST* /pba/registration" as Method<
    PacketBrokerRegisterRequest,
    PacketBrokerNetwork
  >,
  /** Has this network no longer take part. */
  Deregister: "DELETE /pba/registration" as Method<Empty, Empty>,
  /** The policies of this network. */
  ListHomeNetworkRoutingPolicies: "GET /pba/home-networks/policies" as Method<
    ListHomeNetworkRoutingPoliciesRequest,
    PacketBrokerRoutingPolicies
  >,
  /** The policy of this network towards another. */
  GetHomeNetworkRoutingPolicy:
    "GET /pba/home-networks/policies/{net_id}|GET /pba/home-networks/policies/{net_id}/{tenant_id}" as Method<
      PacketBrokerNetworkIdentifier,
      PacketBrokerRoutingPolicy
    >,
  /** Sets the policy of this network towards another. */
  SetHomeNetworkRoutingPolicy:
    "PUT* /pba/home-networks/policies/{home_network_id.net_id}|POST* /pba/home-networks/policies/{home_network_id.net_id}|PUT* /pba/home-networks/policies/{home_network_id.net_id}/{home_network_id.tenant_id}|POST* /pba/home-networks/policies/{home_network_id.net_id}/{home_network_id.tenant_id}" as Method<
      SetPacketBrokerRoutingPolicyRequest,
      Empty
    >,
  /** Returns to the default policy towards another network. */
  DeleteHomeNetworkRoutingPolicy:
    "DELETE /pba/home-networks/policies/{net_id}|DELETE /pba/home-networks/policies/{net_id}/{tenant_id}" as Method<
      PacketBrokerNetworkIdentifier,
      Empty
    >,
  /** What goes for networks without a policy of their own. */
  GetHomeNetworkDefaultRoutingPolicy: "GET /pba/home-networks/policies/default" as Method<
    Empty,
    PacketBrokerDefaultRoutingPolicy
  >,
  /** Sets what goes for networks without a policy of their own. */
  SetHomeNetworkDefaultRoutingPolicy:
    "PUT* /pba/home-networks/policies/default|POST* /pba/home-networks/policies/default" as Method<
      SetPacketBrokerDefaultRoutingPolicyRequest,
      Empty
    >,
  /** Exchanges nothing with networks without a policy of their own. */
  DeleteHomeNetworkDefaultRoutingPolicy: "DELETE /pba/home-networks/policies/default" as Method<Empty, Empty>,
  /** What others see of this network's gateways. */
  GetHomeNetworkDefaultGatewayVisibility: "GET /pba/home-networks/gateway-visibilities/default" as Method<
    Empty,
    PacketBrokerDefaultGatewayVisibility
  >,
  /** Sets what others see of this network's gateways. */
  SetHomeNetworkDefaultGatewayVisibility:
    "PUT* /pba/home-networks/gateway-visibilities/default|POST* /pba/home-networks/gateway-visibilities/default" as Method<
      SetPacketBrokerDefaultGatewayVisibilityRequest,
      Empty
    >,
  /** Shows nothing of this network's gateways. */
  DeleteHomeNetworkDefaultGatewayVisibility:
    "DELETE /pba/home-networks/gateway-visibilities/default" as Method<Empty, Empty>,
  /** The networks that take part. */
  ListNetworks: "GET /pba/networks" as Method<ListPacketBrokerNetworksRequest, PacketBrokerNetworks>,
  /** The networks that have end devices. */
  ListHomeNetworks: "GET /pba/home-networks" as Method<
    ListPacketBrokerHomeNetworksRequest,
    PacketBrokerNetworks
  >,
  /** The policies of others towards this network. */
  ListForwarderRoutingPolicies: "GET /pba/forwarders/policies" as Method<
    ListForwarderRoutingPoliciesRequest,
    PacketBrokerRoutingPolicies
  >,
};

/** QR codes of end devices. */
export const EndDeviceQRCodeGenerator = {
  /** One format. */
  GetFormat: "GET /qr-codes/end-devices/formats/{format_id}" as Method<GetQRCodeFormatRequest, QRCodeFormat>,
  /** How QR codes can be made. */
  ListFormats: "GET /qr-codes/end-devices/formats" as Method<Empty, QRCodeFormats>,
  /** Makes the QR code of an end device. */
  Generate: "POST* /qr-codes/end-devices" as Method<GenerateEndDeviceQRCodeRequest, GenerateQRCodeResponse>,
  /** Reads the QR code of an end device. */
  Parse: "POST* /qr-codes/end-devices/parse|POST* /qr-codes/end-devices/{format_id}/parse" as Method<
    ParseEndDeviceQRCodeRequest,
    ParseEndDeviceQRCodeResponse
  >,
};

/** QR codes of gateways. */
export const GatewayQRCodeGenerator = {
  /** Reads the QR code of a gateway. */
  Parse: "POST* /qr-codes/gateways/parse|POST* /qr-codes/gateways/{format_id}/parse" as Method<
    ParseGatewayQRCodeRequest,
    ParseGatewayQRCodeResponse
  >,
};

/** Search over what the caller may see. */
export const EntityRegistrySearch = {
  /** Applications that meet all conditions. */
  SearchApplications: "GET /search/applications" as Method<SearchApplicationsRequest, Applications>,
  /** OAuth clients that meet all conditions. */
  SearchClients: "GET /search/clients" as Method<SearchClientsRequest, Clients>,
  /** Gateways that meet all conditions. */
  SearchGateways: "GET /search/gateways" as Method<SearchGatewaysRequest, Gateways>,
  /** Organizations that meet all conditions. */
  SearchOrganizations: "GET /search/organizations" as Method<SearchOrganizationsRequest, Organizations>,
  /** Users that meet all conditions. */
  SearchUsers: "GET /search/users" as Method<SearchUsersRequest, Users>,
  /** Users and organizations, to choose a collaborator from. */
  SearchAccounts:
    "GET /search/accounts|GET /applications/{application_ids.application_id}/collaborators/search|GET /clients/{client_ids.client_id}/collaborators/search|GET /gateways/{gateway_ids.gateway_id}/collaborators/search|GET /organizations/{organization_ids.organization_id}/collaborators/search" as Method<
      SearchAccountsRequest,
      SearchAccountsResponse
    >,
};

/** Search over the end devices of an application. */
export const EndDeviceRegistrySearch = {
  /** End devices that meet all conditions. */
  SearchEndDevices: "GET /search/applications/{application_ids.application_id}/devices" as Method<
    SearchEndDevicesRequest,
    EndDevices
  >,
};

/** Users, from their registration to their purge. */
export const UserRegistry = {
  /** Registers a user. */
  Create: "POST* /users" as Method<CreateUserRequest, User>,
  /** One user. */
  Get: "GET /users/{user_ids.user_id}" as Method<GetUserRequest, User>,
  /** All users, for admins. */
  List: "GET /users" as Method<ListUsersRequest, Users>,
  /** Changes a user. */
  Update: "PUT* /users/{user.ids.user_id}" as Method<UpdateUserRequest, User>,
  /** Sends a password to the user that is good for choosing a new one. */
  CreateTemporaryPassword: "POST /users/{user_ids.user_id}/temporary_password" as Method<
    CreateTemporaryPasswordRequest,
    Empty
  >,
  /** Sets a new password, proved by the old or the temporary one. */
  UpdatePassword: "PUT* /users/{user_ids.user_id}/password" as Method<UpdateUserPasswordRequest, Empty>,
  /** The user can be restored for a while, and its identifier stays taken. */
  Delete: "DELETE /users/{user_id}" as Method<UserIdentifiers, Empty>,
  /** Takes a deletion back, for as long as that is possible. */
  Restore: "POST /users/{user_id}/restore" as Method<UserIdentifiers, Empty>,
  /** For admins: gone for good, and its identifier is free. */
  Purge: "DELETE /users/{user_id}/purge" as Method<UserIdentifiers, Empty>,
};

/** API keys and rights of users. */
export const UserAccess = {
  /** The rights of the caller on a user. */
  ListRights: "GET /users/{user_id}/rights" as Method<UserIdentifiers, Rights>,
  /** Makes an API key; its secret is in this answer only. */
  CreateAPIKey: "POST* /users/{user_ids.user_id}/api-keys" as Method<CreateUserAPIKeyRequest, APIKey>,
  /** The API keys of a user, without their secrets. */
  ListAPIKeys: "GET /users/{user_ids.user_id}/api-keys" as Method<ListUserAPIKeysRequest, APIKeys>,
  /** One API key, without its secret. */
  GetAPIKey: "GET /users/{user_ids.user_id}/api-keys/{key_id}" as Method<GetUserAPIKeyRequest, APIKey>,
  /** Changes name, rights or expiry of an API key. */
  UpdateAPIKey: "PUT* /users/{user_ids.user_id}/api-keys/{api_key.id}" as Method<
    UpdateUserAPIKeyRequest,
    APIKey
  >,
  /** Ends an API key. */
  DeleteAPIKey: "DELETE /users/{user_ids.user_id}/api-keys/{key_id}" as Method<
    DeleteUserAPIKeyRequest,
    Empty
  >,
  /** Lets a user log in without a password, once. */
  CreateLoginToken: "POST /users/{user_ids.user_id}/login-tokens" as Method<
    CreateLoginTokenRequest,
    CreateLoginTokenResponse
  >,
};

/** Invitations to register. */
export const UserInvitationRegistry = {
  /** Sends an invitation. */
  Send: "POST* /invitations" as Method<SendInvitationRequest, Invitation>,
  /** Invitations that were sent. */
  List: "GET /invitations" as Method<ListInvitationsRequest, Invitations>,
  /** Takes an invitation back. */
  Delete: "DELETE /invitations" as Method<DeleteInvitationRequest, Empty>,
};

/** Users' logins in browsers. */
export const UserSessionRegistry = {
  /** The sessions of a user. */
  List: "GET /users/{user_ids.user_id}/sessions" as Method<ListUserSessionsRequest, UserSessions>,
  /** Ends a session. */
  Delete: "DELETE /users/{user_ids.user_id}/sessions/{session_id}" as Method<UserSessionIdentifiers, Empty>,
};

/** Entities that users want to find again. */
export const UserBookmarkRegistry = {
  /** Makes a bookmark. */
  Create: "POST* /users/{user_ids.user_id}/bookmarks" as Method<CreateUserBookmarkRequest, UserBookmark>,
  /** A user's bookmarks. */
  List: "GET /users/{user_ids.user_id}/bookmarks" as Method<ListUserBookmarksRequest, UserBookmarks>,
  /** Removes a bookmark. */
  Delete:
    "DELETE /users/{user_ids.user_id}/bookmarks/applications/{entity_ids.application_ids.application_id}|DELETE /users/{user_ids.user_id}/bookmarks/clients/{entity_ids.client_ids.client_id}|DELETE /users/{user_ids.user_id}/bookmarks/gateways/{entity_ids.gateway_ids.gateway_id}|DELETE /users/{user_ids.user_id}/bookmarks/organizations/{entity_ids.organization_ids.organization_id}|DELETE /users/{user_ids.user_id}/bookmarks/users/{entity_ids.user_ids.user_id}|DELETE /users/{user_ids.user_id}/bookmarks/applications/{entity_ids.device_ids.application_ids.application_id}/devices/{entity_ids.device_ids.device_id}" as Method<
      DeleteUserBookmarkRequest,
      Empty
    >,
  /** Removes several bookmarks. */
  BatchDelete: "DELETE /users/{user_ids.user_id}/bookmarks/batch" as Method<
    BatchDeleteUserBookmarksRequest,
    Empty
  >,
};
