import {
  assign,
  clone,
  create,
  type Gateway,
  GatewaySchema,
  pick,
  State,
  type Tenant,
  TenantRegistry,
  TenantRegistryTotalsSchema,
  TenantSchema,
  timestampFromMs,
} from "@skylark/api";
import type { EUI64 } from "@skylark/lorawan";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Logger } from "../../log/log.ts";
import {
  type CallContext,
  implement,
  type Requirement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import { brokenConstraint, untilCurrent } from "../../store/staged-transaction.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { endDeviceNotFound, gatewayNotFoundByEui, idTaken } from "../errors.ts";
import type { GatewayDirectory } from "../gateways/gateway-directory.ts";
import { touchesSecrets } from "../gateways/gateway-secrets.ts";
import { coversPath, pathsToRead, pathsToWrite } from "../registries/field-masks.ts";
import { readEntity, updateEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { GatewayFinder } from "../storage/gateway-finder.ts";
import { tenantLimitError } from "../storage/tenant-totals.ts";
import { type TenantDirectory, tenantNotFound } from "../tenancy.ts";
import type { PasswordRequirements } from "../users/passwords.ts";
import { prepareInitialUser } from "./initial-user.ts";
import { requireTenantAdmin, type TenantAdminKeys } from "./tenant-admin.ts";
import { type StoredTenant, stateOf, type TenantStore, type TenantTotals } from "./tenant-store.ts";

const errors = defineErrors("skylark/tenancy");
const defaultTenant = errors.failedPrecondition(
  "default_tenant",
  "the default tenant `{tenant_id}` cannot be deleted",
);
const invalidTenantId = errors.invalidArgument(
  "invalid_tenant_id",
  "`{tenant_id}` cannot be the name of a tenant",
);

export interface TenantRegistryParts {
  readonly registries: Registries;
  readonly tenants: TenantStore;
  readonly tenancy: TenantDirectory;
  readonly keys: TenantAdminKeys;
  readonly directory: Pick<GatewayDirectory, "changed">;
  readonly finder: GatewayFinder;
  readonly log: Logger;
  readonly passwordRequirements: PasswordRequirements;
  /** Gives a new tenant what every tenant has from its first start on. */
  readonly foundTenant: (tenantId: string) => Promise<void>;
}

type Methods = ServiceMethods<typeof TenantRegistry>;
type Parts = TenantRegistryParts;

const requires = (): Requirement => ({
  kind: "handler",
  reason: "a tenant admin key or, while none is configured, an admin of the default tenant",
});

export function tenantRegistry(parts: TenantRegistryParts): ServiceImplementation {
  return implement(TenantRegistry, {
    create: createMethod(parts),
    get: getMethod(parts),
    getRegistryTotals: getRegistryTotalsMethod(parts),
    batchGetRegistryTotals: batchGetRegistryTotalsMethod(parts),
    list: listMethod(parts),
    update: updateMethod(parts),
    delete: deleteMethod(parts),
    getIdentifiersForEndDeviceEUIs: getIdentifiersForEndDeviceEUIsMethod(parts),
    getIdentifiersForGatewayEUI: getIdentifiersForGatewayEUIMethod(parts),
    getGatewayInfoForEUI: getGatewayInfoForEUIMethod(parts),
    releaseGatewayEUI: releaseGatewayEUIMethod(parts),
  });
}

function requireAdmin({ tenancy, keys }: Parts, context: CallContext): void {
  requireTenantAdmin(context, tenancy, keys);
}

async function readTenant({ tenants }: Parts, tenantId: string): Promise<StoredTenant> {
  const stored = await tenants.get(tenantId);
  if (stored === undefined || stored.deletedAt !== undefined) throw tenantNotFound({ tenant_id: tenantId });
  return stored;
}

const createMethod = (parts: Parts): Methods["create"] => ({
  requires,
  async handle({ tenant: requested, initialUser }, context) {
    requireAdmin(parts, context);
    const { registries, tenants, tenancy, log } = parts;
    const tenantId = requested?.ids?.tenantId ?? "";
    if (!/^[a-z0-9](?:-?[a-z0-9]){1,35}$/.test(tenantId)) throw invalidTenantId({ tenant_id: tenantId });
    checkIdAllowed(tenantId);
    const at = registries.clock.now();
    const tenant = newTenant(requested ?? create(TenantSchema), at);
    const insertUser =
      initialUser === undefined
        ? undefined
        : await prepareInitialUser(registries, parts.passwordRequirements, {
            tenantId,
            requested: initialUser,
            at,
          });
    try {
      await registries.store.transact((writer) => {
        tenants.insert(writer, tenant, at);
        tenants.beginCounting(writer, tenant);
        insertUser?.(writer);
      });
    } catch (error) {
      const constraint = brokenConstraint(error);
      if (constraint === undefined) throw error;
      throw tenantLimitError(constraint, "user") ?? idTaken();
    }
    await parts.foundTenant(tenantId);
    tenancy.tenantChanged(tenantId, tenant.state);
    log.info("tenant created", { tenant: tenantId });
    return tenant;
  },
});

/** Who creates a tenant has approved it, unless they say otherwise. */
function newTenant(requested: Tenant, at: number): Tenant {
  const stamp = timestampFromMs(at);
  const copy = { ...clone(TenantSchema, requested), createdAt: stamp, updatedAt: stamp };
  delete copy.deletedAt;
  return copy.state === State.REQUESTED ? { ...copy, state: State.APPROVED } : copy;
}

const getMethod = (parts: Parts): Methods["get"] => ({
  requires,
  async handle({ tenantIds, fieldMask }, context) {
    requireAdmin(parts, context);
    const { tenant } = await readTenant(parts, tenantIds?.tenantId ?? "");
    return pick(TenantSchema, tenant, pathsToRead(fieldMask?.paths));
  },
});

const listMethod = (parts: Parts): Methods["list"] => ({
  requires,
  async handle({ fieldMask, ...page }, context) {
    requireAdmin(parts, context);
    const { items, total } = await parts.tenants.list(page);
    context.setTotalCount(total);
    const paths = pathsToRead(fieldMask?.paths);
    return { tenants: items.map((tenant) => pick(TenantSchema, tenant, paths)) };
  },
});

const getRegistryTotalsMethod = (parts: Parts): Methods["getRegistryTotals"] => ({
  requires,
  async handle({ tenantIds, fieldMask }, context) {
    requireAdmin(parts, context);
    if (tenantIds !== undefined) await readTenant(parts, tenantIds.tenantId);
    return totalsMessage(await parts.tenants.totals(tenantIds?.tenantId), fieldMask?.paths);
  },
});

const batchGetRegistryTotalsMethod = (parts: Parts): Methods["batchGetRegistryTotals"] => ({
  requires,
  async handle({ tenantIds, fieldMask }, context) {
    requireAdmin(parts, context);
    const totals = await Promise.all(
      tenantIds.map(async (ids) => {
        await readTenant(parts, ids.tenantId);
        return {
          tenantIds: ids,
          totals: totalsMessage(await parts.tenants.totals(ids.tenantId), fieldMask?.paths),
        };
      }),
    );
    return { totals };
  },
});

/** Without a mask everything: there is nothing to leave out for. */
function totalsMessage(totals: TenantTotals, paths: readonly string[] = []) {
  const message = create(TenantRegistryTotalsSchema, {
    applications: BigInt(totals.application),
    clients: BigInt(totals.client),
    endDevices: BigInt(totals.device),
    activatedEndDevices: BigInt(totals.activatedDevice),
    gateways: BigInt(totals.gateway),
    organizations: BigInt(totals.organization),
    users: BigInt(totals.user),
  });
  return paths.length === 0 ? message : pick(TenantRegistryTotalsSchema, message, paths);
}

const updateMethod = (parts: Parts): Methods["update"] => ({
  requires,
  async handle({ tenant: changed, fieldMask }, context) {
    requireAdmin(parts, context);
    const { registries, tenants, tenancy } = parts;
    const source = changed ?? create(TenantSchema);
    const paths = pathsToWrite(fieldMask?.paths);
    const tenantId = source.ids?.tenantId ?? "";
    const { before, after } = await untilCurrent(async () => {
      const stored = await readTenant(parts, tenantId);
      const at = registries.clock.now();
      const next = { ...assign(TenantSchema, stored.tenant, source, paths), updatedAt: timestampFromMs(at) };
      if (coversPath(paths, "state") && !coversPath(paths, "state_description")) next.stateDescription = "";
      await registries.store.transact((writer) => {
        tenants.update(writer, stored, { tenant: next, at });
        tenants.beginCounting(writer, next);
      });
      return { before: stored.tenant, after: next };
    });
    tenancy.tenantChanged(tenantId, after.state);
    if (before.state !== after.state) await tellGateways(parts, tenantId);
    return pick(TenantSchema, after, pathsToRead(paths));
  },
});

const deleteMethod = (parts: Parts): Methods["delete"] => ({
  requires,
  async handle({ tenantId }, context) {
    requireAdmin(parts, context);
    const { registries, tenants, tenancy, log } = parts;
    if (tenantId === tenancy.defaultTenantId) throw defaultTenant({ tenant_id: tenantId });
    await untilCurrent(async () => {
      const stored = await readTenant(parts, tenantId);
      const at = registries.clock.now();
      await registries.store.transact((writer) =>
        tenants.update(writer, stored, { tenant: stored.tenant, at, deletedAt: at }),
      );
      tenancy.tenantChanged(tenantId, stateOf({ tenant: stored.tenant, deletedAt: at }));
    });
    await tellGateways(parts, tenantId);
    log.info("tenant deleted", { tenant: tenantId });
    return {};
  },
});

/** Its gateways are let in or kept out from now on. */
async function tellGateways({ registries, tenants, directory }: Parts, tenantId: string): Promise<void> {
  for (const id of await tenants.gatewayIds(tenantId)) {
    const stored = await registries.gateways.entities.get(tenantId, id);
    if (stored !== undefined)
      directory.changed({ tenantId, type: "gateway", id }, stored.message, stored.message);
  }
}

const getIdentifiersForEndDeviceEUIsMethod = (parts: Parts): Methods["getIdentifiersForEndDeviceEUIs"] => ({
  requires,
  async handle({ joinEui, devEui }, context) {
    requireAdmin(parts, context);
    const euis = [euiOfBytes(joinEui), euiOfBytes(devEui)] as const;
    const found =
      euis[0] === undefined || euis[1] === undefined
        ? undefined
        : await parts.registries.endDevices.findByEuis(euis[0], euis[1]);
    if (found === undefined) throw endDeviceNotFound({ device_id: "", application_id: "" });
    return { tenantId: found.tenantId };
  },
});

const getIdentifiersForGatewayEUIMethod = (parts: Parts): Methods["getIdentifiersForGatewayEUI"] => ({
  requires,
  async handle({ eui }, context) {
    requireAdmin(parts, context);
    return { tenantId: (await findGateway(parts, euiOfBytes(eui))).tenantId };
  },
});

const getGatewayInfoForEUIMethod = (parts: Parts): Methods["getGatewayInfoForEUI"] => ({
  requires,
  async handle({ eui, fieldMask }, context) {
    requireAdmin(parts, context);
    const entity = await findGateway(parts, euiOfBytes(eui));
    const { message } = await readEntity(parts.registries.gateways, entity);
    // Secrets are the tenant's own.
    const paths = pathsToRead(fieldMask?.paths).filter((path) => !touchesSecrets([path]));
    return { tenantIds: { tenantId: entity.tenantId }, gateway: pick(GatewaySchema, message, paths) };
  },
});

const releaseGatewayEUIMethod = (parts: Parts): Methods["releaseGatewayEUI"] => ({
  requires,
  async handle({ eui }, context) {
    requireAdmin(parts, context);
    const { registries, directory } = parts;
    const entity = await findGateway(parts, euiOfBytes(eui));
    let before: Gateway | undefined;
    const after = await updateEntity(registries, registries.gateways, entity, (stored, at) => {
      before = stored;
      const next = clone(GatewaySchema, stored);
      if (next.ids !== undefined) next.ids.eui = new Uint8Array();
      return { ...next, updatedAt: timestampFromMs(at) };
    });
    directory.changed(entity, before, after);
    return {};
  },
});

async function findGateway({ finder }: Parts, eui: EUI64 | undefined) {
  const found = eui === undefined ? undefined : await finder.findByEui(eui);
  if (found === undefined) throw gatewayNotFoundByEui({ gateway_eui: eui ?? "" });
  return { tenantId: found.tenantId, type: "gateway", id: found.gatewayId } as const;
}
