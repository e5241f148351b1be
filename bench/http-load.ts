import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * One kept-alive connection that asks one thing after the other. It reads no more of HTTP than the answers of the API
 * need (Content-Length), so that the load generator leaves the cores to the server.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received = "";
  #waiting: ((answer: HttpAnswer) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    // As latin1 a character is a byte, so that lengths can be compared.
    socket.setEncoding("latin1").on("data", (chunk: string) => this.#read(chunk));
    socket.on("error", (error) => this.#failed?.(error));
    socket.on("close", () => this.#failed?.(new Error("the server closed the connection")));
  }

  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new HttpConnection(socket);
  }

  ask(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#received += chunk;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const total = end + 4 + length;
    if (this.#received.length < total) return;
    const answer = {
      status: Number(head.slice(9, 12)),
      body: Buffer.from(this.#received.slice(end + 4, total), "latin1").toString("utf8"),
    };
    this.#received = this.#received.slice(total);
    this.#waiting?.(answer);
  }
}

/** The bytes of a request below `/api/v3`. */
export function httpRequest(
  call: { readonly verb: string; readonly path: string; readonly apiKey: string; readonly header?: string },
  body?: object,
): Buffer {
  const text = body === undefined ? "" : JSON.stringify(body);
  const lines = [
    `${call.verb} /api/v3${call.path} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Authorization: Bearer ${call.apiKey}`,
    ...(call.header === undefined ? [] : [call.header]),
    ...(body === undefined
      ? []
      : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(text)}`]),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${text}`);
}
