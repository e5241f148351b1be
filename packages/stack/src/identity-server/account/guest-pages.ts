import {
  CreateTemporaryPasswordRequestSchema,
  CreateUserRequestSchema,
  create,
  type DescMessage,
  EmailValidationRegistry,
  httpStatus,
  type MessageInitShape,
  UpdateUserPasswordRequestSchema,
  UserRegistry,
  ValidateEmailRequestSchema,
} from "@skylark/api";
import type { RandomBytes } from "../../clock/clock.ts";
import { SkylarkError } from "../../errors/errors.ts";
import { readForm } from "../../rpc/plain-answers.ts";
import type { CallContext, ServiceImplementation } from "../../rpc/service.ts";
import type { Authenticator } from "../access/authentication.ts";
import { checkRules } from "../check-rules.ts";
import { csrfTokenOf, requireOwnRequest } from "./cookies.ts";
import { type Exchange, type ExchangeHandler, sendPage } from "./exchange.ts";
import { problemOf } from "./login-endpoints.ts";
import { type Html, html } from "./page.ts";
import { contextOf } from "./password-change.ts";
import { accountPath, returnPath } from "./return-path.ts";

export interface GuestPagesOptions {
  /** They decide who may do what, as they do for the API. */
  readonly services: readonly ServiceImplementation[];
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly randomBytes: RandomBytes;
  /** Without it nobody is shown the page for it. */
  readonly registrationEnabled: boolean;
}

interface GuestField {
  readonly name: string;
  readonly label: string;
  readonly type: "text" | "email" | "password";
  readonly autocomplete: string;
  readonly isOptional?: boolean;
  /** Which part of the link in an e-mail fills it in. */
  readonly filledBy?: string;
  readonly isHidden?: boolean;
}

/** A page for people who are not logged in: a form, and one method of the API that it calls. */
interface GuestPage {
  readonly path: string;
  readonly title: string;
  readonly text?: string;
  readonly fields: readonly GuestField[];
  readonly button: string;
  readonly done: string;
  /** Attempts are not counted by an identifier that the visitor thinks up. */
  readonly makesUser?: boolean;
  readonly submit: (call: GuestCall, form: URLSearchParams) => Promise<void>;
}

type GuestCall = <Desc extends DescMessage>(
  service: typeof UserRegistry | typeof EmailValidationRegistry,
  method: string,
  schema: Desc,
  request: MessageInitShape<Desc>,
) => Promise<void>;

const userId: GuestField = { name: "user_id", label: "User ID", type: "text", autocomplete: "username" };
const newPassword: GuestField = {
  name: "password",
  label: "New password",
  type: "password",
  autocomplete: "new-password",
};
const hidden = (name: string): GuestField => ({
  name,
  label: "",
  type: "text",
  autocomplete: "off",
  filledBy: name,
  isHidden: true,
});
const fieldOf = (form: URLSearchParams, name: string): string => form.get(name) ?? "";

const registrationPath = "/oauth/register";

/** Where the links in e-mails lead to, and what leads to such e-mails. */
const guestPages: readonly GuestPage[] = [
  {
    path: registrationPath,
    title: "Register",
    makesUser: true,
    fields: [
      userId,
      { name: "name", label: "Name", type: "text", autocomplete: "name", isOptional: true },
      { name: "email", label: "E-mail address", type: "email", autocomplete: "email" },
      { ...newPassword, label: "Password" },
      {
        name: "invitation_token",
        label: "Invitation token, if you have one",
        type: "text",
        autocomplete: "off",
        isOptional: true,
        filledBy: "invitation_token",
      },
    ],
    button: "Register",
    done: "You are registered. Look for an e-mail with which to validate your address; an administrator may have to approve of your account before you can use it.",
    submit: (call, form) =>
      call(UserRegistry, "create", CreateUserRequestSchema, {
        user: {
          ids: { userId: fieldOf(form, "user_id") },
          name: fieldOf(form, "name"),
          primaryEmailAddress: fieldOf(form, "email"),
          password: fieldOf(form, "password"),
        },
        invitationToken: fieldOf(form, "invitation_token"),
      }),
  },
  {
    path: "/oauth/forgot-password",
    title: "Forgot your password?",
    text: "A temporary password is sent to your e-mail address.",
    fields: [userId],
    button: "Send temporary password",
    done: "If there is such a user, a temporary password is on its way. It can be used for an hour.",
    submit: (call, form) =>
      call(UserRegistry, "createTemporaryPassword", CreateTemporaryPasswordRequestSchema, {
        userIds: { userId: fieldOf(form, "user_id") },
      }),
  },
  {
    path: "/oauth/update-password",
    title: "Choose a new password",
    fields: [
      { ...userId, filledBy: "user" },
      {
        name: "old",
        label: "Current or temporary password",
        type: "password",
        autocomplete: "current-password",
        filledBy: "current",
      },
      newPassword,
    ],
    button: "Change password",
    done: "The password was changed. You can log in with it.",
    submit: (call, form) =>
      call(UserRegistry, "updatePassword", UpdateUserPasswordRequestSchema, {
        userIds: { userId: fieldOf(form, "user_id") },
        old: fieldOf(form, "old"),
        new: fieldOf(form, "password"),
      }),
  },
  {
    path: "/oauth/validate",
    title: "Validate your e-mail address",
    text: "With this you confirm that the e-mail address is yours.",
    // Programs that look at links in e-mails must not use them up: it takes a click.
    fields: [hidden("reference"), hidden("token")],
    button: "Validate",
    done: "Your e-mail address is validated.",
    submit: (call, form) =>
      call(EmailValidationRegistry, "validate", ValidateEmailRequestSchema, {
        id: fieldOf(form, "reference"),
        token: fieldOf(form, "token"),
      }),
  },
];

export interface GuestRoute {
  readonly path: string;
  readonly show: ExchangeHandler;
  readonly submit: ExchangeHandler;
}

export function createGuestPages(options: GuestPagesOptions): readonly GuestRoute[] {
  return guestPages
    .filter(({ path }) => path !== registrationPath || options.registrationEnabled)
    .map((page) => ({
      path: page.path,
      async show(exchange) {
        sendForm(options, exchange, page, {
          fill: ({ filledBy }) => (filledBy === undefined ? "" : (exchange.query.get(filledBy) ?? "")),
        });
      },
      async submit(exchange) {
        const form = await readForm(exchange.request);
        requireOwnRequest(exchange, form);
        const { tenantId, limitAttempts } = exchange.call;
        limitAttempts(page.makesUser ? "" : `${tenantId}/${fieldOf(form, "user_id").slice(0, 64)}`);
        try {
          await page.submit(guestCall(options, exchange), form);
        } catch (error) {
          if (!(error instanceof SkylarkError) || error.code === 13) throw error;
          const filled = {
            problem: error.message,
            fill: ({ name, type }: GuestField) => (type === "password" ? "" : fieldOf(form, name)),
          };
          return sendForm(options, exchange, page, filled, httpStatus(error.code));
        }
        const body = html`<h1>${page.title}</h1>
<p class="note" role="status">${page.done}</p>
<p><a href="${loginPathOf(exchange)}">Log in</a></p>`;
        sendPage(exchange, { title: page.title, body });
      },
    }));
}

interface Filled {
  readonly problem?: string;
  readonly fill: (field: GuestField) => string;
}

function sendForm(
  { randomBytes }: GuestPagesOptions,
  exchange: Exchange,
  page: GuestPage,
  { problem, fill }: Filled,
  status = 200,
): void {
  const inputs = page.fields.map((field) => inputOf(field, fill(field).slice(0, 1000)));
  const body = html`<h1>${page.title}</h1>
${problemOf(problem)}${page.text === undefined ? undefined : html`<p>${page.text}</p>`}
<form method="post" action="${`${page.path}${nextQueryOf(exchange)}`}">
<input type="hidden" name="_csrf" value="${csrfTokenOf(exchange, randomBytes)}">
${inputs}
<div class="actions"><button type="submit">${page.button}</button></div>
</form>
<p><a href="${loginPathOf(exchange)}">Log in</a></p>`;
  sendPage(exchange, { title: page.title, body }, status);
}

/** What the visitor came for, so that the way does not end at this page. */
function nextQueryOf({ query }: Exchange): string {
  const next = returnPath(query.get("n"));
  return next === accountPath ? "" : `?${new URLSearchParams({ n: next })}`;
}

/** Leads on at once when the browser is logged in. */
function loginPathOf(exchange: Exchange): string {
  return `/oauth/login${nextQueryOf(exchange)}`;
}

function inputOf({ name, label, type, autocomplete, isOptional, isHidden }: GuestField, value: string): Html {
  if (isHidden) return html`<input type="hidden" name="${name}" value="${value}">`;
  const required = isOptional ? undefined : html` required`;
  return html`<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}" autocapitalize="none" spellcheck="false"${required}>
`;
}

/** By the method of the API, so that its rules hold here as well. */
function guestCall({ services, authenticator }: GuestPagesOptions, exchange: Exchange): GuestCall {
  return async (service, name, schema, given) => {
    const method = services.find(({ descriptor }) => descriptor === service)?.methods[name];
    if (method === undefined || !("handle" in method)) throw new TypeError(`${name} cannot be called`);
    const request = create(schema, given);
    checkRules(schema, request, Date.now());
    const caller = await authenticator.authenticate(exchange.call.tenantId, undefined);
    const handle = method.handle as (request: unknown, context: CallContext) => unknown;
    await handle(request, contextOf(exchange, { caller }));
  };
}
