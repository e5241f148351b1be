import { randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, chmod, mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { create, Right, State, timestampFromMs, type User, UserSchema } from "@skylark/api";
import { type At, type Clock, systemClock } from "../clock/clock.ts";
import { defineErrors } from "../errors/errors.ts";
import type { Store } from "../store/store.ts";
import { createSecretHasher, hashCosts, type SecretHasher } from "./access/secret-hash.ts";
import { generateApiKeyToken, parseToken, type Token } from "./access/token.ts";
import { createBuiltInClients } from "./oauth/built-in-clients.ts";
import { takeAccountId } from "./storage/account-store.ts";
import { type ApiKeyRecord, createApiKeyStore } from "./storage/api-key-store.ts";
import { createEntityStore } from "./storage/entity-store.ts";
import { createPasswordStore } from "./storage/password-store.ts";
import { knownStatement } from "./storage/rows.ts";
import { userTable } from "./storage/tables.ts";
import type { Tenancy } from "./tenancy.ts";
import { generatePassword } from "./users/generate-password.ts";

const errors = defineErrors("skylark/bootstrap");
const invalidFile = errors.failedPrecondition(
  "invalid_file",
  "`{path}` does not hold what it should; bring it back from a backup",
);
const noInstallationKey = errors.failedPrecondition(
  "no_installation_key",
  "`{path}` is missing, and the store beside it was written with it; bring it back from a backup",
);
const unusableDirectory = errors.failedPrecondition(
  "unusable_directory",
  "the data directory `{path}` cannot be used: {reason}; let this user own it, or name another with --data-dir",
);

const adminId = "admin";
const installationKeyLength = 32;

/** Reads the key that seals other keys at rest, or creates it; before the store holds anything sealed with it. */
export async function loadInstallationKey(dataDirectory: string): Promise<Uint8Array> {
  await createDataDirectory(dataDirectory);
  const path = join(dataDirectory, "installation-key");
  // Another key could not open what the store holds.
  if (!existsSync(path) && existsSync(join(dataDirectory, "skylark.db"))) throw noInstallationKey({ path });
  const text = await readOrCreate(path, () => randomBytes(installationKeyLength).toString("hex"));
  if (!/^[0-9a-f]{64}$/i.test(text)) throw invalidFile({ path });
  return new Uint8Array(Buffer.from(text, "hex"));
}

export interface BootstrapOptions {
  readonly dataDirectory: string;
  readonly store: Store;
  readonly tenancy: Pick<Tenancy, "tenantIds" | "defaultTenantId">;
  readonly clock?: Clock;
}

export interface Bootstrapped {
  /** Something was created: this is the first start, or mends one that was cut short. */
  readonly created: boolean;
  readonly adminId: string;
  /** Of the default tenant. */
  readonly adminPasswordPath: string;
  readonly adminApiKeyPath: string;
}

/**
 * Gives every tenant its user `admin`, an API key with all rights and a password, each secret in a file of its own.
 * A file is complete before the rows that follow from it, so a start that was killed is mended by the next one.
 */
export async function bootstrapInstallation(options: BootstrapOptions): Promise<Bootstrapped> {
  await createDataDirectory(options.dataDirectory);
  const hasher = createSecretHasher();
  let created = false;
  for (const tenantId of options.tenancy.tenantIds) {
    created = (await bootstrapTenant(options, hasher, tenantId)) || created;
    await bootstrapClients(options, hasher, tenantId);
  }
  const ofDefault = adminFiles(options, options.tenancy.defaultTenantId);
  return { created, adminId, adminPasswordPath: ofDefault.password, adminApiKeyPath: ofDefault.apiKey };
}

function adminFiles({ dataDirectory, tenancy }: BootstrapOptions, tenantId: string) {
  const suffix = tenantId === tenancy.defaultTenantId ? "" : `@${tenantId}`;
  return {
    apiKey: join(dataDirectory, `admin-api-key${suffix}`),
    password: join(dataDirectory, `admin-password${suffix}`),
  };
}

const anyUser = knownStatement("SELECT user_id FROM users WHERE tenant_id = ? LIMIT 1");

/** Files first, then one transaction: while the rows are missing the next start takes what the files say. */
async function bootstrapTenant(
  options: BootstrapOptions,
  hasher: SecretHasher,
  tenantId: string,
): Promise<boolean> {
  const { store } = options;
  // With any user there is an admin, since the last one cannot go; a key or user that was removed stays removed.
  if ((await store.query(anyUser, tenantId)).length > 0) return false;
  const files = adminFiles(options, tenantId);
  const token = readToken(
    files.apiKey,
    await readOrCreate(files.apiKey, () => generateApiKeyToken(randomBytes).text),
  );
  const password = await readOrCreate(files.password, () => generatePassword(randomBytes));
  const secretHash = await hasher.hash(token.secret, hashCosts.randomSecret);
  const passwordHash = await hasher.hash(password, hashCosts.password);
  const now = (options.clock ?? systemClock).now();
  await store.transact((writer) => {
    takeAccountId(writer, tenantId, adminId, "user");
    createEntityStore(store, userTable).insertRequired(writer, tenantId, adminId, adminUser(now), now);
    createPasswordStore(store).set(writer, tenantId, adminId, passwordHash);
    createApiKeyStore(store).insert(writer, adminKey(tenantId, token.id, secretHash, now));
  });
  return true;
}

/** Also in a data directory of a release that had no OAuth clients. */
function bootstrapClients(options: BootstrapOptions, hasher: SecretHasher, tenantId: string): Promise<void> {
  const { store, clock = systemClock } = options;
  return createBuiltInClients({ store, hasher, now: clock.now(), randomBytes }, tenantId);
}

function adminUser(now: At): User {
  const at = timestampFromMs(now);
  return create(UserSchema, {
    ids: { userId: adminId },
    name: "Administrator",
    admin: true,
    state: State.APPROVED,
    createdAt: at,
    updatedAt: at,
    passwordUpdatedAt: at,
  });
}

function adminKey(tenantId: string, id: string, secretHash: string, now: At): ApiKeyRecord {
  return {
    id,
    entity: { tenantId, type: "user", id: adminId },
    name: "Admin key of this installation",
    rights: [Right.ALL],
    secretHash,
    createdAt: now,
    updatedAt: now,
    expiresAt: undefined,
    version: 1,
  };
}

function readToken(path: string, text: string): Token {
  try {
    const token = parseToken(text);
    if (token.kind === "apiKey") return token;
  } catch {
    // The text is a secret: only the path may be shown.
  }
  throw invalidFile({ path });
}

async function createDataDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw unusableDirectory({ path, reason: (error as Error).message });
  }
}

/** The one line of a secret file, which is created whole or not at all, readable by its owner only. */
async function readOrCreate(path: string, make: () => string): Promise<string> {
  const found = await readLine(path);
  if (found !== undefined && found !== "") return found;
  const line = make();
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(join(path, ".."));
  return line;
}

async function readLine(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** A rename is durable once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
