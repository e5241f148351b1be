import type { RandomBytes } from "../../clock/clock.ts";
import type { Store, Writer } from "../../store/store.ts";
import { formatBase32 } from "../access/base32.ts";
import { hashCosts, type SecretHasher } from "../access/secret-hash.ts";
import { knownStatement, textOf } from "../storage/rows.ts";

/** The secrets of OAuth clients, of which only hashes are kept. */
export interface ClientSecrets {
  /** False for a client that has no secret: it is a public one, and proves nothing by an empty secret. */
  verify(tenantId: string, clientId: string, secret: string): Promise<boolean>;
  /** Another one for each secret that a client ever has; undefined for a public client. */
  hashOf(tenantId: string, clientId: string): Promise<string | undefined>;
  /** Whether the client must authenticate at all. */
  has(tenantId: string, clientId: string): Promise<boolean>;
  set(writer: Writer, tenantId: string, clientId: string, hash: string): void;
  delete(writer: Writer, tenantId: string, clientId: string): void;
}

const ofClient = "WHERE tenant_id = ? AND client_id = ?";
const read = knownStatement(`SELECT secret_hash FROM client_secrets ${ofClient}`);
const upsert = knownStatement(
  `INSERT INTO client_secrets (tenant_id, client_id, secret_hash) VALUES (?, ?, ?)
   ON CONFLICT (tenant_id, client_id) DO UPDATE SET secret_hash = excluded.secret_hash`,
);
const remove = knownStatement(`DELETE FROM client_secrets ${ofClient}`);

export function createClientSecrets(
  store: Pick<Store, "query">,
  hasher: Pick<SecretHasher, "verify">,
): ClientSecrets {
  const hashOf = async (tenantId: string, clientId: string): Promise<string | undefined> => {
    const [row] = await store.query(read, tenantId, clientId);
    return row === undefined ? undefined : textOf(row, "secret_hash");
  };
  return {
    hashOf,
    async verify(tenantId, clientId, secret) {
      const hash = await hashOf(tenantId, clientId);
      return hash !== undefined && secret !== "" && hasher.verify(secret, hash);
    },
    has: async (tenantId, clientId) => (await hashOf(tenantId, clientId)) !== undefined,
    set: (writer, tenantId, clientId, hash) => writer.run(upsert, tenantId, clientId, hash),
    delete: (writer, tenantId, clientId) => writer.run(remove, tenantId, clientId),
  };
}

export interface ClientSecret {
  /** To be shown once. */
  readonly secret: string;
  readonly hash: string;
}

/** The secret that was chosen, hashed as people's passwords are; or one that nobody can guess. */
export async function makeClientSecret(
  hasher: Pick<SecretHasher, "hash">,
  randomBytes: RandomBytes,
  chosen: string,
): Promise<ClientSecret> {
  const secret = chosen === "" ? formatBase32(randomBytes(32)) : chosen;
  const cost = chosen === "" ? hashCosts.randomSecret : hashCosts.password;
  return { secret, hash: await hasher.hash(secret, cost) };
}
