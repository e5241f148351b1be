import type { Transporter } from "nodemailer";
import { ConfigurationError } from "../../config/load.ts";
import type { OptionValues } from "../../config/option.ts";
import type { mailOptions } from "./config.ts";

/** An e-mail as it goes out. */
export interface Envelope {
  /** The same at every attempt, so that a mail server can tell a repetition. */
  readonly id: string;
  readonly template: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Hands e-mails over. Throws `MailRefused` for what no repetition will change, and anything else for now. */
export interface MailTransport {
  readonly connections: number;
  /** What the log says of an e-mail that was handed over. */
  readonly outcome: string;
  send(envelope: Envelope): Promise<void>;
  close(): void;
}

/** The server said no for good. The message names the code alone: servers quote addresses in their texts. */
export class MailRefused extends Error {}

export type MailConfiguration = OptionValues<typeof mailOptions>;

export interface SmtpOptions {
  /** Certificates to trust besides, PEM. */
  readonly ca?: string;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 20_000;

export function smtpTransport(
  configuration: MailConfiguration,
  { ca, timeoutMs = defaultTimeoutMs }: SmtpOptions = {},
): MailTransport {
  const { host, port } = parseAddress(configuration["is.email.smtp.address"]);
  const from = sender(configuration);
  const username = configuration["is.email.smtp.username"];
  const password = configuration["is.email.smtp.password"];
  const settings = {
    host,
    port,
    ...securityOf(configuration["is.email.smtp.security"], port, username !== ""),
    ...(username === "" ? {} : { auth: { user: username, pass: password } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  // Loaded with the first e-mail: a large library, and its sending has time.
  let opened: Promise<Transporter> | undefined;
  const open = async (): Promise<Transporter> => {
    const { createTransport } = await import("nodemailer");
    return createTransport(settings);
  };
  const messageDomain = from.address.slice(from.address.lastIndexOf("@") + 1);
  return {
    connections: configuration["is.email.smtp.connections"],
    outcome: "e-mail sent",
    async send({ id, to, subject, text, html }) {
      try {
        const headers = { "Auto-Submitted": "auto-generated" };
        const messageId = `<${id.toLowerCase()}@${messageDomain}>`;
        opened ??= open();
        const transport = await opened;
        await transport.sendMail({ from, to: [{ ...to }], messageId, subject, text, html, headers });
      } catch (error) {
        throw explained(error);
      }
    },
    close: () => void opened?.then((transport) => transport.close()),
  };
}

function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port < 1 || port > 65535)
    throw new ConfigurationError(`is.email.smtp.address: expected host:port, not ${JSON.stringify(address)}`);
  return { host, port };
}

function sender(configuration: MailConfiguration) {
  const address = configuration["is.email.sender-address"];
  if (!/^[^\s@<>]+@[^\s@<>]+$/.test(address)) {
    throw new ConfigurationError(
      "is.email.sender-address: an SMTP server needs the address that e-mails come from",
    );
  }
  return { name: configuration["is.email.sender-name"], address };
}

function securityOf(
  security: MailConfiguration["is.email.smtp.security"],
  port: number,
  sendsPassword: boolean,
) {
  switch (security) {
    case "tls":
      return { secure: true };
    case "starttls":
      return { secure: false, requireTLS: true };
    case "none":
      return { secure: false, ignoreTLS: true };
    case "auto":
      return { secure: port === 465, requireTLS: sendsPassword };
  }
}

/** What went wrong, without what the server or the library quotes of the mail. */
function explained(error: unknown): Error {
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  // RFC 5321 §4.2.1: 5 is for good, 4 for now. A refused login or greeting is the operator's to mend, so it waits.
  const isForGood =
    responseCode !== undefined && responseCode >= 500 && (code === "EENVELOPE" || code === "EMESSAGE");
  const reason = [code, responseCode].filter((part) => part !== undefined).join(" ") || "no connection";
  return isForGood ? new MailRefused(reason) : new Error(reason);
}
