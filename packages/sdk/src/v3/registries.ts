import { fieldPaths, maskOf } from "./field-paths.ts";
import type { Method } from "./method.ts";
import { type List, listOf, type PageRequest } from "./paging.ts";
import type { CallOptions, Transport } from "./transport.ts";
import type {
  APIKey,
  APIKeys,
  Collaborator,
  Collaborators,
  Empty,
  GetCollaboratorResponse,
  OrganizationOrUserIdentifiers,
  Right,
  Rights,
} from "./types.ts";

/** A user by name, or an organization. */
export type Account = string | { readonly user: string } | { readonly organization: string };

export interface FieldOptions extends CallOptions {
  /** All that need no right to read secrets when absent. */
  readonly fields?: string | readonly string[];
}

export interface ListOptions extends FieldOptions {
  /** Such as "name", or "-created_at" for the reverse. */
  readonly order?: string;
  /** How many are fetched at once; 100 by default. */
  readonly pageSize?: number;
}

export interface EntityListOptions extends ListOptions {
  /** Only what this account collaborates on. */
  readonly collaborator?: Account;
  /** Those that were deleted and can be restored. */
  readonly deleted?: boolean;
}

export interface SearchOptions extends ListOptions {
  /** Found in identifier, name or description. */
  readonly query?: string;
  readonly id_contains?: string;
  readonly name_contains?: string;
  readonly description_contains?: string;
  readonly attributes_contain?: { [key: string]: string };
}

/** Entities of one kind. */
export interface Registry<Entity, Creation> {
  create(entity: Entity, options?: Creation & CallOptions): Promise<Entity>;
  get(id: string, options?: FieldOptions): Promise<Entity>;
  list(options?: EntityListOptions): List<Entity>;
  search(options: SearchOptions): List<Entity>;
  /** Sets what the change names, and leaves the rest. */
  update(id: string, change: Entity, options?: FieldOptions): Promise<Entity>;
  delete(id: string, options?: CallOptions): Promise<void>;
  /** Brings back what was deleted. */
  restore(id: string, options?: CallOptions): Promise<void>;
  /** Deletes for good, so that the identifier is free again. */
  purge(id: string, options?: CallOptions): Promise<void>;
  /** What the caller may do with it. */
  rights(id: string, options?: CallOptions): Promise<Right[]>;
}

export interface APIKeyRegistry {
  /** The answer is the only one that shows the key itself. */
  create(
    id: string,
    key: Pick<APIKey, "name" | "rights" | "expires_at">,
    options?: CallOptions,
  ): Promise<APIKey>;
  get(id: string, keyId: string, options?: CallOptions): Promise<APIKey>;
  list(id: string, options?: Omit<ListOptions, "fields">): List<APIKey>;
  update(id: string, keyId: string, change: APIKey, options?: CallOptions): Promise<APIKey>;
  delete(id: string, keyId: string, options?: CallOptions): Promise<void>;
}

export interface CollaboratorRegistry {
  get(id: string, account: Account, options?: CallOptions): Promise<Collaborator>;
  list(id: string, options?: Omit<ListOptions, "fields">): List<Collaborator>;
  /** Adds the account, or changes its rights. */
  set(id: string, account: Account, rights: Right[], options?: CallOptions): Promise<void>;
  delete(id: string, account: Account, options?: CallOptions): Promise<void>;
}

// The services of the kinds differ in the names of their fields only, which `name` tells.
type Call<Response> = Method<object, Response>;

/** The methods of one kind of entity. */
export interface Kind<Entity> {
  /** As in `application_ids` and `application_id`. */
  readonly name: string;
  readonly fields: string;
  readonly registry: {
    readonly Create: Method<never, Entity>;
    readonly Get: Method<never, Entity>;
    readonly List: Method<never, object>;
    readonly Update: Method<never, Entity>;
    readonly Delete: Method<never, Empty>;
    readonly Restore: Method<never, Empty>;
    readonly Purge: Method<never, Empty>;
  };
  readonly rights: Method<never, Rights>;
  readonly search: Method<never, object>;
  /** What a creation has besides the entity. */
  readonly creation: (options: object) => object | Promise<object>;
}

export function entityRegistry<Entity extends object, Creation extends object>(
  transport: Transport,
  kind: Kind<Entity>,
): Registry<Entity, Creation> {
  const { name, registry } = kind;
  const identifiers = (id: string) => ({ [`${name}_id`]: id });
  const call = async <Response>(method: string, request: object, options?: CallOptions): Promise<Response> =>
    (await transport.call(method as Call<Response>, request, options)).body;
  const list = (method: string, request: PageRequest, options?: CallOptions) =>
    listOf(transport, method as Method<PageRequest, { items: Entity[] }>, request, options);
  const entityCall = async (method: string, id: string, options?: CallOptions): Promise<void> => {
    await call(method, identifiers(id), options);
  };
  return {
    async create(entity, options) {
      const rest = await kind.creation(options ?? {});
      return call<Entity>(registry.Create, { [name]: entity, ...rest }, options);
    },
    get(id, options = {}) {
      const field_mask = maskOf(options.fields ?? kind.fields);
      return call<Entity>(registry.Get, { [`${name}_ids`]: identifiers(id), field_mask }, options);
    },
    list(options = {}) {
      const { collaborator, deleted } = options;
      const account = collaborator === undefined ? undefined : accountIdentifiers(collaborator);
      return list(
        registry.List,
        { ...pageRequest(options, kind.fields), collaborator: account, deleted } as PageRequest,
        options,
      );
    },
    search(options) {
      const { query, id_contains, name_contains, description_contains, attributes_contain } = options;
      const criteria = { query, id_contains, name_contains, description_contains, attributes_contain };
      return list(kind.search, { ...pageRequest(options, kind.fields), ...criteria } as PageRequest, options);
    },
    update(id, change, options = {}) {
      const field_mask = maskOf(options.fields ?? fieldPaths(change));
      return call<Entity>(
        registry.Update,
        { [name]: { ...change, ids: identifiers(id) }, field_mask },
        options,
      );
    },
    delete: (id, options) => entityCall(registry.Delete, id, options),
    restore: (id, options) => entityCall(registry.Restore, id, options),
    purge: (id, options) => entityCall(registry.Purge, id, options),
    async rights(id, options) {
      return (await call<Rights>(kind.rights, identifiers(id), options)).rights ?? [];
    },
  };
}

export interface APIKeyMethods {
  readonly CreateAPIKey: Method<never, APIKey>;
  readonly GetAPIKey: Method<never, APIKey>;
  readonly ListAPIKeys: Method<never, APIKeys>;
  readonly UpdateAPIKey: Method<never, APIKey>;
  readonly DeleteAPIKey: Method<never, Empty>;
}

export function apiKeyRegistry(transport: Transport, name: string, methods: APIKeyMethods): APIKeyRegistry {
  const of = (id: string, request: object) => ({ [`${name}_ids`]: { [`${name}_id`]: id }, ...request });
  const call = async (method: string, request: object, options?: CallOptions): Promise<APIKey> =>
    (await transport.call(method as Call<APIKey>, request, options)).body;
  return {
    create: (id, key, options) => call(methods.CreateAPIKey, of(id, key), options),
    get: (id, keyId, options) => call(methods.GetAPIKey, of(id, { key_id: keyId }), options),
    list: (id, options = {}) =>
      listOf(
        transport,
        methods.ListAPIKeys as Method<PageRequest, APIKeys>,
        of(id, pageRequest(options)),
        options,
      ),
    update(id, keyId, change, options) {
      const field_mask = fieldPaths(change).join(",");
      return call(methods.UpdateAPIKey, of(id, { api_key: { ...change, id: keyId }, field_mask }), options);
    },
    async delete(id, keyId, options) {
      await call(methods.DeleteAPIKey, of(id, { key_id: keyId }), options);
    },
  };
}

export interface CollaboratorMethods {
  readonly GetCollaborator: Method<never, GetCollaboratorResponse>;
  readonly SetCollaborator: Method<never, Empty>;
  readonly ListCollaborators: Method<never, Collaborators>;
  readonly DeleteCollaborator: Method<never, Empty>;
}

export function collaboratorRegistry(
  transport: Transport,
  name: string,
  methods: CollaboratorMethods,
): CollaboratorRegistry {
  const of = (id: string, request: object) => ({ [`${name}_ids`]: { [`${name}_id`]: id }, ...request });
  const call = async (method: string, request: object, options?: CallOptions): Promise<Collaborator> =>
    (await transport.call(method as Call<Collaborator>, request, options)).body;
  return {
    get: (id, account, options) =>
      call(methods.GetCollaborator, of(id, { collaborator: accountIdentifiers(account) }), options),
    list: (id, options = {}) =>
      listOf(
        transport,
        methods.ListCollaborators as Method<PageRequest, Collaborators>,
        of(id, pageRequest(options)),
        options,
      ),
    async set(id, account, rights, options) {
      const collaborator = { ids: accountIdentifiers(account), rights };
      await call(methods.SetCollaborator, of(id, { collaborator }), options);
    },
    async delete(id, account, options) {
      await call(
        methods.DeleteCollaborator,
        of(id, { collaborator_ids: accountIdentifiers(account) }),
        options,
      );
    },
  };
}

export function accountIdentifiers(account: Account): OrganizationOrUserIdentifiers {
  if (typeof account === "string") return { user_ids: { user_id: account } };
  return "user" in account
    ? { user_ids: { user_id: account.user } }
    : { organization_ids: { organization_id: account.organization } };
}

export function pageRequest(
  { order, pageSize, fields }: ListOptions,
  defaultFields?: string,
): PageRequest & { order?: string; field_mask?: string } {
  const shown = fields ?? defaultFields;
  return {
    ...(order !== undefined && { order }),
    ...(pageSize !== undefined && { limit: pageSize }),
    ...(shown !== undefined && { field_mask: maskOf(shown) }),
  };
}
