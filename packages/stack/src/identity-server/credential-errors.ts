import { defineErrors } from "../errors/errors.ts";

/** Errors of the tables behind tokens, sessions and authorizations. */
const storage = defineErrors("pkg/identityserver/store");

export const accessTokenNotFound = storage.notFound(
  "access_token_not_found",
  "access token with id `{access_token_id}` not found",
);
export const userSessionNotFound = storage.notFound(
  "user_session_not_found",
  "session with id `{session_id}` not found",
);
export const authorizationNotFound = storage.notFound(
  "authorization_not_found",
  "user `{user_id}` has not authorized client `{client_id}`",
);
export const loginTokenNotFound = storage.notFound("login_token_not_found", "login token not found");
export const loginTokenExpired = storage.failedPrecondition("login_token_expired", "login token expired");
export const loginTokenAlreadyUsed = storage.failedPrecondition(
  "login_token_already_used",
  "login token was used before",
);
