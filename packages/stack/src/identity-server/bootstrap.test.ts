import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openMemoryStore } from "../store/sqlite-store.ts";
import { type Store, statement } from "../store/store.ts";
import { accessMigrations } from "./access/migrations.ts";
import { createSecretHasher } from "./access/secret-hash.ts";
import { parseToken } from "./access/token.ts";
import { bootstrapInstallation, loadInstallationKey } from "./bootstrap.ts";
import { createClientSecrets } from "./clients/client-secrets.ts";
import { clientTable } from "./clients/client-table.ts";
import { clientMigrations } from "./clients/migrations.ts";
import { organizationMigrations } from "./organizations/migrations.ts";
import { searchMigrations } from "./search/migrations.ts";
import { createApiKeyStore } from "./storage/api-key-store.ts";
import { createEntityStore } from "./storage/entity-store.ts";
import { identityServerMigrations } from "./storage/migrations.ts";
import { createPasswordStore } from "./storage/password-store.ts";
import { createTenancy } from "./tenancy.ts";
import { tenantMigrations } from "./tenants/migrations.ts";

async function installation(t: TestContext) {
  const parent = await mkdtemp(join(tmpdir(), "skylark-bootstrap-"));
  const store = await openMemoryStore({
    identityServer: identityServerMigrations,
    search: searchMigrations,
    organizations: organizationMigrations,
    clients: clientMigrations,
    tenants: tenantMigrations,
    ...accessMigrations,
  });
  t.after(async () => {
    await store.close();
    await rm(parent, { recursive: true });
  });
  return { dataDirectory: join(parent, "data"), store };
}

const read = async (directory: string, name: string) =>
  (await readFile(join(directory, name), "utf8")).trim();

async function works(store: Store, tenantId: string, text: string): Promise<boolean> {
  const token = parseToken(text);
  const key = await createApiKeyStore(store).get(tenantId, token.id);
  return key !== undefined && (await createSecretHasher().verify(token.secret, key.secretHash));
}

test("the first start creates the admin, with secrets in files that only their owner reads", async (t) => {
  const { dataDirectory, store } = await installation(t);
  const key = await loadInstallationKey(dataDirectory);
  assert.equal(key.length, 32);
  const result = await bootstrapInstallation({ dataDirectory, store, tenancy: createTenancy([], "default") });
  assert.equal(result.created, true);
  assert.equal((await stat(dataDirectory)).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(dataDirectory), ["admin-api-key", "admin-password", "installation-key"]);
  for (const name of await readdir(dataDirectory)) {
    assert.equal((await stat(join(dataDirectory, name))).mode & 0o777, 0o600);
    assert.match(await readFile(join(dataDirectory, name), "utf8"), /^[^\n]+\n$/);
  }
  assert.ok(await works(store, "default", await read(dataDirectory, "admin-api-key")));
  const hash = await createPasswordStore(store).hashOf("default", "admin");
  assert.ok(await createSecretHasher().verify(await read(dataDirectory, "admin-password"), hash ?? ""));
});

test("a second start changes nothing, also when the key was revoked or its file moved away", async (t) => {
  const { dataDirectory, store } = await installation(t);
  const options = { dataDirectory, store, tenancy: createTenancy([], "default") };
  const first = await loadInstallationKey(dataDirectory);
  await bootstrapInstallation(options);
  const key = await read(dataDirectory, "admin-api-key");
  const id = parseToken(key).id;
  await store.transact((writer) =>
    createApiKeyStore(store).delete(writer, {
      id,
      entity: { tenantId: "default", type: "user", id: "admin" },
    }),
  );
  await rm(join(dataDirectory, "admin-password"));
  assert.equal((await bootstrapInstallation(options)).created, false);
  assert.equal(await works(store, "default", key), false);
  assert.deepEqual(await readdir(dataDirectory), ["admin-api-key", "installation-key"]);
  assert.deepEqual(await loadInstallationKey(dataDirectory), first);
});

test("a start that was killed after any of its steps is mended by the next", async (t) => {
  const { dataDirectory, store } = await installation(t);
  const options = { dataDirectory, store, tenancy: createTenancy([], "default") };
  await loadInstallationKey(dataDirectory);
  // Killed while writing the key: a rest of the temporary file. Killed after the key: the file without its row.
  await writeFile(join(dataDirectory, "admin-api-key.new"), "NNSXS.HA");
  const dead = {
    ...store,
    query: store.query.bind(store),
    transact: () => Promise.reject(new Error("killed")),
  };
  await assert.rejects(bootstrapInstallation({ ...options, store: dead as Store }), /killed/);
  const key = await read(dataDirectory, "admin-api-key");
  assert.equal(await works(store, "default", key), false);
  assert.equal((await bootstrapInstallation(options)).created, true);
  assert.equal(await read(dataDirectory, "admin-api-key"), key);
  assert.ok(await works(store, "default", key));
});

test("a data directory of a release without OAuth clients gets them, and keeps what it has of that name", async (t) => {
  const { dataDirectory, store } = await installation(t);
  const options = { dataDirectory, store, tenancy: createTenancy([], "default") };
  await bootstrapInstallation(options);
  const clients = createEntityStore(store, clientTable);
  const cli = await clients.get("default", "cli");
  assert.deepEqual(cli?.message.redirectUris, ["local-callback", "code"]);
  await store.transact((writer) => {
    writer.run(statement("DELETE FROM oauth_built_in_clients"));
    clients.purge(writer, "default", "console");
    clients.update(writer, "default", "cli", {
      stored: cli!,
      message: { ...cli!.message, redirectUris: ["https://cli.example.com/"] },
      at: 1,
    });
  });
  const second = await bootstrapInstallation(options);
  assert.equal(second.created, false, "it is no first start");
  assert.equal((await clients.get("default", "console"))?.message.skipAuthorization, true);
  assert.deepEqual((await clients.get("default", "cli"))?.message.redirectUris, ["https://cli.example.com/"]);
  const secrets = createClientSecrets(store, createSecretHasher());
  assert.equal(await secrets.has("default", "console"), true);
  assert.equal(await secrets.has("default", "cli"), false);
  await store.transact((writer) => clients.purge(writer, "default", "console"));
  await bootstrapInstallation(options);
  assert.equal(await clients.get("default", "console"), undefined, "what was removed stays removed");
});

test("every tenant has an admin of its own", async (t) => {
  const { dataDirectory, store } = await installation(t);
  await bootstrapInstallation({ dataDirectory, store, tenancy: createTenancy(["one", "two"], "default") });
  const keys = [await read(dataDirectory, "admin-api-key"), await read(dataDirectory, "admin-api-key@two")];
  assert.ok(await works(store, "one", keys[0]!));
  assert.ok(await works(store, "two", keys[1]!));
  assert.equal(await works(store, "two", keys[0]!), false);
});

test("a damaged file is named, and what it holds is not shown", async (t) => {
  const { dataDirectory } = await installation(t);
  await loadInstallationKey(dataDirectory);
  await writeFile(join(dataDirectory, "installation-key"), "zzzz-not-hex");
  await assert.rejects(loadInstallationKey(dataDirectory), (error: Error) => {
    assert.match(error.message, /installation-key/);
    return !error.message.includes("zzzz");
  });
});
