import type { PlainHandler } from "../../rpc/plain-routes.ts";
import type { ServiceImplementation } from "../../rpc/service.ts";
import { authorizeEndpoint } from "../oauth/authorize-endpoint.ts";
import { createOAuthClients } from "../oauth/clients.ts";
import { showCode, toLocalCallback } from "../oauth/code-pages.ts";
import { logoutEndpoint } from "../oauth/logout-endpoint.ts";
import { serverMetadata } from "../oauth/server-metadata.ts";
import { tokenEndpoint } from "../oauth/token-endpoint.ts";
import { createTokenIssuer } from "../oauth/token-issuer.ts";
import { createOpenIdLogin, type OpenIdOptions } from "../openid/openid-login.ts";
import type { Registries } from "../registries/registries.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { createAccountEndpoints } from "./account-endpoints.ts";
import { type ExchangeHandler, exchangeOf } from "./exchange.ts";
import { createGuestPages } from "./guest-pages.ts";
import { createLoginEndpoints } from "./login-endpoints.ts";
import { createLogins } from "./logins.ts";
import { passwordChanger } from "./password-change.ts";

export interface WebRoute {
  readonly verb: "GET" | "POST";
  readonly path: string;
  readonly handler: PlainHandler;
}

export interface WebRoutesOptions {
  readonly registries: Registries;
  readonly sessions: Sessions;
  /** For changes of passwords. */
  readonly userRegistry: ServiceImplementation;
  /** For the pages of people who are not logged in. */
  readonly services: readonly ServiceImplementation[];
  readonly registrationEnabled: boolean;
  /** Undefined while no other provider is configured. */
  readonly openId: OpenIdOptions | undefined;
}

/** What this server answers outside of the API: the OAuth provider and the pages for accounts. */
export function createWebRoutes(options: WebRoutesOptions): readonly WebRoute[] {
  const { registries, sessions, userRegistry } = options;
  const { events, randomBytes } = registries;
  const logins = createLogins({ registries, sessions });
  const clients = createOAuthClients(registries);
  const issuer = createTokenIssuer(registries);
  const openId = options.openId && createOpenIdLogin({ ...options.openId, registries, logins });
  const login = createLoginEndpoints({
    logins,
    randomBytes,
    providers: (tenantId) => openId?.providers(tenantId) ?? [],
  });
  const account = createAccountEndpoints({
    registries,
    sessions,
    logins,
    randomBytes,
    changePassword: passwordChanger(userRegistry, registries.rights),
  });
  const authorize = authorizeEndpoint({ registries, events, clients, issuer, logins });
  const get = (path: string, handler: ExchangeHandler) => route("GET", path, handler);
  const post = (path: string, handler: ExchangeHandler) => route("POST", path, handler);
  return [
    get("/oauth/authorize", authorize),
    post("/oauth/authorize", authorize),
    post("/oauth/token", tokenEndpoint({ clients, issuer, events, users: registries.users })),
    get("/oauth/logout", logoutEndpoint({ registries, events, clients, logins })),
    get("/oauth/code", showCode),
    get("/oauth/local-callback", toLocalCallback),
    get("/.well-known/oauth-authorization-server", serverMetadata),
    get("/oauth/login", login.showLogin),
    post("/oauth/login", login.login),
    get("/oauth/token-login", login.showTokenLogin),
    post("/oauth/token-login", login.tokenLogin),
    post("/oauth/api/auth/login", login.apiLogin),
    post("/oauth/api/auth/token-login", login.apiTokenLogin),
    post("/oauth/api/auth/logout", login.apiLogout),
    get("/oauth/api/me", login.apiMe),
    get("/oauth", account.show),
    get("/oauth/", account.show),
    post("/oauth/account/logout", account.logout),
    post("/oauth/account/end-session", account.endSession),
    post("/oauth/account/revoke", account.revoke),
    post("/oauth/account/password", account.changePassword),
    ...createGuestPages({
      services: options.services,
      authenticator: registries.authenticator,
      randomBytes,
      registrationEnabled: options.registrationEnabled,
    }).flatMap(({ path, show, submit }) => [get(path, show), post(path, submit)]),
    ...(openId === undefined
      ? []
      : [get("/oauth/oidc/start", openId.start), get("/oauth/oidc/callback", openId.callback)]),
  ];
}

function route(verb: "GET" | "POST", path: string, handler: ExchangeHandler): WebRoute {
  return { verb, path, handler: (request, response, call) => handler(exchangeOf(request, response, call)) };
}
