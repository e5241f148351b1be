import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** An answer other than 2xx of the server. */
export class V3Error extends Error {
  readonly status: number;
  readonly body: Json;

  constructor(call: string, status: number, body: Json) {
    super(`${call}: HTTP ${status}: ${JSON.stringify(body)?.slice(0, 500)}`);
    this.name = "V3Error";
    this.status = status;
    this.body = body;
  }
}

export interface V3ClientOptions {
  /** Such as `http://localhost:1885`. */
  readonly url: string;
  readonly apiKey: string;
  /** Connections kept open at most. */
  readonly connections?: number;
}

/** Calls the HTTP API of a server that speaks The Things Stack V3. */
export class V3Client {
  readonly url: string;
  readonly apiKey: string;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #request: typeof httpRequest | typeof httpsRequest;

  constructor({ url, apiKey, connections = 32 }: V3ClientOptions) {
    this.url = url.replace(/\/$/, "");
    this.apiKey = apiKey;
    const settings = { keepAlive: true, maxSockets: connections };
    const isTLS = this.url.startsWith("https:");
    this.#agent = isTLS ? new HttpsAgent(settings) : new HttpAgent(settings);
    this.#request = isTLS ? httpsRequest : httpRequest;
  }

  get(path: string): Promise<JsonObject> {
    return this.call("GET", path);
  }

  /** One call below `/api/v3`; waits and repeats when the server limits the rate. */
  async call(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#once(
        method,
        `/api/v3${path}`,
        body === undefined ? undefined : JSON.stringify(body),
      );
      if (answer.status < 300) return typeof answer.body === "object" ? (answer.body as JsonObject) : {};
      if (answer.status !== 429 || attempt === 10)
        throw new V3Error(`${method} ${path}`, answer.status, answer.body);
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(10, answer.retrySeconds)));
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }

  #once(
    method: string,
    path: string,
    body: string | undefined,
  ): Promise<{ readonly status: number; readonly body: Json; readonly retrySeconds: number }> {
    return new Promise((resolve, reject) => {
      const headers = {
        Authorization: `Bearer ${this.apiKey}`,
        Accept: "application/json",
        "User-Agent": "skylark-testkit/0.1.0",
        ...(body === undefined
          ? {}
          : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }),
      };
      const request = this.#request(this.url + path, { method, headers, agent: this.#agent }, (response) => {
        readText(response).then(
          (text) =>
            resolve({
              status: response.statusCode ?? 0,
              body: parseJson(text),
              retrySeconds: Number(response.headers["x-rate-limit-retry"] ?? 1),
            }),
          reject,
        );
      });
      request.on("error", reject);
      request.end(body);
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) text += chunk;
  return text;
}

function parseJson(text: string): Json {
  try {
    return text === "" ? {} : (JSON.parse(text) as Json);
  } catch {
    return text;
  }
}
