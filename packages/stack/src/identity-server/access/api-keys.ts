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
import type { EventSubject } from "../../events/events.ts";
import type { CallContext } from "../../rpc/service.ts";
import type { EntityReference } from "../entity.ts";
import { apiKeyNotFound } from "../errors.ts";
import { accessEvents } from "../events.ts";
import { untilCurrent } from "../registries/lifecycle.ts";
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

/** API keys of applications, gateways and users: the same for each. */
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
  const { apiKeys, store, clock, authenticator } = registries;
  const publish = (verb: "create" | "update" | "delete", key: ApiKeyRecord) =>
    registries.events.publish(accessEvents[type][verb], subjectOf(key.entity), () => ({
      data: { typeName: APIKeySchema.typeName, json: toJSON(APIKeySchema, messageOf(key)) },
    }));

  const read = async (entity: EntityReference, id: string): Promise<ApiKeyRecord> => {
    const key = await apiKeys.get(entity.tenantId, id);
    if (key?.entity.type !== entity.type || key.entity.id !== entity.id)
      throw apiKeyNotFound({ api_key_id: id });
    return key;
  };

  /** Nobody hands out, or takes away, rights that they do not have. */
  const requireHeld = async (context: CallContext, entity: EntityReference, rights: Iterable<Right>) =>
    registries.rights.require(knownCaller(context.caller), entity, rights);

  const remove = (entity: EntityReference, id: string): Promise<void> =>
    untilCurrent(async () => {
      const key = await read(entity, id);
      try {
        await store.transact((writer) => apiKeys.delete(writer, key));
      } finally {
        authenticator.apiKeyChanged(entity.tenantId, id);
      }
      publish("delete", key);
    });

  const write = (
    context: CallContext,
    entity: EntityReference,
    change: { readonly key: APIKey; readonly paths: readonly string[] },
  ): Promise<ApiKeyRecord> =>
    untilCurrent(async () => {
      const before = await read(entity, change.key.id);
      const key = changedKey(before, change.key, change.paths, clock.now());
      const [held, wanted] = [new Set(before.rights), new Set(key.rights)];
      await requireHeld(context, entity, held.symmetricDifference(wanted));
      try {
        await store.transact((writer) => apiKeys.update(writer, key));
      } finally {
        authenticator.apiKeyChanged(entity.tenantId, key.id);
      }
      return key;
    });

  return {
    async create(context, entity, { name, rights, expiresAt }) {
      await requireHeld(context, entity, rights);
      const token = generateApiKeyToken(registries.randomBytes);
      const at = clock.now();
      const key: ApiKeyRecord = {
        id: token.id,
        entity,
        name,
        rights: [...rights],
        secretHash: await registries.hasher.hash(token.secret, hashCosts.randomSecret),
        createdAt: at,
        updatedAt: at,
        expiresAt: expiresAt && timestampMs(expiresAt),
        version: 1,
      };
      await store.transact((writer) => apiKeys.insert(writer, key));
      publish("create", key);
      return { ...messageOf(key), key: token.text };
    },
    async list(context, entity, page) {
      const { items, total } = await apiKeys.list(entity, page);
      context.setTotalCount(total);
      return items.map(messageOf);
    },
    get: async (entity, id) => messageOf(await read(entity, id)),
    async update(context, entity, { key = create(APIKeySchema), paths }) {
      const changed = paths.length === 0 ? ["rights", "name"] : paths;
      if (changed.includes("rights") && key.rights.length === 0) {
        context.warn("an API key without rights is deleted; use DELETE for this");
        await remove(entity, key.id);
        return create(APIKeySchema);
      }
      const record = await write(context, entity, { key, paths: changed });
      publish("update", record);
      return messageOf(record);
    },
    delete: remove,
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
  return { kind: "user", tenantId, userId: id };
}
