import {
  type APIKey,
  APIKeySchema,
  create,
  type Right,
  type Timestamp,
  timestampFromMs,
  timestampMs,
  toJSON,
} from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { EventSubject } from "../../events/events.ts";
import type { CallContext } from "../../rpc/service.ts";
import { untilCurrent } from "../../store/staged-transaction.ts";
import type { StagedChange, Writer } from "../../store/store.ts";
import { apiKeyNotFound } from "../errors.ts";
import { accessEvents } from "../events.ts";
import { readGuarded } from "../registries/guarded-entity.ts";
import { contactNotice } from "../registries/notices.ts";
import type { Registries } from "../registries/registries.ts";
import type { ApiKeyRecord } from "../storage/api-key-store.ts";
import type { Page } from "../storage/rows.ts";
import { knownCaller } from "./authority.ts";
import { hashCosts } from "./secret-hash.ts";
import { generateApiKeyToken } from "./token.ts";

export type KeyedEntityType = keyof typeof accessEvents;

export interface NewApiKey {
  readonly name: string;
  readonly rights: readonly Right[];
  readonly expiresAt?: Timestamp | undefined;
}

/** API keys of applications, gateways, users and organizations: the same for each. */
export interface ApiKeys {
  /** Answers with the whole key, this once. */
  create(context: CallContext, entity: EntityReference, key: NewApiKey): Promise<APIKey>;
  list(context: CallContext, entity: EntityReference, page: Page): Promise<APIKey[]>;
  get(entity: EntityReference, id: string): Promise<APIKey>;
  update(
    context: CallContext,
    entity: EntityReference,
    change: { readonly key: APIKey | undefined; readonly paths: readonly string[] },
  ): Promise<APIKey>;
  delete(entity: EntityReference, id: string): Promise<void>;
}

export function createApiKeys(registries: Registries, type: KeyedEntityType): ApiKeys {
  const { apiKeys, store, clock } = registries;
  const publish = (verb: "create" | "update" | "delete", key: ApiKeyRecord) =>
    registries.events.publish(accessEvents[type][verb], subjectOf(key.entity), () => ({
      data: { typeName: APIKeySchema.typeName, json: toJSON(APIKeySchema, messageOf(key)) },
    }));
  const remove = async (entity: EntityReference, id: string): Promise<void> =>
    publish("delete", await deleteKey(registries, entity, id));

  return {
    async create(context, entity, requested) {
      await requireHeld(registries, context, entity, requested.rights);
      const token = generateApiKeyToken(registries.randomBytes);
      const key: ApiKeyRecord = {
        ...newKey(requested, clock.now()),
        id: token.id,
        entity,
        secretHash: await registries.hasher.hash(token.secret, hashCosts.randomSecret),
      };
      await untilCurrent(async () => {
        const guarded = await readGuarded(registries, entity);
        const notice = await prepareNotice(registries, "api_key_created", key);
        await store.transact((writer) => {
          guarded.expectPresent(writer);
          apiKeys.insert(writer, key);
          notice.write(writer);
        });
        notice.committed();
      });
      publish("create", key);
      return { ...messageOf(key), key: token.text };
    },
    async list(context, entity, page) {
      const { items, total } = await apiKeys.list(entity, page);
      context.setTotalCount(total);
      return items.map(messageOf);
    },
    get: async (entity, id) => messageOf(await readKey(registries, entity, id)),
    async update(context, entity, { key = create(APIKeySchema), paths }) {
      const changed = paths.length === 0 ? ["rights", "name"] : paths;
      if (changed.includes("rights") && key.rights.length === 0) {
        context.warn("an API key without rights is deleted; use DELETE for this");
        await remove(entity, key.id);
        return create(APIKeySchema);
      }
      const record = await changeKey(registries, context, entity, { key, paths: changed });
      publish("update", record);
      return messageOf(record);
    },
    delete: remove,
  };
}

/** A key of another entity is as good as none. */
async function readKey({ apiKeys }: Registries, entity: EntityReference, id: string): Promise<ApiKeyRecord> {
  const key = await apiKeys.get(entity.tenantId, id);
  if (key?.entity.type !== entity.type || key.entity.id !== entity.id) {
    throw apiKeyNotFound({ api_key_id: id });
  }
  return key;
}

function prepareNotice(
  { notices }: Registries,
  type: "api_key_created" | "api_key_changed",
  key: ApiKeyRecord,
): Promise<StagedChange> {
  const data = { schema: APIKeySchema, message: messageOf(key) };
  return notices.prepare(contactNotice(key.entity, type, data, { email: true }));
}

/** Nobody hands out, or takes away, rights that they do not have. */
function requireHeld(
  { rights }: Registries,
  context: CallContext,
  entity: EntityReference,
  needed: Iterable<Right>,
): void | Promise<void> {
  return rights.require(knownCaller(context.caller), entity, needed);
}

function deleteKey(registries: Registries, entity: EntityReference, id: string): Promise<ApiKeyRecord> {
  return untilCurrent(async () => {
    const key = await readKey(registries, entity, id);
    await commitKey(registries, key, (writer) => registries.apiKeys.delete(writer, key));
    return key;
  });
}

function changeKey(
  registries: Registries,
  context: CallContext,
  entity: EntityReference,
  change: { readonly key: APIKey; readonly paths: readonly string[] },
): Promise<ApiKeyRecord> {
  return untilCurrent(async () => {
    const before = await readKey(registries, entity, change.key.id);
    const key = changedKey(before, change.key, change.paths, registries.clock.now());
    const [held, wanted] = [new Set(before.rights), new Set(key.rights)];
    await requireHeld(registries, context, entity, held.symmetricDifference(wanted));
    const notice = await prepareNotice(registries, "api_key_changed", key);
    await commitKey(registries, key, (writer) => {
      registries.apiKeys.update(writer, key);
      notice.write(writer);
    });
    notice.committed();
    return key;
  });
}

/** Also after a failure the key is looked up anew: what the store made of it is not known. */
async function commitKey(
  { store, authenticator }: Registries,
  { id, entity }: ApiKeyRecord,
  write: (writer: Writer) => void,
): Promise<void> {
  try {
    await store.transact(write);
  } finally {
    authenticator.apiKeyChanged(entity.tenantId, id);
  }
}

function newKey({ name, rights, expiresAt }: NewApiKey, at: At) {
  return {
    name,
    rights: [...rights],
    createdAt: at,
    updatedAt: at,
    expiresAt: expiresAt && timestampMs(expiresAt),
    version: 1,
  };
}

function changedKey(before: ApiKeyRecord, key: APIKey, paths: readonly string[], at: number): ApiKeyRecord {
  return {
    ...before,
    name: paths.includes("name") ? key.name : before.name,
    rights: paths.includes("rights") ? [...key.rights] : before.rights,
    expiresAt: paths.includes("expires_at") ? key.expiresAt && timestampMs(key.expiresAt) : before.expiresAt,
    updatedAt: at,
    version: before.version + 1,
  };
}

/** Without the key itself. */
export function messageOf(key: ApiKeyRecord): APIKey {
  return create(APIKeySchema, {
    id: key.id,
    name: key.name,
    rights: [...key.rights],
    createdAt: timestampFromMs(key.createdAt),
    updatedAt: timestampFromMs(key.updatedAt),
    ...(key.expiresAt === undefined ? {} : { expiresAt: timestampFromMs(key.expiresAt) }),
  });
}

export function subjectOf({ tenantId, type, id }: EntityReference): EventSubject {
  if (type === "application") return { kind: "application", ids: { tenantId, applicationId: id } };
  if (type === "gateway") return { kind: "gateway", ids: { tenantId, gatewayId: id } };
  if (type === "organization") return { kind: "organization", tenantId, organizationId: id };
  if (type === "client") return { kind: "client", tenantId, clientId: id };
  return { kind: "user", tenantId, userId: id };
}
