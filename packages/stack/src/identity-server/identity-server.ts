import { rightName } from "@skylark/api";
import type { Clock, RandomBytes } from "../clock/clock.ts";
import type { OptionValues } from "../config/option.ts";
import type { EndDeviceProfile } from "../domain/end-device-profile.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers, EntityReference } from "../domain/identifiers.ts";
import type { Location } from "../domain/uplink.ts";
import type { EventPublisher } from "../events/events.ts";
import type { Logger } from "../log/log.ts";
import type { Authority, ServiceImplementation } from "../rpc/service.ts";
import type { Store } from "../store/store.ts";
import { type Authenticator, createAuthenticator } from "./access/authentication.ts";
import { createAuthority } from "./access/authority.ts";
import { entityAccess } from "./access/entity-access.ts";
import { applicationAccess, gatewayAccess, userAccess } from "./access/entity-access-services.ts";
import { potentialRights, type RightSet, withImplied } from "./access/right-sets.ts";
import {
  createRightsResolver,
  type EntityAccess,
  insufficientRights,
  type RightsResolver,
} from "./access/rights-resolver.ts";
import { createSecretHasher } from "./access/secret-hash.ts";
import type { identityServerOptions } from "./config.ts";
import { isRegistered } from "./devices/device-profile.ts";
import { endDeviceBatchRegistry, endDeviceRegistry } from "./devices/end-device-registry.ts";
import { createEndDevices } from "./devices/end-devices.ts";
import { createGatewayDirectory, type GatewayDirectory } from "./gateways/gateway-directory.ts";
import { gatewayRegistry } from "./gateways/gateway-registry.ts";
import type { SecretVault } from "./gateways/gateway-secrets.ts";
import { isConfiguration } from "./is-configuration.ts";
import { applicationRegistry } from "./registries/application-registry.ts";
import { applicationKind, gatewayKind, userKind } from "./registries/kinds.ts";
import { publicGatewayRights } from "./registries/public-fields.ts";
import type { Registries } from "./registries/registries.ts";
import { createApiKeyStore } from "./storage/api-key-store.ts";
import { createEndDeviceStore } from "./storage/end-device-store.ts";
import { createGatewayFinder, type GatewayFinder } from "./storage/gateway-finder.ts";
import { createMembershipStore } from "./storage/membership-store.ts";
import { createPasswordStore } from "./storage/password-store.ts";
import type { Tenancy } from "./tenancy.ts";
import { userRegistry } from "./users/user-registry.ts";

export type IdentityServerConfiguration = OptionValues<typeof identityServerOptions>;

export interface IdentityServerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly events: EventPublisher;
  readonly log: Logger;
  readonly tenancy: Tenancy;
  readonly vault: SecretVault;
  readonly configuration: IdentityServerConfiguration;
  /** The other servers forget a device; called before this server does. */
  readonly onDeviceDeleted: (ids: EndDeviceIdentifiers) => Promise<void>;
  /** The other servers forget what they keep of an application without devices. */
  readonly onApplicationPurged: (ids: ApplicationIdentifiers) => Promise<void>;
}

/** Who may do what, and what belongs to whom. */
export interface IdentityServer {
  readonly authority: Authority;
  readonly services: readonly ServiceImplementation[];
  readonly gatewayRegistry: Pick<GatewayDirectory, "findByEui" | "onGatewayChanged" | "gatewayLocated">;
  deviceProfile(ids: EndDeviceIdentifiers): EndDeviceProfile | Promise<EndDeviceProfile>;
  /** Whether the device is registered here; other servers accept those that are not, with a warning. */
  deviceKnown(ids: EndDeviceIdentifiers): boolean | Promise<boolean>;
  deviceSeen(ids: EndDeviceIdentifiers, at: number): void;
  deviceActivated(ids: EndDeviceIdentifiers, at: number): void;
  deviceLocated(ids: EndDeviceIdentifiers, service: string, location: Location): void;
  authenticateApplication(
    ids: ApplicationIdentifiers,
    apiKey: string,
    remoteAddress: string,
  ): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

export function createIdentityServer(options: IdentityServerOptions): IdentityServer {
  const { log, tenancy, vault, configuration } = options;
  const finder = createGatewayFinder(options.store);
  const registries = createRegistries(options, finder);
  const directory = createGatewayDirectory(registries, finder, log);
  const devices = createEndDevices(registries, { onDeviceDeleted: options.onDeviceDeleted, log });
  const { formatUid } = tenancy;
  const { authenticator, rights } = registries;

  return {
    authority: createAuthority({ authenticator, rights, formatUid }),
    services: [
      applicationRegistry(registries, {
        usersMayCreate: configuration["is.user-rights.create-applications"],
        onApplicationPurged: options.onApplicationPurged,
      }),
      applicationAccess(registries),
      endDeviceRegistry(devices),
      endDeviceBatchRegistry(devices),
      gatewayRegistry(registries, {
        usersMayCreate: configuration["is.user-rights.create-gateways"],
        vault,
        directory,
        finder,
      }),
      gatewayAccess(registries),
      userRegistry(registries, {
        registrationEnabled: configuration["is.user-registration.enabled"],
        approvalRequired: configuration["is.user-registration.admin-approval.required"],
      }),
      userAccess(registries),
      entityAccess(),
      isConfiguration(configuration),
    ],
    gatewayRegistry: directory,
    deviceProfile: (ids) => devices.profile(ids),
    deviceKnown(ids) {
      const profile = devices.profile(ids);
      return profile instanceof Promise ? profile.then(isRegistered) : isRegistered(profile);
    },
    deviceSeen: (ids, at) => devices.activity.seen(ids, at),
    deviceActivated: (ids, at) => devices.activity.activated(ids, at),
    deviceLocated: (ids, service, location) => devices.activity.located(ids, service, location),
    authenticateApplication: (ids, apiKey, remoteAddress) =>
      authenticateApplication({ authenticator, rights, formatUid, log }, ids, apiKey, remoteAddress),
    close: () => devices.activity.close(),
  };
}

function createRegistries(options: IdentityServerOptions, finder: GatewayFinder): Registries {
  const { store, clock, tenancy, configuration } = options;
  const applications = applicationKind(store);
  const gateways = gatewayKind(store, finder);
  const users = userKind(store);
  const apiKeys = createApiKeyStore(store);
  const memberships = createMembershipStore(store);
  const hasher = createSecretHasher();

  const loadUser = async (tenantId: string, userId: string) => {
    const stored = await users.entities.get(tenantId, userId);
    if (stored === undefined || stored.deletedAt !== undefined) return undefined;
    const { admin, state, stateDescription } = stored.message;
    return { admin, state, stateDescription };
  };
  const authenticator = createAuthenticator({
    clock,
    hasher,
    apiKeys,
    loadUser,
    adminsHoldAllRights: configuration["is.admin-rights.all"],
  });
  const rights = createRightsResolver(
    (entity) => loadEntityAccess({ applications, gateways, users, memberships }, entity),
    tenancy.formatUid,
  );

  return {
    store,
    clock,
    restoreWindowMs: configuration["is.delete.restore"],
    randomBytes: options.randomBytes,
    events: options.events,
    hasher,
    applications,
    gateways,
    users,
    passwords: createPasswordStore(store),
    endDevices: createEndDeviceStore(store),
    apiKeys,
    memberships,
    authenticator,
    rights,
    formatUid: tenancy.formatUid,
    entityChanged(entity) {
      rights.entityChanged(entity);
      if (entity.type === "user") authenticator.userChanged(entity.tenantId, entity.id);
    },
  };
}

async function loadEntityAccess(
  registries: Pick<Registries, "applications" | "gateways" | "users" | "memberships">,
  entity: EntityReference,
): Promise<EntityAccess | undefined> {
  const { tenantId, type, id } = entity;
  if (type === "user") {
    const user = await registries.users.entities.get(tenantId, id);
    return user && { deletedAt: user.deletedAt, members: new Map(), publicRights: new Set() };
  }
  if (type !== "application" && type !== "gateway") return undefined;
  const gateway = type === "gateway" ? await registries.gateways.entities.get(tenantId, id) : undefined;
  const stored =
    gateway ??
    (type === "application" ? await registries.applications.entities.get(tenantId, id) : undefined);
  if (stored === undefined) return undefined;
  const members = await registries.memberships.membersOf(entity);
  return {
    deletedAt: stored.deletedAt,
    members: new Map(members.map(({ accountId, rights }) => [accountId, withImplied(rights)])),
    publicRights: gateway === undefined ? new Set() : publicGatewayRights(gateway.message),
  };
}

interface Access {
  readonly authenticator: Authenticator;
  readonly rights: RightsResolver;
  readonly formatUid: Tenancy["formatUid"];
  readonly log: Logger;
}

/** For MQTT, where the user name says which application is meant and the password is the key. */
async function authenticateApplication(
  { authenticator, rights, formatUid, log }: Access,
  ids: ApplicationIdentifiers,
  apiKey: string,
  remoteAddress: string,
): Promise<ReadonlySet<string>> {
  const entity: EntityReference = { tenantId: ids.tenantId, type: "application", id: ids.applicationId };
  const caller = await authenticator.authenticateToken(ids.tenantId, apiKey);
  const held: RightSet = await rights.rightsOn(caller, entity);
  const ofClass = held.intersection(potentialRights("application"));
  if (ofClass.size === 0) {
    log.debug("application login refused", { application: formatUid(entity), remoteAddress });
    throw insufficientRights(entity, formatUid(entity), ofClass, []);
  }
  return new Set([...ofClass].map(rightName));
}
