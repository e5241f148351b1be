import { httpStatus, rightName, type User } from "@skylark/api";
import type { RandomBytes } from "../../clock/clock.ts";
import { SkylarkError } from "../../errors/errors.ts";
import { readForm } from "../../rpc/plain-answers.ts";
import { accountStanding } from "../access/user-standing.ts";
import type { AuthorizationRecord } from "../oauth/authorization-store.ts";
import { revokeGrant } from "../oauth/oauth-registry.ts";
import type { Registries } from "../registries/registries.ts";
import type { SessionRecord } from "../sessions/session-store.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { csrfTokenOf, requireOwnRequest } from "./cookies.ts";
import { type Exchange, type ExchangeHandler, redirect, sendPage } from "./exchange.ts";
import { problemOf } from "./login-endpoints.ts";
import type { Login, Logins } from "./logins.ts";
import { type Html, html, type Page } from "./page.ts";
import { accountPath, passwordPath } from "./return-path.ts";

export interface PasswordChange {
  readonly old: string;
  readonly new: string;
}

export interface AccountEndpointsOptions {
  readonly registries: Pick<Registries, "credentials" | "authenticator" | "store" | "clock">;
  readonly sessions: Pick<Sessions, "end">;
  readonly logins: Logins;
  readonly randomBytes: RandomBytes;
  /** As the API does it, with its errors. */
  readonly changePassword: (exchange: Exchange, login: Login, change: PasswordChange) => Promise<void>;
}

export interface AccountEndpoints {
  readonly show: ExchangeHandler;
  readonly logout: ExchangeHandler;
  readonly endSession: ExchangeHandler;
  readonly revoke: ExchangeHandler;
  readonly changePassword: ExchangeHandler;
}

/** The page of the user that is logged in: what it lets others do, where it is logged in, its password. */
export function createAccountEndpoints(options: AccountEndpointsOptions): AccountEndpoints {
  const { registries, sessions, logins } = options;

  /** Does what a form asks, then shows the page, with what was wrong if anything was. */
  const act =
    (
      done: string,
      action: (exchange: Exchange, login: Login, form: URLSearchParams) => Promise<void>,
    ): ExchangeHandler =>
    async (exchange) => {
      const form = await readForm(exchange.request);
      requireOwnRequest(exchange, form);
      const login = await logins.current(exchange);
      if (login === undefined) return redirect(exchange, `/oauth/login?n=${encodeURIComponent(accountPath)}`);
      try {
        await action(exchange, login, form);
      } catch (error) {
        if (!(error instanceof SkylarkError) || error.code === 13) throw error;
        const page = await accountPage(options, exchange, login, { problem: error.message });
        return sendPage(exchange, page, httpStatus(error.code));
      }
      redirect(exchange, `${accountPath}?done=${done}`);
    };

  return {
    async show(exchange) {
      const login = await logins.current(exchange);
      if (login === undefined) return redirect(exchange, `/oauth/login?n=${encodeURIComponent(accountPath)}`);
      const { requirePasswordUpdate } = await logins.message(login);
      // Before anything else there.
      if (requirePasswordUpdate) return redirect(exchange, passwordPath(login.user.id, accountPath));
      const note = notes.get(exchange.query.get("done") ?? "");
      sendPage(exchange, await accountPage(options, exchange, login, note === undefined ? {} : { note }));
    },
    logout: act("logout", (exchange, login) => logins.end(exchange, login)),
    endSession: act("session", async (_exchange, { user }, form) => {
      const id = form.get("session_id") ?? "";
      const session = await registries.credentials.sessions.get(user.tenantId, id);
      if (session?.userId === user.id) await sessions.end(session);
    }),
    revoke: act("revoke", async (_exchange, { user }, form) => {
      const clientId = form.get("client_id") ?? "";
      await revokeGrant(registries, { tenantId: user.tenantId, userId: user.id, clientId });
    }),
    changePassword: act("password", (exchange, login, form) =>
      options.changePassword(exchange, login, { old: form.get("old") ?? "", new: form.get("new") ?? "" }),
    ),
  };
}

const notes: ReadonlyMap<string, string> = new Map([
  ["session", "The session was ended."],
  ["revoke", "The application can no longer act for you."],
  ["password", "The password was changed."],
]);

interface Outcome {
  readonly note?: string;
  readonly problem?: string;
}

async function accountPage(
  { registries, logins, randomBytes }: AccountEndpointsOptions,
  exchange: Exchange,
  login: Login,
  { note, problem }: Outcome,
): Promise<Page> {
  const { credentials, clock } = registries;
  const { tenantId, id } = login.user;
  const firstPage = { order: "-created_at", limit: 100, page: 1 };
  const [user, authorizations, sessions] = await Promise.all([
    logins.message(login),
    credentials.authorizations.list(tenantId, id, firstPage),
    credentials.sessions.list(tenantId, id, clock.now(), firstPage),
  ]);
  const csrfToken = csrfTokenOf(exchange, randomBytes);
  const warnings = login.caller.user === undefined ? [] : accountStanding(login.caller.user).warnings;
  return {
    title: `Account of ${id}`,
    body: html`<h1>Your account</h1>
${problemOf(problem)}${note === undefined ? undefined : html`<p class="note" role="status">${note}</p>`}
${warnings.map((warning) => html`<p class="problem">${warning}</p>`)}
${aboutUser(user)}
<form method="post" action="/oauth/account/logout">${hidden("_csrf", csrfToken)}<button type="submit" class="quiet">Log out</button></form>
<h2>Applications that act for you</h2>
${authorizationTable(authorizations.items, csrfToken)}
<h2>Where you are logged in</h2>
${sessionTable(sessions.items, login, csrfToken)}
<h2>Password</h2>
<form method="post" action="/oauth/account/password">${hidden("_csrf", csrfToken)}
<label for="old">Current password</label>
<input id="old" name="old" type="password" autocomplete="current-password" required>
<label for="new">New password</label>
<input id="new" name="new" type="password" autocomplete="new-password" required minlength="8">
<div class="actions"><button type="submit">Change password</button></div>
</form>`,
  };
}

function aboutUser(user: User): Html {
  const { name, primaryEmailAddress, admin } = user;
  return html`<p>Logged in as <strong>${user.ids?.userId}</strong>${name === "" ? undefined : html` (${name})`}${
    admin ? ", an administrator" : undefined
  }.${primaryEmailAddress === "" ? undefined : html` Your e-mail address is ${primaryEmailAddress}.`}</p>`;
}

function authorizationTable(authorizations: readonly AuthorizationRecord[], csrfToken: string): Html {
  if (authorizations.length === 0) return html`<p class="faint">None.</p>`;
  const rows = authorizations.map(
    ({
      clientId,
      rights,
      updatedAt,
    }) => html`<tr><td>${clientId}</td><td>${rightsText(rights)}</td><td>${dateText(updatedAt)}</td>
<td>${button("/oauth/account/revoke", { _csrf: csrfToken, client_id: clientId }, "Revoke")}</td></tr>
`,
  );
  return html`<table><thead><tr><th scope="col">Application</th><th scope="col">Rights</th><th scope="col">Since</th><th></th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

function sessionTable(sessions: readonly SessionRecord[], { session }: Login, csrfToken: string): Html {
  const rows = sessions.map(
    ({
      id,
      createdAt,
      expiresAt,
    }) => html`<tr><td>${dateText(createdAt)}${id === session.id ? " (here)" : ""}</td><td>${dateText(expiresAt)}</td>
<td>${button("/oauth/account/end-session", { _csrf: csrfToken, session_id: id }, "End")}</td></tr>
`,
  );
  return html`<table><thead><tr><th scope="col">Since</th><th scope="col">Until</th><th></th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

function button(action: string, fields: Readonly<Record<string, string>>, label: string): Html {
  const inputs = Object.entries(fields).map(([name, value]) => hidden(name, value));
  return html`<form method="post" class="inline" action="${action}">${inputs}<button type="submit" class="quiet">${label}</button></form>`;
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}

function rightsText(rights: AuthorizationRecord["rights"]): string {
  const names = rights.map((right) =>
    rightName(right)
      .replace(/^RIGHT_/, "")
      .toLowerCase(),
  );
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}

function dateText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
