import type { Right } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { Store, Writer } from "../../store/store.ts";
import { formatRights, parseRights } from "./api-key-store.ts";
import { knownStatement, textOf } from "./rows.ts";

/** A collaborator of an entity: an account, which today is a user. */
export interface Member {
  readonly accountId: string;
  /** As granted, without what they imply. */
  readonly rights: readonly Right[];
}

export interface MembershipStore {
  /** By account id. */
  membersOf(entity: EntityReference): Promise<readonly Member[]>;
  /** What an account is a member of, for when it goes. */
  entitiesOf(tenantId: string, accountId: string): Promise<readonly EntityReference[]>;
  set(writer: Writer, entity: EntityReference, member: Member): void;
  delete(writer: Writer, entity: EntityReference, accountId: string): void;
  deleteAll(writer: Writer, entity: EntityReference): void;
  deleteAccount(writer: Writer, tenantId: string, accountId: string): void;
}

const ofEntity = "WHERE tenant_id = ? AND entity_type = ? AND entity_id = ?";
const members = knownStatement(`SELECT account_id, rights FROM memberships ${ofEntity} ORDER BY account_id`);
const ofAccount = "WHERE tenant_id = ? AND account_id = ?";
const entities = knownStatement(`SELECT entity_type, entity_id FROM memberships ${ofAccount}`);
const upsert = knownStatement(
  `INSERT INTO memberships (tenant_id, entity_type, entity_id, account_id, rights) VALUES (?, ?, ?, ?, ?)
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
        accountId: textOf(row, "account_id"),
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
      writer.run(upsert, tenantId, type, id, member.accountId, formatRights(member.rights));
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
