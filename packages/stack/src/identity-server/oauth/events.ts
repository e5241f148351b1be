import { defineEvent } from "../../events/events.ts";

const forClients = ["RIGHT_USER_AUTHORIZED_CLIENTS"];
const forUser = ["RIGHT_USER_ALL"];

export const oauthEvents = {
  authorize: defineEvent("oauth.authorize", "authorize OAuth client", forClients),
  tokenExchange: defineEvent("oauth.token.exchange", "exchange OAuth access token", forClients),
  tokenDeleted: defineEvent("oauth.token.deleted", "delete access token", forClients),
  sessionTerminated: defineEvent("oauth.session.terminated", "terminate user session", forClients),
  login: defineEvent("oauth.user.login", "login user successful", forUser),
  logout: defineEvent("oauth.user.logout", "logout user", forUser),
  loginFailed: defineEvent("account.user.login_failed", "login user failure", forUser),
} as const;
