import { Right, rightName, type User } from "@skylark/api";
import { sortedRights } from "../access/right-sets.ts";
import { type Html, html, type Page } from "../account/page.ts";
import type { KnownClient } from "./clients.ts";
import { isOwnPage } from "./redirect-uris.ts";

export interface ConsentQuestion {
  readonly client: KnownClient;
  readonly user: User;
  readonly redirectUri: string;
  /** Where the answer goes. */
  readonly action: string;
  readonly csrfToken: string;
}

export function consentPage({ client, user, redirectUri, action, csrfToken }: ConsentQuestion): Page {
  const { message, id } = client;
  const name = message.name === "" ? id : message.name;
  const userId = user.ids?.userId ?? "";
  return {
    title: `Authorize ${name}`,
    body: html`<h1>Authorize ${name}?</h1>
<p>The application <strong>${name}</strong> (<code>${id}</code>) asks to act for your account <strong>${userId}</strong>.</p>
${message.description === "" ? undefined : html`<p>It describes itself: ${message.description}</p>`}
${message.endorsed ? html`<p class="note">It is endorsed by the operators of this network.</p>` : undefined}
<h2>It will be able to</h2>
${rightsList(message.rights)}
<p class="faint">${whereTo(redirectUri)}</p>
<form method="post" action="${action}">
<input type="hidden" name="_csrf" value="${csrfToken}">
<input type="hidden" name="rights" value="${askedRights(client)}">
<div class="actions">
<button type="submit" name="authorize" value="true">Authorize</button>
<button type="submit" name="authorize" value="false" class="quiet">Deny</button>
</div>
</form>`,
  };
}

/** What the user is asked for, as its answer repeats it: a client may ask for more by then. */
export function askedRights({ message }: KnownClient): string {
  return sortedRights(message.rights).map(rightName).join(" ");
}

function whereTo(redirectUri: string): string {
  if (isOwnPage(redirectUri)) return "Afterwards the code is handed to a program on your computer.";
  const url = URL.parse(redirectUri);
  const target = url === null ? "this server" : url.host === "" ? `a program (${url.protocol})` : url.host;
  return `Afterwards you are sent to ${target}.`;
}

function rightsList(rights: readonly Right[]): Html {
  if (rights.includes(Right.ALL)) return html`<ul><li>do everything that you can do</li></ul>`;
  if (rights.length === 0) return html`<ul><li>know who you are</li></ul>`;
  return html`<ul>${sortedRights(rights).map((right) => html`<li>${describeRight(right)}</li>`)}</ul>`;
}

/** `RIGHT_APPLICATION_DEVICES_READ` as `application: devices read`. */
function describeRight(right: Right): string {
  const [about = "", ...what] = rightName(right)
    .replace(/^RIGHT_/, "")
    .toLowerCase()
    .split("_");
  return `${about}: ${what.join(" ")}`;
}
