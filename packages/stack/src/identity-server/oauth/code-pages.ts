import { type ExchangeHandler, redirect, sendPage } from "../account/exchange.ts";
import { html } from "../account/page.ts";
import { localOrigin } from "./redirect-uris.ts";

/** RFC 6749 §4.1.2.1. */
const reasons: ReadonlyMap<string, string> = new Map([
  ["access_denied", "You did not let the program act for you."],
  ["unauthorized_client", "The program may not ask for authorization codes."],
  ["unsupported_response_type", "The program asked for something else than an authorization code."],
  ["invalid_request", "The program asked in a way that is wrong."],
]);

/** `GET /oauth/code`: shows the code for who copies it into a terminal. */
export const showCode: ExchangeHandler = async (exchange) => {
  const code = exchange.query.get("code") ?? "";
  const isCode = /^MF2XI\.[A-Z2-7]{1,64}\.[A-Z2-7]{1,64}$/.test(code);
  // Not the description of the address: whoever makes links would speak in our name.
  const problem =
    reasons.get(exchange.query.get("error") ?? "") ?? "There is no authorization code in this address.";
  const body = isCode
    ? html`<h1>Your authorization code</h1>
<p>Copy this code into the program that asked for it. It works once, for five minutes.</p>
<pre aria-label="Authorization code">${code}</pre>
<p class="faint">Give it to nobody else: it lets a program act for you.</p>`
    : html`<h1>No authorization code</h1><p class="problem">${problem}</p>`;
  sendPage(exchange, { title: "Authorization code", body }, isCode ? 200 : 400);
};

/** `GET /oauth/local-callback`: hands what it was given to the program that listens on this machine. */
export const toLocalCallback: ExchangeHandler = async (exchange) => {
  const parameters = new URLSearchParams(exchange.query);
  const port = parameters.get("port");
  parameters.delete("port");
  redirect(exchange, `${localOrigin(port)}/oauth/callback?${parameters}`);
};
