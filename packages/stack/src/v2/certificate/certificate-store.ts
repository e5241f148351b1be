import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Clock, RandomBytes } from "../../clock/clock.ts";
import { type CertificateFiles, createSelfSignedCertificate } from "./self-signed-certificate.ts";

export interface CertificateStoreOptions {
  readonly dataDirectory: string;
  /** Besides the names and addresses of this machine. */
  readonly publicHost: string;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

const certificateName = "v2-certificate.pem";
const keyName = "v2-key.pem";
const dayMs = 86_400_000;
const validForMs = 20 * 365 * dayMs;
const renewBeforeMs = 5 * 365 * dayMs;
/** Clients whose clocks are behind take it too. */
const backdatedMs = dayMs;

/** The installation's own certificate: made when there is none, when it comes near its end, or lacks the public host. */
export async function loadCertificate(options: CertificateStoreOptions): Promise<CertificateFiles> {
  const paths = {
    cert: join(options.dataDirectory, certificateName),
    key: join(options.dataDirectory, keyName),
  };
  const stored = await readFiles(paths);
  if (stored !== undefined && isUsable(stored, options)) return stored;
  const now = options.clock.now();
  const made = createSelfSignedCertificate({
    hosts: [...new Set([...requiredHosts(options.publicHost), ...localAddresses()])],
    organization: "Skylark",
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + validForMs),
    randomBytes: options.randomBytes,
  });
  await mkdir(options.dataDirectory, { recursive: true });
  // The key first: a certificate without its key would be of no use.
  await replaceFile(paths.key, made.key);
  await replaceFile(paths.cert, made.cert);
  return made;
}

function requiredHosts(publicHost: string): readonly string[] {
  // A machine may be called anything; a certificate names only what DNS could.
  const names = [hostname(), publicHost].filter((host) => /^[\x21-\x7e]+$/.test(host));
  return ["localhost", "127.0.0.1", "::1", ...names];
}

/** A machine of many containers has many; a certificate stays small. */
const mostAddresses = 32;

function localAddresses(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  // Link-local ones need the name of an interface, which no certificate has.
  const reachable = addresses.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address));
  return reachable.map(({ address }) => address).slice(0, mostAddresses);
}

async function readFiles(paths: CertificateFiles): Promise<CertificateFiles | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(paths.cert, "utf8"), readFile(paths.key, "utf8")]);
    return { cert, key };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isUsable({ cert, key }: CertificateFiles, options: CertificateStoreOptions): boolean {
  try {
    const certificate = new X509Certificate(cert);
    const { publicHost, clock } = options;
    return (
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      certificate.validToDate.getTime() - clock.now() > renewBeforeMs &&
      requiredHosts(publicHost).every(
        (host) => (certificate.checkHost(host) ?? certificate.checkIP(host)) !== undefined,
      )
    );
  } catch {
    // A file that is broken is replaced like one that is outdated.
    return false;
  }
}

/** Whole or not at all. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, text, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, path);
}
