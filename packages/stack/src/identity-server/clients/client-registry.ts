import {
  assign,
  type Client,
  ClientRegistry,
  ClientSchema,
  CreateClientEmailMessageSchema,
  CreateClientRequestSchema,
  clone,
  create,
  EntityStateChangedNotificationSchema,
  type OrganizationOrUserIdentifiers,
  pick,
  Right,
  State,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  authenticated,
  type CallContext,
  client as clientRights,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import type { StagedChange } from "../../store/store.ts";
import { messageOf } from "../access/api-keys.ts";
import { knownCaller } from "../access/authority.ts";
import { clientRevocation } from "../access/credential-stores.ts";
import { updateAdminField } from "../errors.ts";
import { coversPath } from "../registries/field-masks.ts";
import { contactNotice } from "../registries/notices.ts";
import {
  type Change,
  type OwnedEntities,
  type OwnedEntityKind,
  ownedEntities,
} from "../registries/owned-entities.ts";
import { listingReason } from "../registries/ownership.ts";
import { clientPublicFields, publicContacts } from "../registries/public-fields.ts";
import type { Registries } from "../registries/registries.ts";
import { makeClientSecret } from "./client-secrets.ts";

const errors = defineErrors("pkg/identityserver");
const adminsCreateClients = errors.permissionDenied(
  "admins_create_clients",
  "OAuth clients may only be created by admins, or in organizations",
);
const adminsPurgeClients = errors.permissionDenied(
  "admins_purge_clients",
  "OAuth clients may only be purged by admins",
);

const adminFields = ["state", "state_description", "skip_authorization", "endorsed", "grants"];

export interface ClientRegistryOptions {
  /** Option `is.user-rights.create-clients`. */
  readonly usersMayCreate: boolean;
}

/** The registry of OAuth clients. A secret is shown once, when it is made, and kept as a hash. */
export function clientRegistry(
  registries: Registries,
  options: ClientRegistryOptions,
): ServiceImplementation {
  const clients = ownedEntities(registries, ownedClients(registries, options));
  return implement(ClientRegistry, {
    create: createMethod(registries, clients),
    ...readMethods(clients),
    update: updateMethod(registries, clients),
    ...endMethods(registries, clients),
  });
}

function ownedClients(
  registries: Registries,
  { usersMayCreate }: ClientRegistryOptions,
): OwnedEntityKind<Client> {
  return {
    type: "client",
    kind: registries.clients,
    idOf: ({ ids }) => ids?.clientId ?? "",
    pick: (message, paths) => pick(ClientSchema, message, paths),
    assign: (stored, source, paths) => assign(ClientSchema, stored, source, paths),
    rights: {
      info: Right.CLIENT_INFO,
      delete: Right.CLIENT_DELETE,
      list: { user: Right.USER_CLIENTS_LIST, organization: Right.ORGANIZATION_CLIENTS_LIST },
      create: { user: Right.USER_CLIENTS_CREATE, organization: Right.ORGANIZATION_CLIENTS_CREATE },
    },
    publicFields: clientPublicFields,
    publicSafe: publicContacts,
    usersMayCreate,
    adminsCreate: adminsCreateClients,
    adminsPurge: adminsPurgeClients,
  };
}

type Methods = ServiceMethods<typeof ClientRegistry>;

const createMethod = (registries: Registries, clients: OwnedEntities<Client>): Methods["create"] => ({
  requires: ({ collaborator }) => clients.creatorRequirement(collaborator),
  async handle({ client: requested, collaborator }, context) {
    const message = clone(ClientSchema, requested ?? create(ClientSchema));
    const { secret, hash } = await makeClientSecret(
      registries.hasher,
      registries.randomBytes,
      message.secret,
    );
    message.secret = "";
    if (!context.caller.isAdmin) waitForApproval(message);
    const { tenantId, id } = clients.reference(context, message.ids?.clientId);
    const notice = context.caller.isAdmin
      ? undefined
      : await requestNotice(registries, context, message, collaborator);
    const stored = await clients.create(context, {
      message,
      collaborator,
      alongside(writer) {
        registries.clientSecrets.set(writer, tenantId, id, hash);
        notice?.write(writer);
      },
    });
    notice?.committed();
    return { ...stored, secret };
  },
});

function waitForApproval(client: Client): void {
  client.state = State.REQUESTED;
  client.stateDescription = "admin approval required";
  client.skipAuthorization = false;
  client.endorsed = false;
}

function requestNotice(
  { notices }: Registries,
  context: CallContext,
  client: Client,
  collaborator: OrganizationOrUserIdentifiers | undefined,
): Promise<StagedChange> {
  const { apiKey } = knownCaller(context.caller);
  const request = create(CreateClientRequestSchema, {
    client,
    ...(collaborator === undefined ? {} : { collaborator }),
  });
  const message = create(CreateClientEmailMessageSchema, {
    createClientRequest: request,
    ...(apiKey === undefined ? {} : { apiKey: messageOf(apiKey) }),
  });
  const entity: EntityReference = {
    tenantId: context.tenantId,
    type: "client",
    id: client.ids?.clientId ?? "",
  };
  const data = { schema: CreateClientEmailMessageSchema, message };
  return notices.prepare({
    ...contactNotice(entity, "client_requested", data, { email: true }),
    toAdmins: true,
  });
}

function readMethods(clients: OwnedEntities<Client>): Pick<Methods, "get" | "list"> {
  return {
    get: {
      requires: () => authenticated,
      handle: ({ clientIds, fieldMask }, context) =>
        clients.get(context, clients.reference(context, clientIds?.clientId), fieldMask?.paths),
    },
    list: {
      requires: () => ({ kind: "handler", reason: listingReason }),
      handle: async (request, context) => ({ clients: await clients.list(context, request) }),
    },
  };
}

const updateMethod = (registries: Registries, clients: OwnedEntities<Client>): Methods["update"] => ({
  requires: ({ client: changed }) => clientRights(changed?.ids?.clientId, Right.CLIENT_SETTINGS_BASIC),
  async handle({ client: changed, fieldMask }, context) {
    const paths = fieldMask?.paths ?? [];
    const restricted = paths.find((path) => adminFields.includes(path));
    if (restricted !== undefined && !context.caller.isAdmin) throw updateAdminField({ field: restricted });
    const entity = clients.reference(context, changed?.ids?.clientId);
    const source = clone(ClientSchema, changed ?? create(ClientSchema));
    const changeSecret = await secretChange(registries, entity, source, paths);
    const notice = paths.includes("state")
      ? await stateNotice(registries, entity, withoutSecret(source, paths))
      : undefined;
    const { after, shown } = await clients.update(context, entity, {
      message: withoutSecret(source, paths),
      paths: withDescriptionOfState(paths),
      alongside(writer) {
        changeSecret?.(writer);
        notice?.write(writer);
      },
    });
    notice?.committed();
    const secret = paths.includes("secret") ? source.secret : "";
    return pick(ClientSchema, { ...after, secret }, shown);
  },
});

/** The message is stored without it, whatever was sent. */
function withoutSecret(source: Client, paths: readonly string[]): Client {
  return {
    ...source,
    secret: "",
    // A new state without a description does not keep the description of the old one.
    stateDescription: paths.includes("state_description") ? source.stateDescription : "",
  };
}

function withDescriptionOfState(paths: readonly string[]): readonly string[] {
  return paths.includes("state") ? [...new Set([...paths, "state_description"])] : paths;
}

/** A new secret replaces the old one at once; an empty one makes the client a public client, which has none. */
async function secretChange(
  { clientSecrets, hasher, randomBytes }: Registries,
  { tenantId, id }: EntityReference,
  { secret }: Client,
  paths: readonly string[],
): Promise<Change<Client>["alongside"]> {
  if (!coversPath(paths, "secret")) return undefined;
  if (secret === "") return (writer) => clientSecrets.delete(writer, tenantId, id);
  const { hash } = await makeClientSecret(hasher, randomBytes, secret);
  return (writer) => clientSecrets.set(writer, tenantId, id, hash);
}

/** For the contact that the client had before the change. */
function stateNotice(
  { notices }: Registries,
  entity: EntityReference,
  client: Client,
): Promise<StagedChange> {
  const { state, stateDescription } = client;
  const schema = EntityStateChangedNotificationSchema;
  const data = { schema, message: create(schema, { state, stateDescription }) };
  return notices.prepare(contactNotice(entity, "entity_state_changed", data, { email: true }));
}

function endMethods(
  registries: Registries,
  clients: OwnedEntities<Client>,
): Pick<Methods, "delete" | "restore" | "purge"> {
  const { reference } = clients;
  return {
    delete: {
      requires: ({ clientId }) => clientRights(clientId, Right.CLIENT_DELETE),
      async handle({ clientId }, context) {
        await clients.delete(reference(context, clientId));
        return {};
      },
    },
    restore: {
      requires: () => ({ kind: "handler", reason: "the right to delete, on a client that is deleted" }),
      async handle({ clientId }, context) {
        await clients.restore(context, reference(context, clientId));
        return {};
      },
    },
    purge: {
      requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
      async handle({ clientId }, context) {
        const entity = reference(context, clientId);
        const revocation = clientRevocation(registries, entity.tenantId, entity.id);
        await clients.purge(context, entity, {
          alongside(writer) {
            registries.clientSecrets.delete(writer, entity.tenantId, entity.id);
            revocation.write(writer);
          },
        });
        revocation.committed();
        return {};
      },
    },
  };
}
