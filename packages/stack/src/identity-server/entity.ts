import type { EntityReference } from "../domain/identifiers.ts";

/** Key in caches; only of references whose id `isPlainId`, or two of them could share a key. */
export function entityKey({ tenantId, type, id }: EntityReference): string {
  return `${tenantId}/${type}/${id}`;
}

export function parseEntityKey(key: string): EntityReference {
  const [tenantId = "", type, id = ""] = key.split("/");
  return { tenantId, type: type as EntityReference["type"], id };
}

/** Whether an identifier can be one; those in topics and user names come unchecked. */
export function isPlainId(id: string): boolean {
  return /^[a-z0-9-]{1,36}$/.test(id);
}

export function sameEntity(a: EntityReference, b: EntityReference): boolean {
  return a.id === b.id && a.type === b.type && a.tenantId === b.tenantId;
}
