import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** An e-mail as a mail server got it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers as they came, bodies with quoted-printable text decoded. */
  readonly source: string;
  readonly isSecure: boolean;
  readonly user: string | undefined;
}

export interface TestMailServer {
  readonly address: string;
  readonly received: ReceivedMail[];
  /** Ends every connection as it begins. */
  isAway: boolean;
  /** Waits until so many e-mails have come in. */
  until(count: number): Promise<readonly ReceivedMail[]>;
  close(): Promise<void>;
}

/** A real SMTP server on a port of its own. */
export async function startMailServer(
  t: TestContext,
  options: SMTPServerOptions = {},
): Promise<TestMailServer> {
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.key === undefined && !options.secure ? ["STARTTLS"] : [],
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          source: readable(Buffer.concat(chunks).toString("latin1")),
          isSecure: session.secure,
          user: session.user,
        });
        callback();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  server.server.prependListener("connection", (socket: Socket) => {
    if (mail.isAway) socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= new Promise<void>((resolve) => server.close(() => resolve())));
  t.after(close);
  const mail: TestMailServer = {
    isAway: false,
    address: `127.0.0.1:${address.port}`,
    received,
    close,
    async until(count) {
      const deadline = Date.now() + 30_000;
      while (received.length < count) {
        if (Date.now() > deadline) throw new Error(`${received.length} e-mails came in, not ${count}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return received;
    },
  };
  return mail;
}

/** The headers as they came, and the bodies decoded. */
function readable(source: string): string {
  const end = source.indexOf("\r\n\r\n");
  return source.slice(0, end) + decodeQuotedPrintable(source.slice(end));
}

function decodeQuotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}
