import type { EventPublisher } from "../../events/events.ts";
import { clearSessionCookie } from "../account/cookies.ts";
import { type ExchangeHandler, redirect } from "../account/exchange.ts";
import type { Logins } from "../account/logins.ts";
import { accountPath } from "../account/return-path.ts";
import type { Registries } from "../registries/registries.ts";
import type { OAuthClients } from "./clients.ts";
import { invalidLogoutRedirectUri, missingAccessTokenId } from "./errors.ts";
import { oauthEvents } from "./events.ts";
import { findRedirectUri } from "./redirect-uris.ts";
import { revokeFamily } from "./token-issuer.ts";

export interface LogoutEndpointOptions {
  readonly registries: Pick<Registries, "store" | "credentials" | "authenticator">;
  readonly events: EventPublisher;
  readonly clients: OAuthClients;
  readonly logins: Logins;
}

/** `GET /oauth/logout`: a client ends its token and the session that the token came from. */
export function logoutEndpoint({
  registries,
  events,
  clients,
  logins,
}: LogoutEndpointOptions): ExchangeHandler {
  const { store, credentials, authenticator } = registries;
  return async (exchange) => {
    const { query } = exchange;
    const { tenantId } = exchange.call;
    const id = query.get("access_token_id") ?? "";
    if (id === "") throw missingAccessTokenId();
    const token = await credentials.accessTokens.get(tenantId, id);
    // An identifier that means nothing ends nothing: any page could have sent the browser here.
    if (token === undefined) return redirect(exchange, accountPath);
    const client = await clients.find(tenantId, token.clientId);
    const registered = client?.message.logoutRedirectUris ?? [];
    const asked = query.get("post_logout_redirect_uri") ?? "";
    const location = findRedirectUri(registered, asked);
    if (location === undefined && asked !== "") throw invalidLogoutRedirectUri();
    const login = await logins.current(exchange);
    // Collaborators see identifiers of each other's tokens in events: only the user's own browser ends one.
    if (login?.user.id !== token.userId) return redirect(exchange, location ?? accountPath);
    await revokeFamily({ store, credentials, authenticator }, token);
    await store.transact((writer) => credentials.sessions.deleteIfPresent(writer, tenantId, token.sessionId));
    authenticator.sessionChanged(tenantId, token.sessionId);
    const subject = { kind: "user", tenantId, userId: token.userId } as const;
    events.publish(oauthEvents.tokenDeleted, subject);
    events.publish(oauthEvents.sessionTerminated, subject);
    if (login.session.id === token.sessionId) clearSessionCookie(exchange);
    else await logins.end(exchange, login);
    redirect(exchange, location ?? accountPath);
  };
}
