import { type EndDevices, endDevices } from "./end-devices.ts";
import { entityFields } from "./entity-fields.ts";
import type { EventOptions } from "./event-stream.ts";
import type { Method, StreamMethod } from "./method.ts";
import { type ItemOf, type List, listOf, type PageRequest } from "./paging.ts";
import {
  type Account,
  type APIKeyRegistry,
  accountIdentifiers,
  apiKeyRegistry,
  type CollaboratorRegistry,
  collaboratorRegistry,
  entityRegistry,
  type Registry,
} from "./registries.ts";
import {
  AppAs,
  ApplicationAccess,
  ApplicationRegistry,
  As,
  ClientAccess,
  ClientRegistry,
  EntityAccess,
  EntityRegistrySearch,
  GatewayAccess,
  GatewayRegistry,
  Gs,
  OrganizationAccess,
  OrganizationRegistry,
  UserAccess,
  UserRegistry,
} from "./services.ts";
import {
  type Downlinks,
  downlinks,
  type EventSubject,
  eventsOf,
  messagesOf,
  type SimulatedUplink,
  simulatedUplink,
  type TrafficOptions,
  type Uplink,
  uplinksOf,
} from "./traffic.ts";
import { type CallOptions, type ClientOptions, createTransport, type Transport } from "./transport.ts";
import type {
  Application,
  ApplicationLink,
  ApplicationUp,
  AuthInfoResponse,
  Event,
  Gateway,
  GatewayConnectionStats,
  MQTTConnectionInfo,
  Client as OAuthClient,
  Organization,
  User,
} from "./types.ts";

/** Whom a new entity belongs to; the caller when absent. */
export interface Ownership {
  readonly owner?: Account;
}

interface WithKeys {
  readonly apiKeys: APIKeyRegistry;
}

interface WithCollaborators {
  readonly collaborators: CollaboratorRegistry;
}

export interface Applications extends Registry<Application, Ownership>, WithKeys, WithCollaborators {
  /** A DevEUI from the block of the deployment. */
  issueDevEUI(id: string, options?: CallOptions): Promise<string>;
  /** Default payload formatters. */
  link(id: string, options?: CallOptions): Promise<ApplicationLink>;
  setLink(id: string, link: ApplicationLink, options?: CallOptions): Promise<ApplicationLink>;
  mqttConnectionInfo(id: string, options?: CallOptions): Promise<MQTTConnectionInfo>;
}

export interface Gateways extends Registry<Gateway, Ownership>, WithKeys, WithCollaborators {
  /** Of the connection that it has or had last. */
  connectionStats(id: string, options?: CallOptions): Promise<GatewayConnectionStats>;
}

/** The API of one deployment, as one caller may use it. */
export interface SkylarkClient {
  readonly applications: Applications;
  readonly endDevices: EndDevices;
  readonly gateways: Gateways;
  readonly organizations: Registry<Organization, Ownership> & WithKeys & WithCollaborators;
  readonly users: Registry<User, { readonly invitationToken?: string }> & WithKeys;
  /** OAuth clients. */
  readonly clients: Registry<OAuthClient, Ownership> & WithCollaborators;
  readonly downlinks: Downlinks;
  /** Uplinks from now on, or from the past that `tail` or `after` names. Goes on where it was when a connection is lost. */
  uplinks(applicationId: string, options?: TrafficOptions): AsyncGenerator<Uplink, void, undefined>;
  /** The same with joins and solved locations. */
  messages(applicationId: string, options?: TrafficOptions): AsyncGenerator<ApplicationUp, void, undefined>;
  /** Whatever happens to some entities. */
  events(
    subjects: EventSubject | readonly EventSubject[],
    options?: EventOptions,
  ): AsyncGenerator<Event, void, undefined>;
  /** Pretends that a device sent something, to try what comes after; where and how it was received is made up unless given. */
  simulateUplink(
    applicationId: string,
    deviceId: string,
    uplink: SimulatedUplink,
    options?: CallOptions,
  ): Promise<void>;
  /** Who the caller is, and what it may do. */
  authInfo(options?: CallOptions): Promise<AuthInfoResponse>;
  /** Any method of the API, such as `client.call(ApplicationRegistry.Get, { … })`. */
  call<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<Response>;
  /** Any method that answers with a list in pages. */
  list<Request extends PageRequest, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): List<ItemOf<Response>>;
  /** Any method that answers with a stream. */
  stream<Request extends object, Response>(
    method: StreamMethod<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): AsyncGenerator<Response, void, undefined>;
}

/** A client of the API of The Things Stack V3, for Node and browsers. */
export function createClient(options: ClientOptions): SkylarkClient {
  const transport = createTransport(options);
  const call: SkylarkClient["call"] = async (method, request, callOptions) =>
    (await transport.call(method, request, callOptions)).body;
  return {
    ...entities(transport, call),
    endDevices: endDevices(transport),
    downlinks: downlinks(transport),
    uplinks: (applicationId, traffic = {}) => uplinksOf(transport, applicationId, traffic),
    messages: (applicationId, traffic = {}) => messagesOf(transport, applicationId, traffic),
    events: (subjects, events = {}) => eventsOf(transport, subjects, events),
    async simulateUplink(application_id, device_id, uplink, callOptions) {
      const end_device_ids = { application_ids: { application_id }, device_id };
      const uplink_message = simulatedUplink(uplink);
      await call(AppAs.SimulateUplink, { end_device_ids, uplink_message }, callOptions);
    },
    authInfo: (callOptions) => call(EntityAccess.AuthInfo, {}, callOptions),
    call,
    list: (method, request, callOptions) => listOf(transport, method, request, callOptions),
    stream: transport.stream,
  };
}

type Entities = Pick<SkylarkClient, "applications" | "gateways" | "organizations" | "users" | "clients">;

function entities(transport: Transport, call: SkylarkClient["call"]): Entities {
  const owned = async (options: Ownership) => ({
    collaborator: accountIdentifiers(options.owner ?? (await callerOf(call))),
  });
  const kind = <Entity extends object>(
    name: keyof typeof entityFields,
    methods: Pick<Parameters<typeof entityRegistry<Entity, Ownership>>[1], "registry" | "rights" | "search">,
  ) =>
    entityRegistry<Entity, Ownership>(transport, {
      name,
      fields: entityFields[name],
      creation: owned,
      ...methods,
    });
  return {
    applications: {
      ...kind<Application>("application", {
        registry: ApplicationRegistry,
        rights: ApplicationAccess.ListRights,
        search: EntityRegistrySearch.SearchApplications,
      }),
      apiKeys: apiKeyRegistry(transport, "application", ApplicationAccess),
      collaborators: collaboratorRegistry(transport, "application", ApplicationAccess),
      ...applicationMethods(call),
    },
    gateways: {
      ...kind<Gateway>("gateway", {
        registry: GatewayRegistry,
        rights: GatewayAccess.ListRights,
        search: EntityRegistrySearch.SearchGateways,
      }),
      apiKeys: apiKeyRegistry(transport, "gateway", GatewayAccess),
      collaborators: collaboratorRegistry(transport, "gateway", GatewayAccess),
      connectionStats: (gateway_id, options) => call(Gs.GetGatewayConnectionStats, { gateway_id }, options),
    },
    organizations: {
      ...kind<Organization>("organization", {
        registry: OrganizationRegistry,
        rights: OrganizationAccess.ListRights,
        search: EntityRegistrySearch.SearchOrganizations,
      }),
      apiKeys: apiKeyRegistry(transport, "organization", OrganizationAccess),
      collaborators: collaboratorRegistry(transport, "organization", OrganizationAccess),
    },
    users: {
      ...entityRegistry<User, { readonly invitationToken?: string }>(transport, {
        name: "user",
        fields: entityFields.user,
        registry: UserRegistry,
        rights: UserAccess.ListRights,
        search: EntityRegistrySearch.SearchUsers,
        creation: ({ invitationToken }: { readonly invitationToken?: string }) => ({
          invitation_token: invitationToken,
        }),
      }),
      apiKeys: apiKeyRegistry(transport, "user", UserAccess),
    },
    clients: {
      ...kind<OAuthClient>("client", {
        registry: ClientRegistry,
        rights: ClientAccess.ListRights,
        search: EntityRegistrySearch.SearchClients,
      }),
      collaborators: collaboratorRegistry(transport, "client", ClientAccess),
    },
  };
}

function applicationMethods(
  call: SkylarkClient["call"],
): Pick<Applications, "issueDevEUI" | "link" | "setLink" | "mqttConnectionInfo"> {
  return {
    async issueDevEUI(application_id, options) {
      return (await call(ApplicationRegistry.IssueDevEUI, { application_id }, options)).dev_eui ?? "";
    },
    link: (application_id, options) =>
      call(As.GetLink, { application_ids: { application_id }, field_mask: "default_formatters" }, options),
    setLink(application_id, link, options) {
      const field_mask = Object.keys(link).join(",");
      return call(As.SetLink, { application_ids: { application_id }, link, field_mask }, options);
    },
    mqttConnectionInfo: (application_id, options) =>
      call(AppAs.GetMQTTConnectionInfo, { application_id }, options),
  };
}

/** The user or organization that the key or token belongs to. */
async function callerOf(call: SkylarkClient["call"]): Promise<Account> {
  const info = await call(EntityAccess.AuthInfo, {});
  const key = info.api_key?.entity_ids;
  const user = (key?.user_ids ?? info.oauth_access_token?.user_ids ?? info.user_session?.user_ids)?.user_id;
  const organization = key?.organization_ids?.organization_id;
  if (user !== undefined) return { user };
  if (organization !== undefined) return { organization };
  throw new TypeError("the caller is no user and no organization: say who is the owner");
}
