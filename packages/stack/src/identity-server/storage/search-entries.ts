import { type State, type Timestamp, timestampMs } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import type { Writer } from "../../store/store.ts";
import { knownStatement, orNull } from "./rows.ts";

/** What the index tells apart: the kinds of entity, devices included. */
export type SearchType = "application" | "client" | "device" | "gateway" | "organization" | "user";

export interface SearchKey {
  readonly tenantId: string;
  readonly type: SearchType;
  /** Of a device; empty for everything else. */
  readonly applicationId: string;
  readonly id: string;
}

/** What entities are found by: fields that messages of all kinds name alike, where they have them. */
export interface SearchableMessage {
  readonly ids?: object | undefined;
  readonly name?: string;
  readonly description?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly primaryEmailAddress?: string;
  readonly state?: State;
  readonly admin?: boolean;
  readonly createdAt?: Timestamp | undefined;
}

const ofEntity = "WHERE tenant_id = ? AND entity_type = ? AND application_id = ? AND entity_id = ?";
const upsert = knownStatement(
  `INSERT INTO search_entries (tenant_id, entity_type, application_id, entity_id,
     eui, join_eui, name, description, email, state, admin, created_at, deleted_at)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (tenant_id, entity_type, application_id, entity_id) DO UPDATE SET
     eui = excluded.eui, join_eui = excluded.join_eui, name = excluded.name, description = excluded.description,
     email = excluded.email, state = excluded.state, admin = excluded.admin, deleted_at = excluded.deleted_at`,
);
const insertAttribute = knownStatement(
  `INSERT INTO search_attributes (tenant_id, entity_type, application_id, entity_id, attribute_key, attribute_value)
   VALUES (?, ?, ?, ?, ?, ?)`,
);
const removeEntry = knownStatement(`DELETE FROM search_entries ${ofEntity}`);
const removeAttributes = knownStatement(`DELETE FROM search_attributes ${ofEntity}`);
const removeBookmarks = knownStatement(`DELETE FROM user_bookmarks ${ofEntity}`);
const removeBookmarksOfUser = knownStatement(
  "DELETE FROM user_bookmarks WHERE tenant_id = ? AND user_id = ?",
);

/** A new entity can be found as soon as it exists. */
export function addSearchEntry(writer: Writer, key: SearchKey, message: SearchableMessage): void {
  writer.run(upsert, ...keyValues(key), ...entryValues(message, undefined));
  addAttributes(writer, key, message);
}

export function updateSearchEntry(
  writer: Writer,
  key: SearchKey,
  message: SearchableMessage,
  deletedAt: At | undefined,
): void {
  writer.run(upsert, ...keyValues(key), ...entryValues(message, deletedAt));
  writer.run(removeAttributes, ...keyValues(key));
  addAttributes(writer, key, message);
}

/** The entity is gone for good, and with it the bookmarks of it: its identifier may come to stand for another. */
export function removeSearchEntry(writer: Writer, key: SearchKey): void {
  writer.run(removeEntry, ...keyValues(key));
  writer.run(removeAttributes, ...keyValues(key));
  writer.run(removeBookmarks, ...keyValues(key));
  if (key.type === "user") writer.run(removeBookmarksOfUser, key.tenantId, key.id);
}

/** As texts are kept and sought. */
export function searchText(text: string): string {
  return text.toLowerCase();
}

function keyValues({ tenantId, type, applicationId, id }: SearchKey) {
  return [tenantId, type, applicationId, id] as const;
}

function addAttributes(writer: Writer, key: SearchKey, { attributes = {} }: SearchableMessage): void {
  for (const [name, value] of Object.entries(attributes)) {
    writer.run(insertAttribute, ...keyValues(key), name, searchText(value));
  }
}

function entryValues(message: SearchableMessage, deletedAt: At | undefined) {
  const ids = (message.ids ?? {}) as { eui?: Uint8Array; devEui?: Uint8Array; joinEui?: Uint8Array };
  return [
    euiOfBytes(ids.eui ?? ids.devEui) ?? "",
    euiOfBytes(ids.joinEui) ?? "",
    searchText(message.name ?? ""),
    searchText(message.description ?? ""),
    searchText(message.primaryEmailAddress ?? ""),
    message.state ?? 0,
    message.admin === true ? 1 : 0,
    message.createdAt === undefined ? 0 : timestampMs(message.createdAt),
    orNull(deletedAt),
  ] as const;
}
