import { type UserAccess, UserRegistry } from "@skylark/api";
import type { Clock, RandomBytes } from "../../clock/clock.ts";
import type { ServiceImplementation, ServiceMethods } from "../../rpc/service.ts";
import type { IdentityServerConfiguration } from "../config.ts";
import type { SecretVault } from "../gateways/gateway-secrets.ts";
import { oauthAuthorizationRegistry } from "../oauth/oauth-registry.ts";
import type { OpenIdOptions } from "../openid/openid-login.ts";
import type { Registries } from "../registries/registries.ts";
import { createLoginTokenMethod } from "../sessions/login-tokens.ts";
import { createSessions } from "../sessions/sessions.ts";
import { userSessionRegistry } from "../sessions/user-session-registry.ts";
import type { Tenancy } from "../tenancy.ts";
import type { Accounts } from "../users/accounts.ts";
import { createWebRoutes, type WebRoute } from "./web-routes.ts";

export interface WebAccessOptions {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly tenancy: Tenancy;
  readonly vault: SecretVault;
  readonly configuration: IdentityServerConfiguration;
  readonly accounts: Pick<Accounts, "services" | "sendLoginToken">;
}

/** Logins, and what clients of OAuth do with them. */
export interface WebAccess {
  readonly services: readonly ServiceImplementation[];
  readonly createLoginToken: ServiceMethods<typeof UserAccess>["createLoginToken"];
  readonly routes: readonly WebRoute[];
}

export function createWebAccess(registries: Registries, options: WebAccessOptions): WebAccess {
  const { configuration, accounts } = options;
  const { store, clock, randomBytes, credentials, authenticator } = registries;
  const sessions = createSessions({
    store,
    clock,
    randomBytes,
    sessions: credentials.sessions,
    authenticator,
    lifetimeMs: configuration["is.sessions.ttl"],
  });
  const userRegistry = accounts.services.find(({ descriptor }) => descriptor === UserRegistry);
  if (userRegistry === undefined) throw new TypeError("there is no registry of users");
  return {
    services: [oauthAuthorizationRegistry(registries), userSessionRegistry(registries, sessions)],
    createLoginToken: createLoginTokenMethod(registries, {
      enabled: configuration["is.login-tokens.enabled"],
      lifetimeMs: configuration["is.login-tokens.token-ttl"],
      send: (user, token, lifetimeMs) => void accounts.sendLoginToken(user, token, lifetimeMs),
    }),
    routes: createWebRoutes({
      registries,
      sessions,
      userRegistry,
      services: accounts.services,
      registrationEnabled: configuration["is.user-registration.enabled"],
      openId: openIdOptionsOf(options),
    }).map((route) => ofServedTenants(route, options.tenancy)),
  };
}

/** Nobody logs in, or becomes a user, where there is no tenant, or one that is suspended. */
function ofServedTenants(route: WebRoute, { checkServed }: Pick<Tenancy, "checkServed">): WebRoute {
  return {
    ...route,
    handler(request, response, call) {
      checkServed(call.tenantId);
      return route.handler(request, response, call);
    },
  };
}

function openIdOptionsOf({ configuration, tenancy, vault }: WebAccessOptions): OpenIdOptions | undefined {
  const issuer = configuration["is.oidc.issuer"];
  if (issuer === "") return undefined;
  return {
    vault,
    issuer,
    clientId: configuration["is.oidc.client-id"],
    clientSecret: configuration["is.oidc.client-secret"],
    scopes: configuration["is.oidc.scopes"],
    name: configuration["is.oidc.name"],
    redirectUrl: configuration["is.oidc.redirect-url"],
    tenantId: configuration["is.oidc.tenant"] || tenancy.defaultTenantId,
    registerUsers: configuration["is.oidc.register-users"],
    linkByEmail: configuration["is.oidc.link-by-email"],
  };
}
