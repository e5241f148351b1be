import {
  assign,
  clone,
  create,
  type Gateway,
  GatewayRegistry,
  GatewaySchema,
  pick,
  Right,
  timestampFromMs,
} from "@skylark/api";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  authenticated,
  type CallContext,
  gateway as gatewayRights,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import { knownCaller } from "../access/authority.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { updatedSinceOf } from "../devices/end-device-registry.ts";
import { gatewayNotFoundByEui } from "../errors.ts";
import { changedFields, registryEvents } from "../events.ts";
import { accountId, checkContacts, withOwnerAsContact } from "../registries/contacts.ts";
import { coversPath, pathsToRead, pathsToWrite } from "../registries/field-masks.ts";
import {
  createEntity,
  deleteEntity,
  purgeEntity,
  readEntity,
  restoreEntity,
  updateEntity,
} from "../registries/lifecycle.ts";
import { creatorRequirement, listOwned, publicOrRight, requireRestorable } from "../registries/ownership.ts";
import { gatewayPublicFields, publicGateway } from "../registries/public-fields.ts";
import type { Registries } from "../registries/registries.ts";
import type { GatewayFinder } from "../storage/gateway-finder.ts";
import type { GatewayDirectory } from "./gateway-directory.ts";
import { openSecrets, type SecretVault, sealSecrets, touchesSecrets } from "./gateway-secrets.ts";

const errors = defineErrors("pkg/identityserver");
const adminsCreateGateways = errors.permissionDenied(
  "admins_create_gateways",
  "gateways may only be created by admins, or in organizations",
);
const adminsPurgeGateways = errors.permissionDenied(
  "admins_purge_gateways",
  "gateways may only be purged by admins",
);

export interface GatewayRegistryOptions {
  /** Option `is.user-rights.create-gateways`. */
  readonly usersMayCreate: boolean;
  readonly vault: SecretVault;
  readonly directory: GatewayDirectory;
  readonly finder: GatewayFinder;
}

type Methods = ServiceMethods<typeof GatewayRegistry>;

interface Parts extends GatewayRegistryOptions {
  readonly registries: Registries;
  readonly kind: Registries["gateways"];
  publish(
    verb: keyof typeof registryEvents.gateway,
    entity: EntityReference,
    changed?: readonly string[],
  ): void;
  shown(message: Gateway, paths: readonly string[]): Gateway;
}

export function gatewayRegistry(
  registries: Registries,
  options: GatewayRegistryOptions,
): ServiceImplementation {
  const parts: Parts = {
    ...options,
    registries,
    kind: registries.gateways,
    publish: (verb, { tenantId, id }, changed) =>
      registries.events.publish(
        registryEvents.gateway[verb],
        {
          kind: "gateway",
          ids: { tenantId, gatewayId: id },
        },
        changedFields(changed),
      ),
    shown: (message, paths) =>
      pick(GatewaySchema, touchesSecrets(paths) ? openSecrets(message, options.vault) : message, paths),
  };
  return implement(GatewayRegistry, {
    create: createMethod(parts),
    get: getMethod(parts),
    getIdentifiersForEUI: getIdentifiersForEUIMethod(parts),
    list: listMethod(parts),
    update: updateMethod(parts),
    delete: deleteMethod(parts),
    restore: restoreMethod(parts),
    purge: purgeMethod(parts),
  });
}

const createMethod = ({
  registries,
  usersMayCreate,
  vault,
  directory,
  kind,
  publish,
}: Parts): Methods["create"] => ({
  requires: ({ collaborator }) => creatorRequirement(collaborator, Right.USER_GATEWAYS_CREATE),
  async handle({ gateway: requested, collaborator }, context) {
    if (!usersMayCreate && !context.caller.isAdmin) throw adminsCreateGateways();
    const entity = reference(context, requested?.ids?.gatewayId);
    checkIdAllowed(entity.id);
    const owner = accountId(collaborator);
    const at = registries.clock.now();
    const message = newGateway(requested ?? create(GatewaySchema), owner, at);
    const stored = sealSecrets(message, vault);
    await createEntity(registries, kind, entity, {
      message: stored,
      at,
      alongside: (writer) =>
        registries.memberships.set(writer, entity, { accountId: owner, rights: [Right.ALL] }),
    });
    directory.changed(entity, undefined, stored);
    publish("create", entity);
    return message;
  },
});

const getMethod = ({ registries, kind, shown }: Parts): Methods["get"] => ({
  requires: () => authenticated,
  async handle({ gatewayIds, fieldMask }, context) {
    const entity = reference(context, gatewayIds?.gatewayId);
    const paths = pathsToRead(fieldMask?.paths);
    const allowed = await publicOrRight(registries, context, {
      entity,
      right: Right.GATEWAY_INFO,
      paths,
      publicFields: gatewayPublicFields,
    });
    if (touchesSecrets(paths)) await requireSecrets(registries, context, entity, Right.GATEWAY_READ_SECRETS);
    const { message } = await readEntity(kind, entity);
    return shown(allowed ? message : publicGateway(message), paths);
  },
});

const getIdentifiersForEUIMethod = ({ finder }: Parts): Methods["getIdentifiersForEUI"] => ({
  requires: () => authenticated,
  async handle({ eui: bytes }, context) {
    const eui = euiOfBytes(bytes);
    const found = eui === undefined ? undefined : await finder.findByEui(eui);
    if (found?.tenantId !== context.tenantId) throw gatewayNotFoundByEui({ gateway_eui: eui ?? "" });
    return { gatewayId: found.gatewayId, eui: bytes };
  },
});

const listMethod = ({ registries, kind, shown }: Parts): Methods["list"] => ({
  requires: () => ({
    kind: "handler",
    reason: "lists what the caller, or the account it may list, collaborates on",
  }),
  async handle({ collaborator, fieldMask, deleted, filters, ...page }, context) {
    const paths = pathsToRead(fieldMask?.paths);
    const listed = await listOwned(registries, context, kind, {
      type: "gateway",
      listRight: Right.USER_GATEWAYS_LIST,
      collaborator,
      deleted,
      updatedSince: updatedSinceOf(filters),
      page,
    });
    const gateways = await Promise.all(
      listed.map(async (message) => {
        const held = await registries.rights.rightsOn(
          knownCaller(context.caller),
          reference(context, message.ids?.gatewayId),
          { includeDeleted: true },
        );
        const visible = held.has(Right.GATEWAY_INFO) ? message : publicGateway(message);
        const readable = held.has(Right.GATEWAY_READ_SECRETS) ? paths : withoutSecrets(paths);
        return shown(visible, readable);
      }),
    );
    return { gateways };
  },
});

const updateMethod = ({ registries, vault, directory, kind, publish, shown }: Parts): Methods["update"] => ({
  requires: ({ gateway: changed, fieldMask }) =>
    gatewayRights(
      changed?.ids?.gatewayId,
      Right.GATEWAY_SETTINGS_BASIC,
      ...(touchesSecrets(fieldMask?.paths ?? []) ? [Right.GATEWAY_WRITE_SECRETS] : []),
    ),
  async handle({ gateway: changed, fieldMask }, context) {
    const entity = reference(context, changed?.ids?.gatewayId);
    const source = sealSecrets(withPlans(changed ?? create(GatewaySchema), fieldMask?.paths), vault);
    const paths = withPlanPaths(pathsToWrite(fieldMask?.paths, ["ids.eui"]));
    let before: Gateway | undefined;
    const message = await updateEntity(registries, kind, entity, async (stored, at) => {
      before = stored;
      const next = assign(GatewaySchema, stored, source, paths);
      await checkContacts(registries, entity, next, paths);
      next.updatedAt = timestampFromMs(at);
      return next;
    });
    directory.changed(entity, before, message);
    publish("update", entity, paths);
    return shown(message, pathsToRead(paths));
  },
});

const deleteMethod = ({ registries, directory, kind, publish }: Parts): Methods["delete"] => ({
  requires: ({ gatewayId }) => gatewayRights(gatewayId, Right.GATEWAY_DELETE),
  async handle({ gatewayId }, context) {
    const entity = reference(context, gatewayId);
    const { message } = await readEntity(kind, entity);
    await deleteEntity(registries, kind, entity);
    directory.changed(entity, message, undefined);
    publish("delete", entity);
    return {};
  },
});

const restoreMethod = ({ registries, directory, kind, publish }: Parts): Methods["restore"] => ({
  requires: () => ({ kind: "handler", reason: "the right to delete, on a gateway that is deleted" }),
  async handle({ gatewayId }, context) {
    const entity = reference(context, gatewayId);
    await requireRestorable(registries, context, entity, Right.GATEWAY_DELETE);
    await restoreEntity(registries, kind, entity);
    const { message } = await readEntity(kind, entity);
    directory.changed(entity, undefined, message);
    publish("restore", entity);
    return {};
  },
});

const purgeMethod = ({ registries, directory, kind, publish }: Parts): Methods["purge"] => ({
  requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
  async handle({ gatewayId }, context) {
    if (!context.caller.isAdmin) throw adminsPurgeGateways();
    const entity = reference(context, gatewayId);
    const stored = await kind.entities.get(entity.tenantId, entity.id);
    const keyIds = await registries.apiKeys.idsOf(entity);
    await purgeEntity(registries, kind, entity, {
      alongside(writer) {
        registries.apiKeys.deleteAll(writer, entity);
        registries.memberships.deleteAll(writer, entity);
      },
    });
    for (const id of keyIds) registries.authenticator.apiKeyChanged(entity.tenantId, id);
    directory.changed(entity, stored?.message, undefined);
    publish("purge", entity);
    return {};
  },
});

function reference(context: CallContext, id: string | undefined): EntityReference {
  return { tenantId: context.tenantId, type: "gateway", id: id ?? "" };
}

function newGateway(requested: Gateway, owner: string, at: number): Gateway {
  const stamp = timestampFromMs(at);
  const copy = withPlans(clone(GatewaySchema, requested), ["frequency_plan_id"]);
  delete copy.deletedAt;
  return withOwnerAsContact({ ...copy, createdAt: stamp, updatedAt: stamp }, owner);
}

/** The one plan of old clients and the list of newer ones say the same; the list wins where both are given. */
function withPlans(gateway: Gateway, paths: readonly string[] | undefined): Gateway {
  const listed = gateway.frequencyPlanIds.length > 0 || coversPath(paths ?? [], "frequency_plan_ids");
  const frequencyPlanIds = listed
    ? gateway.frequencyPlanIds
    : gateway.frequencyPlanId === ""
      ? []
      : [gateway.frequencyPlanId];
  return { ...gateway, frequencyPlanIds, frequencyPlanId: frequencyPlanIds[0] ?? "" };
}

function withPlanPaths(paths: readonly string[]): readonly string[] {
  const touched = paths.includes("frequency_plan_id") || paths.includes("frequency_plan_ids");
  return touched ? [...new Set([...paths, "frequency_plan_id", "frequency_plan_ids"])] : paths;
}

function withoutSecrets(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !touchesSecrets([path]));
}

async function requireSecrets(
  { rights }: Registries,
  context: CallContext,
  entity: EntityReference,
  right: Right,
): Promise<void> {
  await rights.require(knownCaller(context.caller), entity, [right]);
}
