import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import type { TestServer } from "../identity-server.fixture.ts";

export interface Visit {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly location: string | undefined;
}

export interface VisitOptions {
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A browser without scripts: it keeps cookies by host, and sends forms. */
export class Browser {
  readonly origin: string;
  /** Of the forms of the page that was shown last. */
  #hidden: Readonly<Record<string, string>> = {};
  /** By host name, as browsers do, whatever the port. */
  readonly jars = new Map<string, Map<string, string>>();

  constructor(port: number, host = "localhost") {
    this.origin = `http://${host}:${port}`;
  }

  get cookies(): Map<string, string> {
    return this.#jar(new URL(this.origin).hostname);
  }

  get(target: string, headers: VisitOptions["headers"] = {}): Promise<Visit> {
    return this.visit("GET", target, { headers });
  }

  /** As a form of the page would send it, with the token of our cookie. */
  post(target: string, form: Readonly<Record<string, string>>): Promise<Visit> {
    const own = { _csrf: this.cookies.get("_csrf") ?? "" };
    return this.visit("POST", target, { form: { ...this.#hidden, ...own, ...form } });
  }

  visit(verb: string, target: string, { form, json, headers }: VisitOptions = {}): Promise<Visit> {
    const url = new URL(target, this.origin);
    const body = form === undefined ? json && JSON.stringify(json) : new URLSearchParams(form).toString();
    const type = form === undefined ? "application/json" : "application/x-www-form-urlencoded";
    const jar = this.#jar(url.hostname);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        host: "127.0.0.1",
        port: url.port,
        method: verb,
        path: `${url.pathname}${url.search}`,
        headers: {
          Host: url.host,
          ...(cookie === "" ? {} : { Cookie: cookie }),
          ...(body === undefined ? {} : { "Content-Type": type }),
          ...headers,
        },
      });
      request.on("error", reject);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("error", reject);
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          for (const line of response.headers["set-cookie"] ?? []) take(jar, line);
          const text = Buffer.concat(chunks).toString();
          this.#hidden = Object.fromEntries(
            [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(
              ([, name = "", value = ""]) => [name, value],
            ),
          );
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, headers, text, location: headers.location });
        });
      });
      request.end(body);
    });
  }

  #jar(host: string): Map<string, string> {
    let jar = this.jars.get(host);
    if (jar === undefined) {
      jar = new Map();
      this.jars.set(host, jar);
    }
    return jar;
  }
}

function take(jar: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";");
  const equals = pair.indexOf("=");
  const name = pair.slice(0, equals);
  const value = pair.slice(equals + 1);
  const gone = attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute)) || value === "";
  if (gone) jar.delete(name);
  else jar.set(name, value);
}

export async function adminPassword({ dataDirectory }: TestServer): Promise<string> {
  return (await readFile(join(dataDirectory, "admin-password"), "utf8")).trim();
}

export async function logIn(
  server: TestServer,
  {
    userId = "admin",
    password,
    host = "localhost",
  }: { userId?: string; password?: string; host?: string } = {},
): Promise<Browser> {
  const browser = new Browser(server.port, host);
  const page = await browser.get("/oauth/login");
  assert.equal(page.status, 200);
  const answer = await browser.post("/oauth/login", {
    user_id: userId,
    password: password ?? (userId === "admin" ? await adminPassword(server) : "Secret Words 7"),
  });
  assert.equal(answer.status, 303, answer.text);
  return browser;
}

export interface ClientOptions {
  readonly redirectUris?: readonly string[];
  readonly rights?: readonly string[];
  readonly more?: object;
}

/** A confidential client; answers with its secret. */
export async function createClient(
  server: TestServer,
  id: string,
  {
    redirectUris = ["https://app.example.com/callback"],
    rights = ["RIGHT_USER_INFO"],
    more = {},
  }: ClientOptions = {},
): Promise<string> {
  const client = {
    ids: { client_id: id },
    name: `Client ${id}`,
    redirect_uris: redirectUris,
    grants: ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
    rights,
    state: "STATE_APPROVED",
    ...more,
  };
  const answer = await server.call("POST", "/users/admin/clients", {
    key: server.adminKey,
    body: { client },
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.secret;
}

/** What the client is sent back with. */
export function returned(visit: Visit): URLSearchParams {
  assert.ok(visit.location !== undefined, visit.text);
  return new URL(visit.location, "http://localhost").searchParams;
}

export function authorizePath(parameters: Readonly<Record<string, string>>): string {
  return `/oauth/authorize?${new URLSearchParams({ response_type: "code", ...parameters })}`;
}

/** Has the user agree, and answers with the code. */
export async function obtainCode(
  browser: Browser,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const asked = await browser.get(authorizePath(parameters));
  const answered =
    asked.status === 200 ? await browser.post(authorizePath(parameters), { authorize: "true" }) : asked;
  const code = returned(answered).get("code");
  assert.ok(code !== null, `${answered.status} ${answered.location} ${answered.text}`);
  return code;
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: ReturnType<typeof JSON.parse>;
}

export async function requestToken(
  server: TestServer,
  form: Readonly<Record<string, string>>,
  {
    json = false,
    headers = {},
    host = "localhost",
  }: { json?: boolean; headers?: Record<string, string>; host?: string } = {},
): Promise<TokenAnswer> {
  const client = new Browser(server.port, host);
  const answer = await client.visit(
    "POST",
    "/oauth/token",
    json ? { json: form, headers } : { form, headers },
  );
  return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.text) };
}
