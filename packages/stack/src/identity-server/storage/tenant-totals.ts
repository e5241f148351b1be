import { defineErrors } from "../../errors/errors.ts";
import type { Writer } from "../../store/store.ts";
import { knownStatement } from "./rows.ts";
import type { SearchKey } from "./search-entries.ts";

const limitReached = defineErrors("skylark/tenancy").failedPrecondition(
  "tenant_limit_reached",
  "the tenant has as many entities of type {entity_type} as it may have",
);

/** The error when it was the tenant's limit that a transaction broke. */
export function tenantLimitError(constraint: string, entityType: string) {
  return constraint.includes("within_limit") ? limitReached({ entity_type: entityType }) : undefined;
}

const ofType = "WHERE tenant_id = ? AND entity_type = ?";
// A column that must not be NULL becomes NULL beyond the limit, which undoes the transaction. A limit that was lowered
// below what is there refuses what is new and leaves the rest alone. Without tenancy there are no rows.
const add = knownStatement(
  `UPDATE tenant_totals SET total = total + 1,
     within_limit = CASE WHEN maximum IS NULL OR total < maximum THEN 1 ELSE NULL END ${ofType}`,
);
const addAnyway = knownStatement(`UPDATE tenant_totals SET total = total + 1 ${ofType}`);
const subtract = knownStatement(`UPDATE tenant_totals SET total = total - 1 ${ofType}`);
const subtractUnlessDeleted = knownStatement(
  `UPDATE tenant_totals SET total = total - 1 ${ofType} AND EXISTS (SELECT 1 FROM search_entries
     WHERE tenant_id = ? AND entity_type = ? AND application_id = ? AND entity_id = ? AND deleted_at IS NULL)`,
);

/** Breaks the transaction when the tenant may have no more of the kind. */
export function countCreated(writer: Writer, { tenantId, type }: SearchKey): void {
  writer.run(add, tenantId, type);
}

/** Of what the tenant cannot be without: it counts, and is never too much. */
export function countRequired(writer: Writer, { tenantId, type }: SearchKey): void {
  writer.run(addAnyway, tenantId, type);
}

/** What is deleted does not count, until it is restored. */
export function countChange(writer: Writer, key: SearchKey, wasDeleted: boolean, isDeleted: boolean): void {
  if (wasDeleted === isDeleted) return;
  if (isDeleted) writer.run(subtract, key.tenantId, key.type);
  else countCreated(writer, key);
}

/** Called while the entity can still be found, so that what was deleted before is not subtracted twice. */
export function countPurged(writer: Writer, { tenantId, type, applicationId, id }: SearchKey): void {
  writer.run(subtractUnlessDeleted, tenantId, type, tenantId, type, applicationId, id);
}
