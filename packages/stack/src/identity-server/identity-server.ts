import { rightName } from "@skylark/api";
import type { Clock, RandomBytes } from "../clock/clock.ts";
import type { EndDeviceProfile } from "../domain/end-device-profile.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers, EntityReference } from "../domain/identifiers.ts";
import type { Location } from "../domain/uplink.ts";
import type { EventPublisher } from "../events/events.ts";
import type { Logger } from "../log/log.ts";
import type { PlainHandler } from "../rpc/plain-routes.ts";
import type { Authority, ServiceImplementation } from "../rpc/service.ts";
import type { Store } from "../store/store.ts";
import { AccessWatch, accessKeys, createWatchAccess, type WatchAccess } from "./access/access-watch.ts";
import { type Authenticator, createAuthenticator } from "./access/authentication.ts";
import { createAuthority } from "./access/authority.ts";
import { createCredentialStores } from "./access/credential-stores.ts";
import { entityAccess } from "./access/entity-access.ts";
import {
  applicationAccess,
  clientAccess,
  gatewayAccess,
  organizationAccess,
  userAccess,
} from "./access/entity-access-services.ts";
import { loadEntityAccess } from "./access/load-entity-access.ts";
import { potentialRights, type RightSet } from "./access/right-sets.ts";
import { createRightsResolver, insufficientRights, type RightsResolver } from "./access/rights-resolver.ts";
import { createSecretHasher } from "./access/secret-hash.ts";
import { createWebAccess } from "./account/web-access.ts";
import type { WebRoute } from "./account/web-routes.ts";
import { applicationRegistry } from "./applications/application-registry.ts";
import { userBookmarkRegistry } from "./bookmarks/user-bookmark-registry.ts";
import { clientRegistry } from "./clients/client-registry.ts";
import { createClientSecrets } from "./clients/client-secrets.ts";
import type { IdentityServerConfiguration } from "./config.ts";
import { createDevEuiIssuer, devEuiIssuing } from "./dev-eui/dev-eui-issuer.ts";
import { createCascade } from "./devices/cascade.ts";
import { isRegistered } from "./devices/device-profile.ts";
import { endDeviceCheck } from "./devices/end-device-check.ts";
import { endDeviceBatchRegistry, endDeviceRegistry } from "./devices/end-device-registry.ts";
import { createEndDevices } from "./devices/end-devices.ts";
import { entityKey } from "./entity.ts";
import { gatewayBatchServices } from "./gateways/gateway-batches.ts";
import { createGatewayDirectory, type GatewayDirectory } from "./gateways/gateway-directory.ts";
import { gatewayRegistry } from "./gateways/gateway-registry.ts";
import type { SecretVault } from "./gateways/gateway-secrets.ts";
import { isConfiguration } from "./is-configuration.ts";
import { organizationRegistry } from "./organizations/organization-registry.ts";
import type { DeviceServers } from "./peers.ts";
import { applicationKind, clientKind, gatewayKind, organizationKind, userKind } from "./registries/kinds.ts";
import { createNoticeBoard } from "./registries/notices.ts";
import type { Registries } from "./registries/registries.ts";
import type { FindDevicesByAddress } from "./search/end-device-search.ts";
import { searchServices } from "./search/search-services.ts";
import { createApiKeyStore } from "./storage/api-key-store.ts";
import { createEndDeviceStore } from "./storage/end-device-store.ts";
import { createGatewayFinder, type GatewayFinder } from "./storage/gateway-finder.ts";
import { createMembershipStore } from "./storage/membership-store.ts";
import { createPasswordStore } from "./storage/password-store.ts";
import type { Tenancy, TenantDirectory } from "./tenancy.ts";
import { authorityOfTenants, tenantAdminKeys } from "./tenants/tenant-admin.ts";
import { gatewaysOfTenants } from "./tenants/tenant-gateways.ts";
import { tenantRegistry } from "./tenants/tenant-registry.ts";
import { createTenantStore } from "./tenants/tenant-store.ts";
import { createAccounts } from "./users/accounts.ts";
import { passwordRequirements } from "./users/passwords.ts";
import { createV2Directory, type V2Directory } from "./v2-directory.ts";

export interface IdentityServerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly events: EventPublisher;
  readonly log: Logger;
  readonly tenancy: TenantDirectory;
  readonly vault: SecretVault;
  readonly configuration: IdentityServerConfiguration;
  /** Takes e-mails while there is no SMTP server. */
  readonly mailDirectory: string;
  /** The servers that keep a part of each device; called when they are needed. */
  readonly deviceServers: () => DeviceServers;
  /** The other servers forget what they keep of an application without devices. */
  readonly onApplicationPurged: (ids: ApplicationIdentifiers) => Promise<void>;
  /** What the Network Server knows of addresses; without it no device is found by its own. */
  readonly findDevicesByAddress?: FindDevicesByAddress;
  /** Gives a tenant that is created later what the first start gave the others. */
  readonly foundTenant?: (tenantId: string) => Promise<void>;
}

/** What a password gives on an application. */
export interface ApplicationAccess {
  readonly rights: ReadonlySet<string>;
  /** Calls back soon, and then whenever that may have changed; again later when the recheck fails. Returns what ends it. */
  watch(recheck: () => Promise<void>): () => void;
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
  ): Promise<ApplicationAccess>;
  /** Of an application that does not exist, none. */
  applicationAttributes(ids: ApplicationIdentifiers): Promise<Readonly<Record<string, string>>>;
  /** The OAuth provider and the pages for accounts, beside the API. */
  readonly webRoutes: readonly WebRoute[];
  readonly v2Directory: V2Directory;
  /** For `picturePath`. */
  readonly servePicture: PlainHandler;
  close(): Promise<void>;
}

export function createIdentityServer(options: IdentityServerOptions): IdentityServer {
  const { log, tenancy, vault, configuration } = options;
  const finder = createGatewayFinder(options.store);
  const accessWatch = new AccessWatch(options.clock);
  tenancy.onTenantChanged((tenantId) => accessWatch.changed(accessKeys.tenant(tenantId)));
  const registries = createRegistries(options, finder, (key) => accessWatch.changed(key));
  const directory = createGatewayDirectory(registries, finder, log);
  const accounts = createAccounts(registries, options);
  const web = createWebAccess(registries, { ...options, accounts });
  const { deviceServers } = options;
  const devices = createEndDevices(registries, { deviceServers, log, pictures: accounts.endDevicePictures });
  const cascade = createCascade({ store: options.store, devices, deviceServers });
  const { formatUid } = tenancy;
  const tenantKeys = tenantAdminKeys(configuration["tenancy.admin-keys"]);
  const { authenticator, rights } = registries;
  const watchAccess = createWatchAccess(accessWatch, options.clock, authenticator.refresh);
  const authority = createAuthority({ authenticator, rights, watchAccess, formatUid });

  return {
    authority: authorityOfTenants(authority, tenancy, tenantKeys),
    services: [
      applicationRegistry(registries, {
        usersMayCreate: configuration["is.user-rights.create-applications"],
        onApplicationPurged: options.onApplicationPurged,
        issueDevEui: createDevEuiIssuer(registries, devEuiIssuing(configuration)),
      }),
      applicationAccess(registries),
      endDeviceRegistry({ devices, cascade, rights }),
      endDeviceCheck({ registries, cascade, deviceServers }),
      endDeviceBatchRegistry(devices),
      gatewayRegistry(registries, {
        usersMayCreate: configuration["is.user-rights.create-gateways"],
        vault,
        directory,
        finder,
      }),
      gatewayAccess(registries),
      organizationRegistry(registries, {
        usersMayCreate: configuration["is.user-rights.create-organizations"],
      }),
      organizationAccess(registries),
      clientRegistry(registries, { usersMayCreate: configuration["is.user-rights.create-clients"] }),
      clientAccess(registries),
      ...gatewayBatchServices(registries, directory),
      ...searchServices(registries, devices, options.findDevicesByAddress),
      userBookmarkRegistry(registries),
      tenantRegistry({
        registries,
        tenants: createTenantStore(options.store),
        tenancy,
        keys: tenantKeys,
        directory,
        finder,
        log,
        passwordRequirements: passwordRequirements(configuration),
        foundTenant: options.foundTenant ?? (async () => {}),
      }),
      ...accounts.services,
      userAccess(registries, web.createLoginToken),
      ...web.services,
      entityAccess(),
      isConfiguration(configuration),
    ],
    gatewayRegistry: gatewaysOfTenants(directory, tenancy),
    deviceProfile: (ids) => devices.profile(ids),
    deviceKnown(ids) {
      const profile = devices.profile(ids);
      return profile instanceof Promise ? profile.then(isRegistered) : isRegistered(profile);
    },
    deviceSeen: (ids, at) => devices.activity.seen(ids, at),
    deviceActivated: (ids, at) => devices.activity.activated(ids, at),
    deviceLocated: (ids, service, location) => devices.activity.located(ids, service, location),
    authenticateApplication: (ids, apiKey, remoteAddress) =>
      authenticateApplication(
        { authenticator, rights, watchAccess, tenancy, log },
        ids,
        apiKey,
        remoteAddress,
      ),
    async applicationAttributes({ tenantId, applicationId }) {
      const stored = await registries.applications.entities.get(tenantId, applicationId);
      return stored?.message.attributes ?? {};
    },
    webRoutes: web.routes,
    servePicture: accounts.servePicture,
    v2Directory: createV2Directory(registries),
    async close() {
      await devices.activity.close();
      await accounts.close();
    },
  };
}

function createRegistries(
  options: IdentityServerOptions,
  finder: GatewayFinder,
  accessChanged: (key: string) => void,
): Registries {
  const { store, clock, tenancy, configuration } = options;
  const applications = applicationKind(store);
  const gateways = gatewayKind(store, finder);
  const users = userKind(store);
  const apiKeys = createApiKeyStore(store);
  const memberships = createMembershipStore(store);
  const hasher = createSecretHasher();

  const credentials = createCredentialStores(store);

  const loadUser = async (tenantId: string, userId: string) => {
    const stored = await users.entities.get(tenantId, userId);
    if (stored === undefined || stored.deletedAt !== undefined) return undefined;
    const { admin, state, stateDescription, primaryEmailAddress, primaryEmailAddressValidatedAt } =
      stored.message;
    const emailAddressPending =
      configuration["is.user-registration.contact-info-validation.required"] &&
      primaryEmailAddress !== "" &&
      primaryEmailAddressValidatedAt === undefined;
    return { admin, state, stateDescription, emailAddressPending };
  };
  const authenticator = createAuthenticator({
    clock,
    hasher,
    apiKeys,
    accessTokens: credentials.accessTokens,
    sessions: credentials.sessions,
    loadUser,
    loadClient: async (tenantId, clientId) => {
      const stored = await clients.entities.get(tenantId, clientId);
      if (stored === undefined || stored.deletedAt !== undefined) return undefined;
      return { state: stored.message.state, stateDescription: stored.message.stateDescription };
    },
    adminsHoldAllRights: configuration["is.admin-rights.all"],
    accessChanged,
  });
  const organizations = organizationKind(store);
  const clients = clientKind(store);
  const accessSources = { applications, gateways, clients, organizations, users, memberships };
  const kinds = {
    application: applications,
    gateway: gateways,
    client: clients,
    organization: organizations,
    user: users,
  };
  const resolver = createRightsResolver(
    (entity) => loadEntityAccess(accessSources, entity),
    tenancy.formatUid,
  );
  const rights: RightsResolver = {
    ...resolver,
    entityChanged(entity) {
      resolver.entityChanged(entity);
      accessChanged(accessKeys.entity(entity));
      if (entity.type === "organization") accessChanged(accessKeys.organizations(entity.tenantId));
    },
  };

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
    organizations,
    clients,
    clientSecrets: createClientSecrets(store, hasher),
    passwords: createPasswordStore(store),
    endDevices: createEndDeviceStore(store),
    apiKeys,
    memberships,
    credentials,
    authenticator,
    rights,
    notices: createNoticeBoard(),
    othersMayBeContacts: configuration["is.collaborator-rights.set-others-as-contacts"],
    formatUid: tenancy.formatUid,
    entityChanged(entity) {
      kinds[entity.type].known.invalidate(entityKey(entity));
      if (entity.type === "user") authenticator.userChanged(entity.tenantId, entity.id);
      if (entity.type === "client") authenticator.clientChanged(entity.tenantId, entity.id);
      rights.entityChanged(entity);
    },
  };
}

interface Access {
  readonly authenticator: Authenticator;
  readonly rights: RightsResolver;
  readonly watchAccess: WatchAccess;
  readonly tenancy: Tenancy;
  readonly log: Logger;
}

/** For MQTT, where the user name says which application is meant and the password is the key. */
async function authenticateApplication(
  { authenticator, rights, watchAccess, tenancy, log }: Access,
  ids: ApplicationIdentifiers,
  apiKey: string,
  remoteAddress: string,
): Promise<ApplicationAccess> {
  const { formatUid } = tenancy;
  tenancy.checkServed(ids.tenantId);
  const entity: EntityReference = { tenantId: ids.tenantId, type: "application", id: ids.applicationId };
  const caller = await authenticator.authenticateToken(ids.tenantId, apiKey);
  const held: RightSet = await rights.rightsOn(caller, entity);
  const ofClass = held.intersection(potentialRights("application"));
  if (ofClass.size === 0) {
    log.debug("application login refused", { application: formatUid(entity), remoteAddress });
    throw insufficientRights(entity, formatUid(entity), ofClass, []);
  }
  return {
    rights: new Set([...ofClass].map(rightName)),
    watch: (recheck) => watchAccess(caller, [entity], recheck),
  };
}
