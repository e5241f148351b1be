import { defineOptions, integer, oneOf, text } from "../../config/option.ts";

export const mailOptions = defineOptions({
  "is.email.sender-name": { read: text, default: "Skylark", description: "Name that e-mails come from" },
  "is.email.sender-address": {
    read: text,
    default: "",
    description: "Address that e-mails come from; needed to send any",
  },
  "is.email.network.name": {
    read: text,
    default: "Skylark",
    description: "What e-mails call this network",
  },
  "is.email.network.console-url": {
    read: text,
    default: "",
    description:
      "Address of a Console in e-mails, in which `{tenant}` becomes the tenant; without one they link to none",
  },
  "is.email.network.identity-server-url": {
    read: text,
    default: "http://localhost:1885/oauth",
    description: "Address of the pages for accounts in e-mails, in which `{tenant}` becomes the tenant",
  },
  "is.email.smtp.address": {
    read: text,
    default: "",
    description:
      "SMTP server, `host:port`; empty: e-mails are kept as files in the folder `mails` of the data directory",
  },
  "is.email.smtp.username": { read: text, default: "", description: "User name at the SMTP server" },
  "is.email.smtp.password": {
    read: text,
    default: "",
    description: "Password at the SMTP server",
    secret: true,
  },
  "is.email.smtp.security": {
    read: oneOf("auto", "tls", "starttls", "none"),
    default: "auto",
    description:
      "`tls` from the first byte, `starttls` or nothing, `none`; `auto` is `tls` on port 465, else STARTTLS where the server offers it, and always where a password is sent",
  },
  "is.email.smtp.connections": {
    read: integer(1, 20),
    default: "1",
    description: "E-mails that are handed over at the same time",
  },
});
