import type { EntityReference } from "../rpc/service.ts";

export type { EntityReference };

/** Key in caches; no part may hold a slash. */
export function entityKey({ tenantId, type, id }: EntityReference): string {
  return `${tenantId}/${type}/${id}`;
}

export function parseEntityKey(key: string): EntityReference {
  const [tenantId = "", type, id = ""] = key.split("/");
  return { tenantId, type: type as EntityReference["type"], id };
}

export function sameEntity(a: EntityReference, b: EntityReference): boolean {
  return a.id === b.id && a.type === b.type && a.tenantId === b.tenantId;
}
