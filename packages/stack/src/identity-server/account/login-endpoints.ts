import { httpStatus, pick, toJSON, UserSchema } from "@skylark/api";
import type { RandomBytes } from "../../clock/clock.ts";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";
import { readForm, readFormOrJSON } from "../../rpc/plain-answers.ts";
import { formTargetOf } from "../oauth/redirect-uris.ts";
import { publicUser, userPublicFields } from "../registries/public-fields.ts";
import { csrfTokenOf, requireOwnRequest } from "./cookies.ts";
import {
  type Exchange,
  type ExchangeHandler,
  redirect,
  sendJSON,
  sendNothing,
  sendPage,
} from "./exchange.ts";
import type { Login, Logins } from "./logins.ts";
import { type Html, html, type Page } from "./page.ts";
import { passwordPath, returnPath } from "./return-path.ts";

const notAuthenticated = defineErrors("pkg/account").unauthenticated("not_authenticated", "not logged in");

/** Another provider at which users can log in. */
export interface LoginProvider {
  readonly name: string;
  /** Where its button leads to; takes `n`. */
  readonly path: string;
}

export interface LoginEndpointsOptions {
  readonly logins: Logins;
  readonly randomBytes: RandomBytes;
  readonly providers: (tenantId: string) => readonly LoginProvider[];
}

export interface LoginEndpoints {
  readonly showLogin: ExchangeHandler;
  readonly login: ExchangeHandler;
  readonly showTokenLogin: ExchangeHandler;
  readonly tokenLogin: ExchangeHandler;
  readonly apiLogin: ExchangeHandler;
  readonly apiTokenLogin: ExchangeHandler;
  readonly apiLogout: ExchangeHandler;
  readonly apiMe: ExchangeHandler;
}

/** The pages to log in with, and the same as JSON for pages with scripts. */
export function createLoginEndpoints(options: LoginEndpointsOptions): LoginEndpoints {
  const { logins, randomBytes } = options;
  const requireLogin = async (exchange: Exchange): Promise<Login> => {
    const login = await logins.current(exchange);
    if (login === undefined) throw notAuthenticated();
    return login;
  };
  /** Answers a form: back to where the user came from, or the form again with what was wrong. */
  const answerForm = async (
    exchange: Exchange,
    form: URLSearchParams,
    { login, page }: { readonly login: () => Promise<string>; readonly page: (problem: string) => Page },
  ): Promise<void> => {
    requireOwnRequest(exchange, form);
    let next: string;
    try {
      next = await login();
    } catch (error) {
      if (!(error instanceof SkylarkError) || error.code === 13) throw error;
      sendPage(exchange, page(error.message), httpStatus(error.code));
      return;
    }
    redirect(exchange, next);
  };

  return {
    async showLogin(exchange) {
      const next = exchange.query.get("n");
      if ((await logins.current(exchange)) !== undefined) return redirect(exchange, returnPath(next));
      sendPage(exchange, loginPage(options, exchange, {}));
    },
    async login(exchange) {
      const form = await readForm(exchange.request);
      const userId = form.get("user_id") ?? "";
      await answerForm(exchange, form, {
        async login() {
          const { isTemporary } = await logins.withPassword(exchange, userId, form.get("password") ?? "");
          const next = returnPath(exchange.query.get("n"));
          return isTemporary ? passwordPath(userId, next) : next;
        },
        page: (problem) => loginPage(options, exchange, { userId, problem }),
      });
    },
    async showTokenLogin(exchange) {
      sendPage(exchange, tokenPage(exchange, csrfTokenOf(exchange, randomBytes)));
    },
    async tokenLogin(exchange) {
      const form = await readForm(exchange.request);
      await answerForm(exchange, form, {
        async login() {
          await logins.withToken(exchange, form.get("token") ?? "");
          return returnPath(exchange.query.get("n"));
        },
        page: (problem) => tokenPage(exchange, csrfTokenOf(exchange, randomBytes), problem),
      });
    },
    async apiLogin(exchange) {
      const form = await readFormOrJSON(exchange.request);
      requireOwnRequest(exchange, form);
      await logins.withPassword(exchange, form.get("user_id") ?? "", form.get("password") ?? "");
      sendNothing(exchange);
    },
    async apiTokenLogin(exchange) {
      const form = await readFormOrJSON(exchange.request);
      requireOwnRequest(exchange, form);
      await logins.withToken(exchange, form.get("token") ?? "");
      sendNothing(exchange);
    },
    async apiLogout(exchange) {
      requireOwnRequest(exchange, await readFormOrJSON(exchange.request));
      await logins.end(exchange, await requireLogin(exchange));
      sendNothing(exchange);
    },
    async apiMe(exchange) {
      // Scripts take their token for later requests from here.
      csrfTokenOf(exchange, randomBytes);
      const login = await requireLogin(exchange);
      const user = pick(UserSchema, publicUser(await logins.message(login)), userPublicFields);
      sendJSON(exchange, {
        user: toJSON(UserSchema, user),
        logged_in_at: new Date(login.session.createdAt).toISOString(),
        session_id: login.session.id,
      });
    },
  };
}

interface LoginAttempt {
  readonly userId?: string;
  readonly problem?: string;
}

function loginPage(
  { randomBytes, providers }: LoginEndpointsOptions,
  exchange: Exchange,
  { userId = "", problem }: LoginAttempt,
): Page {
  const next = returnPath(exchange.query.get("n"));
  const query = new URLSearchParams({ n: next });
  const others = providers(exchange.call.tenantId);
  return {
    title: "Log in",
    formTargets: targetsOf(next),
    body: html`<h1>Log in</h1>
${problemOf(problem)}
<form method="post" action="/oauth/login?${query.toString()}">
<input type="hidden" name="_csrf" value="${csrfTokenOf(exchange, randomBytes)}">
<label for="user_id">User ID</label>
<input id="user_id" name="user_id" value="${userId.slice(0, 100)}" autocomplete="username" autocapitalize="none"
  spellcheck="false" required${problem === undefined ? autofocus : undefined}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${
      problem === undefined ? undefined : autofocus
    }>
<div class="actions"><button type="submit">Log in</button></div>
</form>
<p><a href="/oauth/forgot-password">Forgot your password?</a></p>
${others.map(({ name, path }) => html`<p><a href="${path}?${query.toString()}">Log in with ${name}</a></p>`)}`,
  };
}

const autofocus: Html = html` autofocus`;

function tokenPage(exchange: Exchange, csrfToken: string, problem?: string): Page {
  const query = new URLSearchParams({ n: returnPath(exchange.query.get("n")) });
  // A program that looks at links in e-mails must not use the token up: it takes a click.
  const token = (exchange.query.get("token") ?? "").slice(0, 200);
  return {
    title: "Log in with a token",
    body: html`<h1>Log in with a token</h1>
${problemOf(problem)}
<form method="post" action="/oauth/token-login?${query.toString()}">
<input type="hidden" name="_csrf" value="${csrfToken}">
<label for="token">Token</label>
<input id="token" name="token" value="${token}" autocomplete="off" autocapitalize="none" spellcheck="false" required>
<div class="actions"><button type="submit">Log in</button></div>
</form>
<p><a href="/oauth/login?${query.toString()}">Log in with a password</a></p>`,
  };
}

export function problemOf(problem: string | undefined): Html | undefined {
  return problem === undefined ? undefined : html`<p class="problem" role="alert">${problem}</p>`;
}

/** After the login a client may be waiting for its code: browsers ask the login's page whether it may lead there. */
function targetsOf(next: string): readonly string[] {
  const url = URL.parse(next, "http://here.invalid");
  if (url?.pathname !== "/oauth/authorize") return [];
  const uri = url.searchParams.get("redirect_uri") ?? "";
  return /^[\x21-\x7e]*$/.test(uri) && !/[;,']/.test(uri) ? formTargetOf(uri) : [];
}
