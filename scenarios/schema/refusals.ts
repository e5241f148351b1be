import { Right, type RightKind, statusCodes } from "@skylark/api";

/** What a method answers to who may not call it, where its handler decides and not `requires`. */
export type Refusal =
  /** A right on an entity of the request is needed; `field` is one that is not public. */
  | {
      readonly kind: "right";
      readonly right: Right;
      readonly on: RightKind;
      readonly field?: string;
      /** The error without credentials, where it is not that of having no rights. */
      readonly anonymous?: string;
    }
  /** For admins; others get the error. */
  | { readonly kind: "admin"; readonly error: string; readonly code?: number }
  /** Anybody gets an answer about what is theirs. */
  | { readonly kind: "own"; readonly anonymous?: "unauthenticated" }
  /** What any caller is answered at present. */
  | { readonly kind: "nobody"; readonly code: number; readonly error: string };

const hidden = (on: RightKind, right: Right, field: string): Refusal => ({
  kind: "right",
  on,
  right,
  field,
  anonymous: "unauthenticated",
});
const right = (on: RightKind, needed: Right): Refusal => ({ kind: "right", on, right: needed });
const adminsPurge = (entities: string): Refusal => ({
  kind: "admin",
  error: `pkg/identityserver:admins_purge_${entities}`,
});
const own: Refusal = { kind: "own", anonymous: "unauthenticated" };

const onlyAdmins: Refusal = { kind: "admin", error: "pkg/auth/rights:no_admin" };
const tenantAdmins: Refusal = { kind: "admin", error: "skylark/tenancy:not_tenant_admin" };
const sendsInvites: Refusal = { kind: "admin", error: "pkg/identityserver:no_invite_rights" };

export const refusals: Readonly<Record<string, Refusal>> = {
  "ApplicationRegistry.Get": hidden("application", Right.APPLICATION_INFO, "description"),
  "ApplicationRegistry.List": right("user", Right.USER_APPLICATIONS_LIST),
  "ApplicationRegistry.Restore": right("application", Right.APPLICATION_DELETE),
  "ApplicationRegistry.Purge": adminsPurge("applications"),
  "ApplicationAccess.ListRights": own,
  "ApplicationAccess.ListCollaborators": own,
  "ClientRegistry.Get": hidden("client", Right.CLIENT_INFO, "attributes"),
  "ClientRegistry.List": right("user", Right.USER_CLIENTS_LIST),
  "ClientRegistry.Restore": right("client", Right.CLIENT_DELETE),
  "ClientRegistry.Purge": adminsPurge("clients"),
  "ClientAccess.ListRights": own,
  "ClientAccess.ListCollaborators": own,
  "GatewayRegistry.Get": hidden("gateway", Right.GATEWAY_INFO, "attributes"),
  "GatewayRegistry.GetIdentifiersForEUI": own,
  "GatewayRegistry.List": right("user", Right.USER_GATEWAYS_LIST),
  "GatewayRegistry.Restore": right("gateway", Right.GATEWAY_DELETE),
  "GatewayRegistry.Purge": adminsPurge("gateways"),
  "GatewayAccess.ListRights": own,
  "GatewayAccess.ListCollaborators": own,
  "GatewayBatchAccess.AssertRights": own,
  "GatewayBatchRegistry.Delete": own,
  "OrganizationRegistry.Get": hidden("organization", Right.ORGANIZATION_INFO, "description"),
  "OrganizationRegistry.List": right("user", Right.USER_ORGANIZATIONS_LIST),
  "OrganizationRegistry.Restore": right("organization", Right.ORGANIZATION_DELETE),
  "OrganizationRegistry.Purge": adminsPurge("organizations"),
  "OrganizationAccess.ListRights": own,
  "OrganizationAccess.ListCollaborators": own,
  "UserRegistry.Create": {
    kind: "admin",
    code: statusCodes.invalidArgument,
    error: "pkg/identityserver:user_registration_disabled",
  },
  "UserRegistry.Get": hidden("user", Right.USER_INFO, "description"),
  "UserRegistry.List": onlyAdmins,
  "UserRegistry.Restore": right("user", Right.USER_DELETE),
  "UserRegistry.Purge": adminsPurge("users"),
  "UserAccess.ListRights": own,
  "UserAccess.CreateLoginToken": {
    kind: "nobody",
    code: statusCodes.failedPrecondition,
    error: "pkg/identityserver:login_tokens_disabled",
  },
  "UserInvitationRegistry.Send": sendsInvites,
  "UserInvitationRegistry.List": sendsInvites,
  "UserInvitationRegistry.Delete": sendsInvites,
  "NotificationService.Create": onlyAdmins,
  "OAuthAuthorizationRegistry.ListTokens": right("user", Right.USER_AUTHORIZED_CLIENTS),
  "OAuthAuthorizationRegistry.DeleteToken": right("user", Right.USER_AUTHORIZED_CLIENTS),
  "EndDeviceRegistry.GetIdentifiersForEUIs": own,
  "EntityRegistrySearch.SearchApplications": own,
  "EntityRegistrySearch.SearchClients": own,
  "EntityRegistrySearch.SearchGateways": own,
  "EntityRegistrySearch.SearchOrganizations": own,
  "EntityRegistrySearch.SearchUsers": own,
  "EntityRegistrySearch.SearchAccounts": own,
  "EndDeviceClaimingServer.GetInfoByJoinEUI": own,
  "EndDeviceBatchClaimingServer.GetInfoByJoinEUIs": own,
  "Events.FindRelated": own,
  "Ns.GenerateDevAddr": own,
  "Ns.GetDefaultMACSettings": own,
  "Ns.GetNetID": own,
  "Ns.GetDeviceAddressPrefixes": own,
  "Js.GetJoinEUIPrefixes": own,
  "Js.GetDefaultJoinEUI": own,
  "As.GetConfiguration": own,
  "TenantRegistry.Create": tenantAdmins,
  "TenantRegistry.Get": tenantAdmins,
  "TenantRegistry.GetRegistryTotals": tenantAdmins,
  "TenantRegistry.BatchGetRegistryTotals": tenantAdmins,
  "TenantRegistry.List": tenantAdmins,
  "TenantRegistry.Update": tenantAdmins,
  "TenantRegistry.Delete": tenantAdmins,
  "TenantRegistry.GetIdentifiersForEndDeviceEUIs": tenantAdmins,
  "TenantRegistry.GetIdentifiersForGatewayEUI": tenantAdmins,
  "TenantRegistry.GetGatewayInfoForEUI": tenantAdmins,
  "TenantRegistry.ReleaseGatewayEUI": tenantAdmins,
};
