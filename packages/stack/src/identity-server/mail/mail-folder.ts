import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MailTransport } from "./transport.ts";

/** Strangers can cause e-mails: only so many are kept. */
const keptMails = 200;

/**
 * For an installation without an SMTP server: each e-mail becomes a file that only the owner of the data directory
 * can read, so that a token in it still reaches somebody, and never the log.
 */
export function mailFolder(directory: string): MailTransport {
  return {
    connections: 1,
    outcome: `e-mail kept in ${directory}, since there is no SMTP server`,
    async send({ id, template, to, subject, text }) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = join(directory, `${id}-${template}.txt`);
      const receiver = to.name === "" ? to.address : `${to.name} <${to.address}>`;
      const content = `To: ${receiver}\nSubject: ${subject}\n\n${text}`;
      await writePrivately(path, content);
      await dropOldest(directory);
    },
    close() {},
  };
}

async function writePrivately(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Names begin with a ULID, so the oldest come first. */
async function dropOldest(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".txt")).sort();
  for (const name of names.slice(0, Math.max(0, names.length - keptMails))) await rm(join(directory, name));
}
