import type { Right } from "@skylark/api";
import { SkylarkError } from "../../errors/errors.ts";
import type { EventPublisher } from "../../events/events.ts";
import { readForm } from "../../rpc/plain-answers.ts";
import { withImplied } from "../access/right-sets.ts";
import { standingError } from "../access/user-standing.ts";
import { csrfTokenOf, requireOwnRequest } from "../account/cookies.ts";
import { type Exchange, type ExchangeHandler, redirect, sendPage } from "../account/exchange.ts";
import type { Login, Logins } from "../account/logins.ts";
import { passwordPath } from "../account/return-path.ts";
import type { Registries } from "../registries/registries.ts";
import { type KnownClient, mayUseCodes, type OAuthClients, standingOf } from "./clients.ts";
import { askedRights, consentPage } from "./consent-page.ts";
import {
  accessDenied,
  clientMissingGrant,
  invalidClient,
  invalidRedirectUri,
  invalidRequest,
  missingClientId,
  unsupportedResponseType,
} from "./errors.ts";
import { oauthEvents } from "./events.ts";
import { type Challenge, parseChallenge } from "./pkce.ts";
import { findRedirectUri, formTargetOf, isOwnPage, redirectLocation } from "./redirect-uris.ts";
import type { TokenIssuer } from "./token-issuer.ts";

export interface AuthorizeEndpointOptions {
  readonly registries: Pick<Registries, "credentials" | "randomBytes">;
  readonly events: EventPublisher;
  readonly clients: OAuthClients;
  readonly issuer: TokenIssuer;
  readonly logins: Logins;
}

/** A request whose client and address are known: whatever else is wrong is told the client there. */
interface ClientRequest {
  readonly client: KnownClient;
  readonly redirectUri: string;
  readonly state: string;
}

interface AuthorizationRequest extends ClientRequest {
  readonly challenge: Challenge;
}

/** `GET` and `POST /oauth/authorize` (RFC 6749 §3.1): asks the user, unless it is known what it would say. */
export function authorizeEndpoint(options: AuthorizeEndpointOptions): ExchangeHandler {
  const { logins } = options;
  return async (exchange) => {
    const target = await readClient(options.clients, exchange);
    const login = await logins.current(exchange);
    const here = `/oauth/authorize?${exchange.call.query}`;
    if (login === undefined) {
      redirect(exchange, `/oauth/login?${new URLSearchParams({ n: here })}`);
      return;
    }
    const error = login.caller.user === undefined ? undefined : standingError(login.caller.user);
    if (error !== undefined) throw error;
    // Before anything acts for a user, the password is one that only the user knows.
    if ((await logins.message(login)).requirePasswordUpdate) {
      redirect(exchange, passwordPath(login.user.id, here));
      return;
    }
    try {
      await decide(options, exchange, { login, request: readRequest(target, exchange.query) });
    } catch (error) {
      redirectError(exchange, target, error);
    }
  };
}

/** Until these are known, an error is for the user: nobody is sent to an address that no client registered. */
async function readClient(clients: OAuthClients, { call, query }: Exchange): Promise<ClientRequest> {
  const clientId = query.get("client_id") ?? "";
  if (clientId === "") throw missingClientId();
  const client = await clients.find(call.tenantId, clientId);
  if (client === undefined) throw invalidClient();
  const asked = query.getAll("redirect_uri");
  const redirectUri =
    asked.length > 1 ? undefined : findRedirectUri(client.message.redirectUris, asked[0] ?? "");
  if (redirectUri === undefined) throw invalidRedirectUri();
  const standing = standingOf(client);
  if (standing !== undefined) throw standing;
  return { client, redirectUri, state: query.get("state") ?? "" };
}

function readRequest(target: ClientRequest, query: URLSearchParams): AuthorizationRequest {
  for (const name of ["client_id", "response_type", "state", "code_challenge", "code_challenge_method"]) {
    if (query.getAll(name).length > 1) throw invalidRequest({ reason: `${name} is given more than once` });
  }
  if (!mayUseCodes(target.client)) throw clientMissingGrant({ grant: "authorization_code" });
  if (query.get("response_type") !== "code") throw unsupportedResponseType();
  const challenge = parseChallenge(query.get("code_challenge"), query.get("code_challenge_method"));
  if (challenge === undefined) throw invalidRequest({ reason: "the code challenge is none of RFC 7636" });
  if (challenge.value === "" && target.client.isPublic && !isOwnPage(target.redirectUri)) {
    throw invalidRequest({ reason: "a client without a secret needs a code challenge" });
  }
  return { ...target, challenge };
}

async function decide(
  options: AuthorizeEndpointOptions,
  exchange: Exchange,
  { login, request }: { readonly login: Login; readonly request: AuthorizationRequest },
): Promise<void> {
  const { client } = request;
  const known = client.message.skipAuthorization || (await isAuthorized(options, login, client));
  if (exchange.request.method === "POST" && !known) {
    const form = await readForm(exchange.request);
    requireOwnRequest(exchange, form);
    if (form.get("authorize") !== "true") throw accessDenied();
    if (form.get("rights") !== askedRights(client)) {
      await askUser(options, exchange, { login, request });
      return;
    }
  } else if (!known) {
    await askUser(options, exchange, { login, request });
    return;
  }
  const { tenantId, id: userId } = login.user;
  const code = await options.issuer.authorize({
    tenantId,
    userId,
    clientId: client.id,
    sessionId: login.session.id,
    rights: client.message.rights,
    redirectUri: request.redirectUri,
    challenge: request.challenge,
  });
  const authorized = { kind: "client", tenantId, clientId: client.id } as const;
  options.events.publish(oauthEvents.authorize, { kind: "user", tenantId, userId }, undefined, [authorized]);
  redirect(exchange, redirectLocation(request.redirectUri, { code, state: request.state }));
}

async function isAuthorized(
  { registries }: AuthorizeEndpointOptions,
  { user }: Login,
  { id, message }: KnownClient,
): Promise<boolean> {
  const grant = { tenantId: user.tenantId, userId: user.id, clientId: id };
  const authorization = await registries.credentials.authorizations.get(grant);
  if (authorization === undefined) return false;
  const given: ReadonlySet<Right> = withImplied(authorization.rights);
  return withImplied(message.rights).isSubsetOf(given);
}

async function askUser(
  { registries, logins }: AuthorizeEndpointOptions,
  exchange: Exchange,
  { login, request }: { readonly login: Login; readonly request: AuthorizationRequest },
): Promise<void> {
  const page = consentPage({
    client: request.client,
    user: await logins.message(login),
    redirectUri: request.redirectUri,
    action: `/oauth/authorize?${exchange.call.query}`,
    csrfToken: csrfTokenOf(exchange, registries.randomBytes),
  });
  sendPage(exchange, { ...page, formTargets: formTargetOf(request.redirectUri) });
}

/** RFC 6749 §4.1.2.1. */
const errorCodes: ReadonlyMap<object, string> = new Map([
  [accessDenied.definition, "access_denied"],
  [clientMissingGrant.definition, "unauthorized_client"],
  [unsupportedResponseType.definition, "unsupported_response_type"],
  [invalidRequest.definition, "invalid_request"],
]);

function redirectError(exchange: Exchange, { redirectUri, state }: ClientRequest, error: unknown): void {
  const code = error instanceof SkylarkError ? errorCodes.get(error.definition) : undefined;
  if (code === undefined) throw error;
  const description = (error as SkylarkError).message;
  redirect(exchange, redirectLocation(redirectUri, { error: code, error_description: description, state }));
}
