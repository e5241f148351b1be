import { type Client, ClientSchema, create, GrantType, Right, State, timestampFromMs } from "@skylark/api";
import type { At, RandomBytes } from "../../clock/clock.ts";
import type { Store } from "../../store/store.ts";
import type { SecretHasher } from "../access/secret-hash.ts";
import { createClientSecrets, makeClientSecret } from "../clients/client-secrets.ts";
import { clientTable } from "../clients/client-table.ts";
import { createEntityStore } from "../storage/entity-store.ts";
import { createMembershipStore } from "../storage/membership-store.ts";
import { knownStatement, textOf } from "../storage/rows.ts";

/** A client that every tenant has from the start. */
interface BuiltInClient {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly redirectUris: readonly string[];
  readonly logoutRedirectUris: readonly string[];
  /**
   * Its code runs on a server, which can keep a secret. Nobody knows the first one: our own pages need none, and who
   * runs another console against this server gives the client a new one.
   */
  readonly hasSecret: boolean;
  readonly skipAuthorization: boolean;
}

const builtInClients: readonly BuiltInClient[] = [
  {
    id: "console",
    name: "Console",
    description: "The web console of this network",
    redirectUris: ["/console/oauth/callback"],
    logoutRedirectUris: ["/console"],
    hasSecret: true,
    skipAuthorization: true,
  },
  {
    id: "cli",
    name: "Command Line Interface",
    description: "The command line of this network",
    redirectUris: ["local-callback", "code"],
    logoutRedirectUris: [],
    hasSecret: false,
    // Any program of the user can listen where the code is sent to: the user is asked, once.
    skipAuthorization: false,
  },
];

export interface BuiltInClientsOptions {
  readonly store: Store;
  readonly hasher: SecretHasher;
  readonly now: At;
  readonly randomBytes: RandomBytes;
}

const createdBefore = knownStatement("SELECT client_id FROM oauth_built_in_clients WHERE tenant_id = ?");
const note = knownStatement(
  "INSERT INTO oauth_built_in_clients (tenant_id, client_id, created_at) VALUES (?, ?, ?)",
);
const anyAdmin = knownStatement(
  `SELECT user_id FROM users WHERE tenant_id = ? AND admin = 1 AND deleted_at IS NULL
   ORDER BY CASE WHEN user_id = 'admin' THEN 0 ELSE 1 END, user_id LIMIT 1`,
);

/** Creates what this tenant never had. A client that was removed stays removed, and one of that name is left alone. */
export async function createBuiltInClients(options: BuiltInClientsOptions, tenantId: string): Promise<void> {
  const { store } = options;
  const rows = await store.query(createdBefore, tenantId);
  const before = new Set(rows.map((row) => textOf(row, "client_id")));
  const [admin] = await store.query(anyAdmin, tenantId);
  if (admin === undefined) return;
  for (const client of builtInClients) {
    if (!before.has(client.id))
      await createClient(options, client, { tenantId, owner: textOf(admin, "user_id") });
  }
}

async function createClient(
  { store, hasher, now, randomBytes }: BuiltInClientsOptions,
  client: BuiltInClient,
  { tenantId, owner }: { readonly tenantId: string; readonly owner: string },
): Promise<void> {
  const clients = createEntityStore(store, clientTable);
  const isTaken = (await clients.get(tenantId, client.id)) !== undefined;
  const secretHash =
    !isTaken && client.hasSecret ? (await makeClientSecret(hasher, randomBytes, "")).hash : undefined;
  await store.transact((writer) => {
    writer.run(note, tenantId, client.id, now);
    if (isTaken) return;
    clients.insertRequired(writer, tenantId, client.id, messageOf(client, now), now);
    if (secretHash !== undefined) {
      createClientSecrets(store, hasher).set(writer, tenantId, client.id, secretHash);
    }
    const entity = { tenantId, type: "client", id: client.id } as const;
    createMembershipStore(store).set(writer, entity, { accountId: owner, rights: [Right.CLIENT_ALL] });
  });
}

function messageOf(client: BuiltInClient, now: At): Client {
  const { id, name, description, redirectUris, logoutRedirectUris, skipAuthorization } = client;
  const stamp = timestampFromMs(now);
  return create(ClientSchema, {
    ids: { clientId: id },
    name,
    description,
    redirectUris: [...redirectUris],
    logoutRedirectUris: [...logoutRedirectUris],
    skipAuthorization,
    endorsed: true,
    state: State.APPROVED,
    grants: [GrantType.GRANT_AUTHORIZATION_CODE, GrantType.GRANT_REFRESH_TOKEN],
    rights: [Right.ALL],
    createdAt: stamp,
    updatedAt: stamp,
  });
}
