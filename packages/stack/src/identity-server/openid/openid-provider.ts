import type * as OpenIdClient from "openid-client";
import { ConfigurationError } from "../../config/load.ts";
import { defineErrors } from "../../errors/errors.ts";

const errors = defineErrors("skylark/openid");
const providerUnavailable = errors.unavailable(
  "provider_unavailable",
  "the login provider cannot be reached: {reason}",
);
const loginRefused = errors.unauthenticated("login_refused", "the login at the provider failed: {reason}");

export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: string;
}

/** What must come back unchanged. */
export interface LoginState {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
}

/** Who someone is at the provider. */
export interface ProviderUser {
  readonly issuer: string;
  readonly subject: string;
  readonly preferredUsername: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
}

/** The authorization code flow of OpenID Connect, with PKCE, state and nonce. */
export interface OpenIdProvider {
  begin(redirectUri: string): Promise<{ readonly location: string; readonly login: LoginState }>;
  /** `query` as the browser brought it back. */
  finish(login: LoginState, query: string): Promise<ProviderUser>;
}

type Client = typeof OpenIdClient;

/** Loaded when somebody logs in this way: most installations never need it. */
const loadClient = (): Promise<Client> => import("openid-client");

const timeoutSeconds = 10;

export function createOpenIdProvider(settings: ProviderSettings): OpenIdProvider {
  const issuer = readIssuer(settings.issuer);
  let discovered: Promise<OpenIdClient.Configuration> | undefined;
  const configuration = async (client: Client): Promise<OpenIdClient.Configuration> => {
    discovered ??= discover(client, issuer, settings);
    try {
      return await discovered;
    } catch (error) {
      discovered = undefined;
      throw providerUnavailable({ reason: reasonOf(client, error) });
    }
  };

  return {
    async begin(redirectUri) {
      const client = await loadClient();
      const verifier = client.randomPKCECodeVerifier();
      const login = { state: client.randomState(), nonce: client.randomNonce(), verifier, redirectUri };
      const location = client.buildAuthorizationUrl(await configuration(client), {
        redirect_uri: redirectUri,
        scope: settings.scopes,
        state: login.state,
        nonce: login.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { location: location.href, login };
    },
    async finish(login, query) {
      const client = await loadClient();
      const known = await configuration(client);
      try {
        return await exchange({ client, known }, login, query);
      } catch (error) {
        throw loginRefused({ reason: reasonOf(client, error) });
      }
    },
  };
}

function discover(
  client: Client,
  issuer: URL,
  { clientId, clientSecret }: ProviderSettings,
): Promise<OpenIdClient.Configuration> {
  const insecure = issuer.protocol === "http:" ? [client.allowInsecureRequests] : [];
  const authentication = clientSecret === "" ? client.None() : client.ClientSecretBasic(clientSecret);
  // The signature of the token is verified as well, although it comes from the provider itself.
  const execute = [...insecure, client.enableNonRepudiationChecks];
  return client.discovery(issuer, clientId, undefined, authentication, { timeout: timeoutSeconds, execute });
}

async function exchange(
  { client, known }: { readonly client: Client; readonly known: OpenIdClient.Configuration },
  { state, nonce, verifier, redirectUri }: LoginState,
  query: string,
): Promise<ProviderUser> {
  const tokens = await client.authorizationCodeGrant(known, new URL(`${redirectUri}?${query}`), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  const identity = tokens.claims();
  if (identity === undefined) throw new TypeError("the provider sent no identity");
  const asksForMore = known.serverMetadata().userinfo_endpoint !== undefined;
  const more = asksForMore ? await client.fetchUserInfo(known, tokens.access_token, identity.sub) : {};
  const claims: Readonly<Record<string, unknown>> = { ...identity, ...more };
  return {
    issuer: identity.iss,
    subject: identity.sub,
    preferredUsername: textClaim(claims.preferred_username),
    name: textClaim(claims.name),
    email: textClaim(claims.email),
    emailVerified: claims.email_verified === true,
  };
}

function textClaim(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 500) : "";
}

/** Codes and tokens never stand in these messages: they name what was wrong, not what was sent. */
function reasonOf(client: Client, error: unknown): string {
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
    return error.error;
  }
  const { message, code } = error as Error & { readonly code?: unknown };
  return typeof code === "string" ? `${message} (${code})` : String(message);
}

function readIssuer(text: string): URL {
  const url = URL.parse(text);
  const isLocal = url !== null && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLocal)) return url;
  throw new ConfigurationError("is.oidc.issuer: expected an https address (http only on this machine)");
}
