import type { Right } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { Store, Writer } from "../../store/store.ts";
import type { AccountType } from "./account-store.ts";
import { formatRights, parseRights } from "./api-key-store.ts";
import { knownStatement, textOf } from "./rows.ts";

/** A user or an organization; they share one namespace. */
export interface Account {
  readonly type: AccountType;
  readonly id: string;
}

/** A collaborator of an entity. */
export interface Member {
  readonly account: Account;
  /** A deleted account is no collaborator until it is restored. */
  readonly deleted: boolean;
  /** As granted, without what they imply. */
  readonly rights: readonly Right[];
}

export interface MembershipStore {
  /** By account id, those of deleted accounts included. */
  membersOf(entity: EntityReference): Promise<readonly Member[]>;
  /** What an account is a member of, for when it goes. */
  entitiesOf(tenantId: string, accountId: string): Promise<readonly EntityReference[]>;
  /** Fails as `stale` when there is no such account. */
  set(
    writer: Writer,
    entity: EntityReference,
    member: Pick<Member, "rights"> & { readonly accountId: string },
  ): void;
  delete(writer: Writer, entity: EntityReference, accountId: string): void;
  deleteAll(writer: Writer, entity: EntityReference): void;
  deleteAccount(writer: Writer, tenantId: string, accountId: string): void;
}

const ofEntity = "WHERE tenant_id = ? AND entity_type = ? AND entity_id = ?";
const members = knownStatement(
  `SELECT memberships.account_id, memberships.rights, accounts.account_type,
     COALESCE(users.deleted_at, organizations.deleted_at) AS deleted_at
   FROM memberships
   JOIN accounts ON accounts.tenant_id = memberships.tenant_id AND accounts.account_id = memberships.account_id
   LEFT JOIN users ON accounts.account_type = 'user'
     AND users.tenant_id = accounts.tenant_id AND users.user_id = accounts.account_id
   LEFT JOIN organizations ON accounts.account_type = 'organization'
     AND organizations.tenant_id = accounts.tenant_id AND organizations.organization_id = accounts.account_id
   WHERE memberships.tenant_id = ? AND memberships.entity_type = ? AND memberships.entity_id = ?
   ORDER BY memberships.account_id`,
);
const ofAccount = "WHERE tenant_id = ? AND account_id = ?";
const entities = knownStatement(`SELECT entity_type, entity_id FROM memberships ${ofAccount}`);
// From the account's own row, so that nobody inherits what was given to an account that is purged meanwhile.
const upsert = knownStatement(
  `INSERT INTO memberships (tenant_id, entity_type, entity_id, account_id, rights)
   SELECT accounts.tenant_id, ?, ?, accounts.account_id, ? FROM accounts WHERE tenant_id = ? AND account_id = ?
   ON CONFLICT (tenant_id, entity_type, entity_id, account_id) DO UPDATE SET rights = excluded.rights`,
);
const remove = knownStatement(`DELETE FROM memberships ${ofEntity} AND account_id = ?`);
const removeAll = knownStatement(`DELETE FROM memberships ${ofEntity}`);
const removeAccount = knownStatement(`DELETE FROM memberships ${ofAccount}`);

export function createMembershipStore(store: Pick<Store, "query">): MembershipStore {
  return {
    async membersOf({ tenantId, type, id }) {
      const rows = await store.query(members, tenantId, type, id);
      return rows.map((row) => ({
        account: { type: textOf(row, "account_type") as AccountType, id: textOf(row, "account_id") },
        deleted: row.deleted_at !== null,
        rights: parseRights(textOf(row, "rights")),
      }));
    },
    async entitiesOf(tenantId, accountId) {
      const rows = await store.query(entities, tenantId, accountId);
      return rows.map((row) => ({
        tenantId,
        type: textOf(row, "entity_type") as EntityReference["type"],
        id: textOf(row, "entity_id"),
      }));
    },
    set(writer, { tenantId, type, id }, member) {
      writer.runExpectingRow(upsert, type, id, formatRights(member.rights), tenantId, member.accountId);
    },
    delete(writer, { tenantId, type, id }, accountId) {
      writer.runExpectingRow(remove, tenantId, type, id, accountId);
    },
    deleteAll(writer, { tenantId, type, id }) {
      writer.run(removeAll, tenantId, type, id);
    },
    deleteAccount(writer, tenantId, accountId) {
      writer.run(removeAccount, tenantId, accountId);
    },
  };
}
