import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import Provider, { type JWK } from "oidc-provider";
import type { Browser, Visit } from "../account/browser.fixture.ts";

export interface Person {
  readonly preferred_username?: string;
  readonly name?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
}

/** A real OpenID provider on a port of this machine, where people log in by naming themselves. */
export interface TestProvider {
  readonly issuer: string;
  /** By the name that they log in with, which is their subject. */
  readonly people: Map<string, Person>;
  /** Changes what the token endpoint answers. */
  tamper: ((body: string) => string) | undefined;
  /** The client's addresses, known once its own server runs. */
  begin(redirectUri: string): void;
  close(): Promise<void>;
}

export const clientId = "skylark";
export const clientSecret = "a secret of the client, for tests";

export async function startProvider(t: TestContext): Promise<TestProvider> {
  let handle: ((...given: Parameters<ReturnType<Provider["callback"]>>) => void) | undefined;
  const server = createServer((request, response) => {
    if (request.url === "/token" && provider.tamper !== undefined) {
      const end = response.end.bind(response);
      const { tamper } = provider;
      response.end = ((body: Buffer | string) => {
        const changed = tamper(String(body));
        response.setHeader("Content-Length", Buffer.byteLength(changed));
        return end(changed);
      }) as typeof response.end;
    }
    handle?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const people = new Map<string, Person>();
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const provider: TestProvider = {
    issuer,
    people,
    tamper: undefined,
    begin(redirectUri) {
      handle = createProvider(issuer, redirectUri, people).callback();
    },
    close,
  };
  t.after(close);
  return provider;
}

function createProvider(issuer: string, redirectUri: string, people: ReadonlyMap<string, Person>): Provider {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = { ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "test" } as JWK;
  return new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "preferred_username"],
    },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...people.get(id) }),
    }),
  });
}

/** Goes from our login page to the provider, logs in there, agrees, and comes back. */
export async function logInAtProvider(browser: Browser, person: string, n = "/oauth/"): Promise<Visit> {
  return browser.get(await reachCallback(browser, person, n));
}

/** As far as the address that the provider sends the browser back to. */
export async function reachCallback(browser: Browser, person: string, n = "/oauth/"): Promise<string> {
  let visit = await browser.get(`/oauth/oidc/start?${new URLSearchParams({ n })}`);
  assert.equal(visit.status, 302, visit.text);
  let at = new URL(visit.location ?? "", browser.origin);
  for (let steps = 0; steps < 12; steps++) {
    if (at.pathname === "/oauth/oidc/callback") return at.href;
    visit = await browser.get(at.href);
    if (visit.status === 200) visit = await answerForm(browser, at, visit, person);
    assert.ok(visit.location !== undefined, `${visit.status} at ${at.href}: ${visit.text.slice(0, 500)}`);
    at = new URL(visit.location, at);
  }
  throw new Error("the provider went round in circles");
}

function answerForm(browser: Browser, at: URL, { text }: Visit, person: string): Promise<Visit> {
  const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1] ?? "";
  const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1] ?? "";
  const form = prompt === "login" ? { prompt, login: person, password: "any" } : { prompt };
  return browser.visit("POST", new URL(action, at).href, { form });
}
