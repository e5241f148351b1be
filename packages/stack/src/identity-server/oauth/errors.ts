import { defineErrors } from "../../errors/errors.ts";

/** Errors of the OAuth provider, named as clients of The Things Stack know them. */
const errors = defineErrors("pkg/oauth");

export const missingClientId = errors.invalidArgument("missing_client_id", "missing client id");
export const missingGrantType = errors.invalidArgument("missing_grant_type", "missing grant type");
export const invalidGrantType = errors.invalidArgument(
  "invalid_grant_type",
  "grant type `{grant_type}` is not one that this server knows",
);
export const missingAuthorizationCode = errors.invalidArgument(
  "missing_authorization_code",
  "missing authorization code",
);
export const missingRefreshToken = errors.invalidArgument("missing_refresh_token", "missing refresh token");
export const missingClientSecret = errors.invalidArgument("missing_client_secret", "missing client secret");
export const invalidClient = errors.permissionDenied(
  "invalid_client",
  "unknown client, or wrong client secret",
);
export const invalidRedirectUri = errors.permissionDenied(
  "invalid_redirect_uri",
  "the redirect URI is none of those that the client registered",
);
export const invalidLogoutRedirectUri = errors.invalidArgument(
  "invalid_logout_redirect_uri",
  "the logout redirect URI is none of those that the client registered",
);
export const missingAccessTokenId = errors.permissionDenied(
  "missing_param_access_token_id",
  "missing parameter access_token_id",
);
export const invalidRequest = errors.invalidArgument("invalid_request", "{reason}");
export const unsupportedResponseType = errors.unimplemented(
  "unsupported_response_type",
  "only the response type `code` is supported",
);
export const accessDenied = errors.permissionDenied("access_denied", "the user did not authorize the client");
export const invalidGrant = errors.permissionDenied(
  "invalid_grant",
  "the code or token is unknown, expired, revoked, or not for this client",
);
export const clientMissingGrant = errors.permissionDenied(
  "client_missing_grant",
  "the client may not use the grant `{grant}`",
);
export const clientNotApproved = errors.permissionDenied(
  "client_not_approved",
  "the client is not approved yet",
);
export const clientRejected = errors.permissionDenied("client_rejected", "the client was rejected");
export const clientSuspended = errors.permissionDenied("client_suspended", "the client is suspended");
