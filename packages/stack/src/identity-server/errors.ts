import { defineErrors } from "../errors/errors.ts";

/** Errors that several files of this server throw, named as clients of The Things Stack know them. */
const identityServer = defineErrors("pkg/identityserver");
const storage = defineErrors("pkg/identityserver/store");
const shared = defineErrors("pkg/util/store");

export const unauthenticated = identityServer.unauthenticated("unauthenticated", "unauthenticated");
export const restoreWindowExpired = identityServer.failedPrecondition(
  "restore_window_expired",
  "this entity can no longer be restored",
);
export const idTaken = shared.alreadyExists(
  "id_taken",
  "ID already taken, choose a different one and try again",
);
export const alreadyExists = shared.alreadyExists("already_exists", "{what} already exists");
export const euiTaken = shared.alreadyExists("eui_taken", "EUI already taken");
export const applicationNotFound = storage.notFound(
  "application_not_found",
  "application `{application_id}` not found",
);
export const gatewayNotFound = storage.notFound("gateway_not_found", "gateway `{gateway_id}` not found");
export const gatewayNotFoundByEui = storage.notFound(
  "gateway_not_found_by_eui",
  "gateway with EUI `{gateway_eui}` not found",
);
export const userNotFound = storage.notFound("user_not_found", "user `{user_id}` not found");
export const endDeviceNotFound = storage.notFound(
  "end_device_not_found",
  "end device with id `{device_id}` not found in application with id `{application_id}`",
);
export const apiKeyNotFound = storage.notFound(
  "api_key_not_found",
  "api key with id `{api_key_id}` not found",
);
export const updateAdminField = identityServer.permissionDenied(
  "update_admin_field",
  "only admins may change the field `{field}`",
);
export const nestedOrganizations = identityServer.invalidArgument(
  "nested_organizations",
  "organizations cannot be members of organizations",
);
export const accountNotFound = storage.notFound(
  "account_not_found",
  "{account_type} account `{account_id}` not found",
);
export const membershipNotFound = storage.notFound(
  "membership_not_found",
  "account `{account_id}` is no collaborator of {entity_type} `{entity_id}`",
);
export const organizationNotFound = storage.notFound(
  "organization_not_found",
  "organization `{organization_id}` not found",
);
export const clientNotFound = storage.notFound("client_not_found", "client `{client_id}` not found");
