import { httpStatus } from "@skylark/api";
import { SkylarkError } from "../../errors/errors.ts";
import type { EventPublisher } from "../../events/events.ts";
import { errorStatus, RequestError } from "../../rpc/error-status.ts";
import { readFormOrJSON } from "../../rpc/plain-answers.ts";
import { standingError } from "../access/user-standing.ts";
import { type Exchange, type ExchangeHandler, sendJSON } from "../account/exchange.ts";
import type { Registries } from "../registries/registries.ts";
import {
  type ClientAuthentication,
  type KnownClient,
  mayRefresh,
  mayUseCodes,
  type OAuthClients,
  standingOf,
} from "./clients.ts";
import {
  clientMissingGrant,
  invalidClient,
  invalidGrant,
  invalidGrantType,
  invalidRequest,
  missingAuthorizationCode,
  missingClientId,
  missingClientSecret,
  missingGrantType,
  missingRefreshToken,
} from "./errors.ts";
import { oauthEvents } from "./events.ts";
import { findRedirectUri } from "./redirect-uris.ts";
import { accessTokenLifetimeMs, type IssuedTokens, type TokenIssuer } from "./token-issuer.ts";

export interface TokenEndpointOptions {
  readonly clients: OAuthClients;
  readonly issuer: TokenIssuer;
  readonly events: EventPublisher;
  readonly users: Registries["users"];
}

/** `POST /oauth/token` (RFC 6749 §3.2): a form or JSON; clients authenticate in it, or by HTTP Basic. */
export function tokenEndpoint(options: TokenEndpointOptions): ExchangeHandler {
  return async (exchange) => {
    try {
      const form = await readFormOrJSON(exchange.request);
      const { accessToken, refreshToken } = await issue(options, exchange, form);
      sendJSON(exchange, {
        access_token: accessToken,
        token_type: "bearer",
        expires_in: accessTokenLifetimeMs / 1000,
        ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      });
    } catch (error) {
      sendTokenError(exchange, error);
    }
  };
}

async function issue(
  options: TokenEndpointOptions,
  exchange: Exchange,
  form: URLSearchParams,
): Promise<IssuedTokens> {
  const grantType = only(form, "grant_type");
  if (grantType === "") throw missingGrantType();
  if (grantType !== "authorization_code" && grantType !== "refresh_token") {
    throw invalidGrantType({ grant_type: grantType.slice(0, 50) });
  }
  const authentication = authenticationOf(exchange, form);
  if (authentication.clientId === "") throw missingClientId();
  const { tenantId } = exchange.call;
  const client = await ofStranger(exchange, () =>
    options.clients.authenticate(tenantId, authentication, () =>
      exchange.call.limitAttempts(`${tenantId}/client/${authentication.clientId}`),
    ),
  );
  const standing = standingOf(client);
  if (standing !== undefined) throw invalidClient({}, { cause: standing });
  const request = { tenantId, client, form };
  const grant = () =>
    grantType === "authorization_code" ? exchangeCode(options, request) : refresh(options, request);
  // A client with a secret passes on what it is brought: those who bring it must not lock it out.
  const issued = await (client.isPublic ? ofStranger(exchange, grant) : grant());
  const subject = { kind: "user", tenantId, userId: issued.record.userId } as const;
  options.events.publish(oauthEvents.tokenExchange, subject);
  return issued;
}

/** The guesses of who has yet to prove anything are counted. */
async function ofStranger<T>({ call }: Exchange, attempt: () => Promise<T>): Promise<T> {
  call.requireFewRefused();
  try {
    return await attempt();
  } catch (error) {
    const { definition } = error instanceof SkylarkError ? error : {};
    if (definition === invalidGrant.definition || definition === invalidClient.definition)
      call.countRefused();
    throw error;
  }
}

interface TokenRequest {
  readonly tenantId: string;
  readonly client: KnownClient;
  readonly form: URLSearchParams;
}

async function exchangeCode(
  { issuer, users }: TokenEndpointOptions,
  { tenantId, client, form }: TokenRequest,
): Promise<IssuedTokens> {
  const code = only(form, "code");
  if (code === "") throw missingAuthorizationCode();
  if (!mayUseCodes(client)) throw clientMissingGrant({ grant: "authorization_code" });
  // Who did not say where to when it asked need not say it now.
  const redirectUri = only(form, "redirect_uri") || (findRedirectUri(client.message.redirectUris, "") ?? "");
  return issuer.exchange(tenantId, {
    code,
    clientId: client.id,
    redirectUri,
    verifier: only(form, "code_verifier"),
    withRefreshToken: mayRefresh(client),
    checkUser: (userId) => requireUser(users, tenantId, userId),
  });
}

async function refresh(
  { issuer, users }: TokenEndpointOptions,
  { tenantId, client, form }: TokenRequest,
): Promise<IssuedTokens> {
  const token = only(form, "refresh_token");
  if (token === "") throw missingRefreshToken();
  if (!mayRefresh(client)) throw clientMissingGrant({ grant: "refresh_token" });
  return issuer.refresh(tenantId, {
    token,
    clientId: client.id,
    checkUser: (userId) => requireUser(users, tenantId, userId),
  });
}

async function requireUser(
  users: TokenEndpointOptions["users"],
  tenantId: string,
  userId: string,
): Promise<void> {
  const stored = await users.entities.get(tenantId, userId);
  if (stored === undefined || stored.deletedAt !== undefined) throw invalidGrant();
  const cause = standingError(stored.message);
  if (cause !== undefined) throw invalidGrant({}, { cause });
}

/** RFC 6749 §3.2: a parameter is sent once at most. */
function only(form: URLSearchParams, name: string): string {
  const values = form.getAll(name);
  if (values.length > 1) throw invalidRequest({ reason: `${name} is given more than once` });
  return values[0] ?? "";
}

function authenticationOf({ request }: Exchange, form: URLSearchParams): ClientAuthentication {
  const header = request.headers.authorization;
  if (header !== undefined && /^basic /i.test(header)) {
    const text = Buffer.from(header.slice(6).trim(), "base64").toString();
    const colon = text.indexOf(":");
    if (colon < 0) throw invalidClient();
    return { clientId: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) };
  }
  return { clientId: only(form, "client_id"), secret: only(form, "client_secret") };
}

/** RFC 6749 §2.3.1: both parts are encoded as in forms; not every client knows. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** What RFC 6749 §5.2 calls our errors; anything else is wrong with the request. */
const errorCodes: ReadonlyMap<object, string> = new Map([
  [invalidClient.definition, "invalid_client"],
  [missingClientSecret.definition, "invalid_client"],
  [invalidGrant.definition, "invalid_grant"],
  [clientMissingGrant.definition, "unauthorized_client"],
  [invalidGrantType.definition, "unsupported_grant_type"],
]);

/** An answer for clients of RFC 6749 and, in the same object, for those that read the API's errors. */
function sendTokenError(exchange: Exchange, error: unknown): void {
  const isOurs = error instanceof SkylarkError || error instanceof RequestError;
  // What nobody expected is for the platform to log and to answer.
  if (!isOurs) throw error;
  const { code, body } = errorStatus(error);
  const known = error instanceof SkylarkError ? errorCodes.get(error.definition) : undefined;
  const status = httpStatus(code);
  const name =
    known ??
    (status >= 500 ? "server_error" : status === 429 ? "temporarily_unavailable" : "invalid_request");
  const isClient = name === "invalid_client";
  sendJSON(
    exchange,
    { error: name, error_description: error.message, ...body },
    {
      status: isClient ? 401 : status === 429 || status >= 500 ? status : 400,
      headers: isClient ? { "WWW-Authenticate": 'Basic realm="oauth"' } : {},
    },
  );
}
