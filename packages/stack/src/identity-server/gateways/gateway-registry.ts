import {
  assign,
  clone,
  create,
  type Gateway,
  GatewayRegistry,
  GatewaySchema,
  pick,
  Right,
} from "@skylark/api";
import { whenKnown } from "../../component/when-known.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  authenticated,
  gateway as gatewayRights,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import { knownCaller } from "../access/authority.ts";
import { updatedSinceOf } from "../devices/end-device-registry.ts";
import { gatewayNotFoundByEui } from "../errors.ts";
import { checkClaimAuthenticationCode } from "../registries/claim-authentication-code.ts";
import { coversPath } from "../registries/field-masks.ts";
import { readEntity } from "../registries/lifecycle.ts";
import { type OwnedEntities, type OwnedEntityKind, ownedEntities } from "../registries/owned-entities.ts";
import { listingReason } from "../registries/ownership.ts";
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
  readonly gateways: OwnedEntities<Gateway>;
}

export function gatewayRegistry(
  registries: Registries,
  options: GatewayRegistryOptions,
): ServiceImplementation {
  const gateways = ownedEntities(registries, ownedGateways(registries, options));
  const parts: Parts = { ...options, registries, gateways };
  return implement(GatewayRegistry, {
    create: createMethod(parts),
    ...readMethods(parts),
    update: updateMethod(parts),
    ...endMethods(parts),
  });
}

function ownedGateways(
  registries: Registries,
  { usersMayCreate, vault }: GatewayRegistryOptions,
): OwnedEntityKind<Gateway> {
  return {
    type: "gateway",
    kind: registries.gateways,
    idOf: ({ ids }) => ids?.gatewayId ?? "",
    pick: (message, paths) =>
      pick(GatewaySchema, touchesSecrets(paths) ? openSecrets(message, vault) : message, paths),
    assign: (stored, source, paths) => assign(GatewaySchema, stored, source, paths),
    rights: {
      info: Right.GATEWAY_INFO,
      delete: Right.GATEWAY_DELETE,
      list: { user: Right.USER_GATEWAYS_LIST, organization: Right.ORGANIZATION_GATEWAYS_LIST },
      create: { user: Right.USER_GATEWAYS_CREATE, organization: Right.ORGANIZATION_GATEWAYS_CREATE },
    },
    publicFields: gatewayPublicFields,
    publicSafe: publicGateway,
    readablePaths: (paths, held) => (held.has(Right.GATEWAY_READ_SECRETS) ? paths : withoutSecrets(paths)),
    usersMayCreate,
    adminsCreate: adminsCreateGateways,
    adminsPurge: adminsPurgeGateways,
  };
}

const createMethod = ({ gateways, vault, directory }: Parts): Methods["create"] => ({
  requires: ({ collaborator }) => gateways.creatorRequirement(collaborator),
  async handle({ gateway: requested, collaborator }, context) {
    const source = clone(GatewaySchema, requested ?? create(GatewaySchema));
    checkCode(source);
    const message = sealSecrets(withPlans(source, ["frequency_plan_id"]), vault);
    const stored = await gateways.create(context, { message, collaborator });
    directory.changed(gateways.reference(context, stored.ids?.gatewayId), undefined, stored);
    return openSecrets(stored, vault);
  },
});

const readMethods = ({
  registries,
  gateways,
  finder,
}: Parts): Pick<Methods, "get" | "getIdentifiersForEUI" | "list"> => ({
  get: {
    requires: () => authenticated,
    handle({ gatewayIds, fieldMask }, context) {
      const entity = gateways.reference(context, gatewayIds?.gatewayId);
      const message = gateways.get(context, entity, fieldMask?.paths);
      if (!touchesSecrets(fieldMask?.paths ?? [])) return message;
      const caller = knownCaller(context.caller);
      return whenKnown(message, (secret) =>
        whenKnown(registries.rights.require(caller, entity, [Right.GATEWAY_READ_SECRETS]), () => secret),
      );
    },
  },
  getIdentifiersForEUI: {
    requires: () => authenticated,
    async handle({ eui: bytes }, context) {
      const eui = euiOfBytes(bytes);
      const found = eui === undefined ? undefined : await finder.findByEui(eui);
      if (found?.tenantId !== context.tenantId) throw gatewayNotFoundByEui({ gateway_eui: eui ?? "" });
      return { gatewayId: found.gatewayId, eui: bytes };
    },
  },
  list: {
    requires: () => ({ kind: "handler", reason: listingReason }),
    handle: async (request, context) => ({
      gateways: await gateways.list(context, request, updatedSinceOf(request.filters)),
    }),
  },
});

/** What a gateway tells of itself, with the key that it connects with. */
function isOfGatewayItself(path: string): boolean {
  return coversPath([path], "antennas") || coversPath([path], "attributes");
}

const updateMethod = ({ registries, gateways, vault, directory }: Parts): Methods["update"] => ({
  requires({ gateway: changed, fieldMask }) {
    const paths = fieldMask?.paths ?? [];
    if (paths.length > 0 && paths.every(isOfGatewayItself)) {
      return { kind: "handler", reason: "antennas and attributes are also for who holds the right to link" };
    }
    return gatewayRights(
      changed?.ids?.gatewayId,
      Right.GATEWAY_SETTINGS_BASIC,
      ...(touchesSecrets(paths) ? [Right.GATEWAY_WRITE_SECRETS] : []),
    );
  },
  async handle({ gateway: changed, fieldMask }, context) {
    const entity = gateways.reference(context, changed?.ids?.gatewayId);
    const caller = knownCaller(context.caller);
    const held = await registries.rights.rightsOn(caller, entity);
    const links = held.has(Right.GATEWAY_LINK) && (fieldMask?.paths ?? []).every(isOfGatewayItself);
    if (!links) await registries.rights.require(caller, entity, [Right.GATEWAY_SETTINGS_BASIC]);
    const source = changed ?? create(GatewaySchema);
    if (coversPath(fieldMask?.paths ?? [], "claim_authentication_code")) checkCode(source);
    const { before, after, shown } = await gateways.update(context, entity, {
      message: sealSecrets(withPlans(source, fieldMask?.paths), vault),
      paths: withPlanPaths(fieldMask?.paths ?? []),
      alsoWritable: ["ids.eui"],
    });
    directory.changed(entity, before, after);
    return pick(GatewaySchema, touchesSecrets(shown) ? openSecrets(after, vault) : after, shown);
  },
});

const endMethods = ({
  registries,
  gateways,
  directory,
}: Parts): Pick<Methods, "delete" | "restore" | "purge"> => ({
  delete: {
    requires: ({ gatewayId }) => gatewayRights(gatewayId, Right.GATEWAY_DELETE),
    async handle({ gatewayId }, context) {
      const entity = gateways.reference(context, gatewayId);
      const { message } = await readEntity(registries.gateways, entity);
      await gateways.delete(entity);
      directory.changed(entity, message, undefined);
      return {};
    },
  },
  restore: {
    requires: () => ({ kind: "handler", reason: "the right to delete, on a gateway that is deleted" }),
    async handle({ gatewayId }, context) {
      const entity = gateways.reference(context, gatewayId);
      await gateways.restore(context, entity);
      const { message } = await readEntity(registries.gateways, entity);
      directory.changed(entity, undefined, message);
      return {};
    },
  },
  purge: {
    requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
    async handle({ gatewayId }, context) {
      const entity = gateways.reference(context, gatewayId);
      const stored = await registries.gateways.entities.get(entity.tenantId, entity.id);
      await gateways.purge(context, entity);
      directory.changed(entity, stored?.message, undefined);
      return {};
    },
  },
});

function checkCode({ claimAuthenticationCode: code }: Gateway): void {
  if (code !== undefined) checkClaimAuthenticationCode(code, code.secret !== undefined);
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
