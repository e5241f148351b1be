import {
  ApplicationSchema,
  type DescMessage,
  EndDeviceSchema,
  fromBinary,
  GatewaySchema,
  UserSchema,
} from "@skylark/api";
import type { SqlRow, Store, Writer } from "../../store/store.ts";
import { bytesOf, knownStatement, optionalNumber, textOf } from "../storage/rows.ts";
import {
  addSearchEntry,
  type SearchableMessage,
  type SearchKey,
  type SearchType,
  updateSearchEntry,
} from "../storage/search-entries.ts";

interface FilledKind {
  readonly type: SearchType;
  readonly table: string;
  readonly idColumn: string;
  readonly schema: DescMessage;
}

/** What there was before the index. */
const filledKinds: readonly FilledKind[] = [
  { type: "application", table: "applications", idColumn: "application_id", schema: ApplicationSchema },
  { type: "gateway", table: "gateways", idColumn: "gateway_id", schema: GatewaySchema },
  { type: "user", table: "users", idColumn: "user_id", schema: UserSchema },
  { type: "device", table: "end_devices", idColumn: "device_id", schema: EndDeviceSchema },
];

const rowsPerStep = 2000;
const noteFilled = knownStatement(
  `DELETE FROM search_unfilled
   WHERE tenant_id = ? AND entity_type = ? AND application_id = ? AND entity_id = ?`,
);

/**
 * Adds what an earlier release stored to the index that searches read. The migration noted what is missing; each step
 * is a transaction, so that a start that was killed goes on at the next one. Runs before anything can change.
 */
export async function fillSearchIndex(store: Store): Promise<{ readonly entities: number }> {
  let entities = 0;
  for (const kind of filledKinds) {
    for (;;) {
      const rows = await store.query(unfilledRows(kind), kind.type, rowsPerStep);
      if (rows.length === 0) break;
      await store.transact((writer) => {
        for (const row of rows) fill(writer, kind, row);
      });
      entities += rows.length;
    }
  }
  return { entities };
}

function unfilledRows({ table, idColumn, type }: FilledKind) {
  const sameApplication = type === "device" ? "AND entity.application_id = missing.application_id" : "";
  return knownStatement(
    `SELECT missing.tenant_id, missing.application_id, missing.entity_id, entity.data, entity.deleted_at
     FROM search_unfilled missing JOIN ${table} entity
       ON entity.tenant_id = missing.tenant_id AND entity.${idColumn} = missing.entity_id ${sameApplication}
     WHERE missing.entity_type = ? LIMIT ?`,
  );
}

function fill(writer: Writer, { type, schema }: FilledKind, row: SqlRow): void {
  const key: SearchKey = {
    tenantId: textOf(row, "tenant_id"),
    type,
    applicationId: textOf(row, "application_id"),
    id: textOf(row, "entity_id"),
  };
  const message = fromBinary(schema, bytesOf(row, "data")) as SearchableMessage;
  const deletedAt = optionalNumber(row, "deleted_at");
  if (deletedAt === undefined) addSearchEntry(writer, key, message);
  else updateSearchEntry(writer, key, message, deletedAt);
  writer.run(noteFilled, key.tenantId, key.type, key.applicationId, key.id);
}
