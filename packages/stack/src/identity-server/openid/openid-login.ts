import { defineErrors } from "../../errors/errors.ts";
import { readCookie } from "../../rpc/cookies.ts";
import { setCookie } from "../account/cookies.ts";
import { type Exchange, type ExchangeHandler, originOf, redirect } from "../account/exchange.ts";
import type { LoginProvider } from "../account/login-endpoints.ts";
import type { Logins } from "../account/logins.ts";
import { returnPath } from "../account/return-path.ts";
import type { SecretVault } from "../gateways/gateway-secrets.ts";
import type { Registries } from "../registries/registries.ts";
import { type ExternalUserRules, resolveExternalUser } from "./external-users.ts";
import { createOpenIdProvider, type LoginState, type ProviderSettings } from "./openid-provider.ts";

const errors = defineErrors("skylark/openid");
const loginLost = errors.failedPrecondition(
  "login_lost",
  "this login was not begun in this browser, or too long ago; begin again",
);

export interface OpenIdOptions extends ProviderSettings, ExternalUserRules {
  /** As the login page calls it. */
  readonly name: string;
  /** Empty: under the host that the browser asked for. */
  readonly redirectUrl: string;
  readonly vault: SecretVault;
}

export interface OpenIdLogin {
  readonly start: ExchangeHandler;
  readonly callback: ExchangeHandler;
  providers(tenantId: string): readonly LoginProvider[];
}

const startPath = "/oauth/oidc/start";
const callbackPath = "/oauth/oidc/callback";
const stateCookie = "_oidc";
const lifetimeMs = 10 * 60_000;

/** What the browser keeps while its user is at the provider, sealed: it can neither read nor change it. */
interface PendingLogin extends LoginState {
  readonly tenantId: string;
  readonly next: string;
  readonly expiresAt: number;
}

/** Logging in at another provider. */
export function createOpenIdLogin(
  options: OpenIdOptions & { readonly registries: Registries; readonly logins: Logins },
): OpenIdLogin {
  const { registries, logins, tenantId, vault } = options;
  const provider = createOpenIdProvider(options);
  const requireTenant = ({ call }: Exchange): void => {
    if (call.tenantId !== tenantId) throw loginLost();
  };
  const keep = (exchange: Exchange, value: string, maxAgeSeconds: number): void =>
    setCookie(exchange, stateCookie, value, { httpOnly: true, maxAgeSeconds, path: "/oauth/oidc" });

  return {
    providers: (ofTenant) => (ofTenant === tenantId ? [{ name: options.name, path: startPath }] : []),
    async start(exchange) {
      requireTenant(exchange);
      const redirectUri = options.redirectUrl || `${originOf(exchange)}${callbackPath}`;
      const { location, login } = await provider.begin(redirectUri);
      const pending: PendingLogin = {
        ...login,
        tenantId,
        next: returnPath(exchange.query.get("n")),
        expiresAt: registries.clock.now() + lifetimeMs,
      };
      const sealed = vault.seal(new TextEncoder().encode(JSON.stringify(pending)));
      keep(exchange, Buffer.from(sealed).toString("base64url"), lifetimeMs / 1000);
      redirect(exchange, location);
    },
    async callback(exchange) {
      requireTenant(exchange);
      const pending = openPending(vault, readCookie(exchange.request, stateCookie));
      if (pending?.tenantId !== tenantId || pending.expiresAt <= registries.clock.now()) throw loginLost();
      const user = await provider.finish(pending, exchange.call.query);
      await logins.begin(exchange, await resolveExternalUser(registries, options, user));
      keep(exchange, "", 0);
      redirect(exchange, pending.next);
    },
  };
}

function openPending(vault: SecretVault, cookie: string | undefined): PendingLogin | undefined {
  if (cookie === undefined) return undefined;
  try {
    const text = new TextDecoder().decode(vault.open(Buffer.from(cookie, "base64url")));
    return JSON.parse(text) as PendingLogin;
  } catch {
    return undefined;
  }
}
