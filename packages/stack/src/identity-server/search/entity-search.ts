import {
  ApplicationSchema,
  ClientSchema,
  type DescMessage,
  EntityRegistrySearch,
  GatewaySchema,
  type MessageShape,
  OrganizationSchema,
  pick,
  Right,
  type State,
  UserSchema,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  authenticated,
  type CallContext,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import { knownCaller } from "../access/authority.ts";
import { touchesSecrets } from "../gateways/gateway-secrets.ts";
import { pathsToRead } from "../registries/field-masks.ts";
import type { EntityKind } from "../registries/lifecycle.ts";
import {
  applicationPublicFields,
  clientPublicFields,
  gatewayPublicFields,
  onlyPublic,
  organizationPublicFields,
  publicApplication,
  publicContacts,
  publicGateway,
  publicUser,
  userPublicFields,
} from "../registries/public-fields.ts";
import type { Registries } from "../registries/registries.ts";
import type { Page } from "../storage/rows.ts";
import { type AccountSearch, searchAccounts } from "./account-search.ts";
import type { SearchFilter, SearchStore } from "./search-store.ts";

const errors = defineErrors("pkg/identityserver");
const searchForbidden = errors.permissionDenied("search_forbidden", "search is forbidden");

type Methods = ServiceMethods<typeof EntityRegistrySearch>;

interface Parts {
  readonly registries: Registries;
  readonly search: SearchStore;
}

/** What a request asks for, as far as all kinds have it. */
interface SearchRequest extends Page {
  readonly query: string;
  readonly idContains: string;
  readonly nameContains: string;
  readonly descriptionContains: string;
  readonly attributesContain: Readonly<Record<string, string>>;
  readonly deleted: boolean;
  readonly fieldMask?: { readonly paths: readonly string[] } | undefined;
  readonly euiContains?: string;
  readonly state?: readonly State[];
}

/** How one kind of entity is searched and shown. */
interface SearchedKind<Desc extends DescMessage> {
  readonly type: EntityReference["type"];
  readonly schema: Desc;
  readonly kind: EntityKind<MessageShape<Desc>>;
  readonly infoRight: Right;
  readonly publicFields: readonly string[];
  readonly publicOf: (message: MessageShape<Desc>) => MessageShape<Desc>;
}

export function entityRegistrySearch(
  registries: Registries,
  search: SearchStore,
  accounts: AccountSearch,
): ServiceImplementation {
  const parts = { registries, search };
  return implement(EntityRegistrySearch, {
    searchApplications: searchApplicationsMethod(parts),
    searchClients: searchClientsMethod(parts),
    searchGateways: searchGatewaysMethod(parts),
    searchOrganizations: searchOrganizationsMethod(parts),
    searchUsers: searchUsersMethod(parts),
    searchAccounts: {
      requires: () => authenticated,
      handle: (request, context) => searchAccounts(registries, accounts, request, context),
    },
  });
}

const searchApplicationsMethod = (parts: Parts): Methods["searchApplications"] => ({
  requires: () => authenticated,
  async handle(request, context) {
    const applications = await found(parts, context, request, {
      type: "application",
      schema: ApplicationSchema,
      kind: parts.registries.applications,
      infoRight: Right.APPLICATION_INFO,
      publicFields: applicationPublicFields,
      publicOf: publicApplication,
    });
    return { applications };
  },
});

const searchClientsMethod = (parts: Parts): Methods["searchClients"] => ({
  requires: () => authenticated,
  async handle(request, context) {
    const clients = await found(parts, context, request, {
      type: "client",
      schema: ClientSchema,
      kind: parts.registries.clients,
      infoRight: Right.CLIENT_INFO,
      publicFields: clientPublicFields,
      publicOf: publicContacts,
    });
    return { clients };
  },
});

const searchGatewaysMethod = (parts: Parts): Methods["searchGateways"] => ({
  requires: () => authenticated,
  async handle(request, context) {
    const gateways = await found(parts, context, request, {
      type: "gateway",
      schema: GatewaySchema,
      kind: parts.registries.gateways,
      infoRight: Right.GATEWAY_INFO,
      publicFields: gatewayPublicFields,
      publicOf: publicGateway,
    });
    return { gateways };
  },
});

const searchOrganizationsMethod = (parts: Parts): Methods["searchOrganizations"] => ({
  requires: () => authenticated,
  async handle(request, context) {
    const organizations = await found(parts, context, request, {
      type: "organization",
      schema: OrganizationSchema,
      kind: parts.registries.organizations,
      infoRight: Right.ORGANIZATION_INFO,
      publicFields: organizationPublicFields,
      publicOf: publicContacts,
    });
    return { organizations };
  },
});

const searchUsersMethod = (parts: Parts): Methods["searchUsers"] => ({
  requires: () => authenticated,
  async handle(request, context) {
    // Users are members of nothing that would say whom they may see.
    if (!context.caller.isAdmin) throw searchForbidden();
    const users = await found(parts, context, request, {
      type: "user",
      schema: UserSchema,
      kind: parts.registries.users,
      infoRight: Right.USER_INFO,
      publicFields: userPublicFields,
      publicOf: publicUser,
    });
    return { users };
  },
});

async function found<Desc extends DescMessage>(
  { registries, search }: Parts,
  context: CallContext,
  request: SearchRequest,
  searched: SearchedKind<Desc>,
): Promise<MessageShape<Desc>[]> {
  const { tenantId } = context;
  const { items, total } = await search.find(
    {
      tenantId,
      type: searched.type,
      applicationId: "",
      deleted: request.deleted,
      memberId: memberOf(context),
    },
    filterOf(request),
    request,
  );
  context.setTotalCount(total);
  const paths = pathsOf(request);
  const shown = await Promise.all(
    items.map((id) => showEntity(registries, context, searched, { id, paths })),
  );
  return shown.filter((message) => message !== undefined);
}

/** Of whom the caller sees the entities; undefined for an admin, who sees all. */
function memberOf(context: CallContext): string | undefined {
  const { entity } = knownCaller(context.caller);
  if (entity?.type !== "user" && entity?.type !== "organization") throw searchForbidden();
  return context.caller.isAdmin ? undefined : entity.id;
}

async function showEntity<Desc extends DescMessage>(
  { rights }: Registries,
  context: CallContext,
  { type, schema, kind, infoRight, publicFields, publicOf }: SearchedKind<Desc>,
  { id, paths }: { readonly id: string; readonly paths: readonly string[] },
): Promise<MessageShape<Desc> | undefined> {
  const { tenantId } = context;
  const stored = await kind.entities.get(tenantId, id);
  if (stored === undefined) return undefined;
  const entity = { tenantId, type, id };
  const held = await rights.rightsOn(knownCaller(context.caller), entity, { includeDeleted: true });
  if (held.has(infoRight)) return pick(schema, stored.message, paths);
  const publicPaths = paths.filter((path) => onlyPublic([path], publicFields));
  return pick(schema, publicOf(stored.message), publicPaths);
}

export function filterOf(request: SearchRequest): SearchFilter {
  return {
    query: request.query,
    idContains: request.idContains,
    nameContains: request.nameContains,
    descriptionContains: request.descriptionContains,
    attributesContain: request.attributesContain,
    euiContains: request.euiContains ?? "",
    joinEuiContains: "",
    states: request.state ?? [],
  };
}

/** What was asked for, and what was sought in. Secrets are read one by one, with rights of their own. */
export function pathsOf(request: SearchRequest): readonly string[] {
  const sought = [
    ...(request.nameContains === "" ? [] : ["name"]),
    ...(request.descriptionContains === "" ? [] : ["description"]),
    ...(Object.keys(request.attributesContain).length === 0 ? [] : ["attributes"]),
    ...((request.state ?? []).length === 0 ? [] : ["state"]),
  ];
  const asked = (request.fieldMask?.paths ?? []).filter((path) => !touchesSecrets([path]));
  return pathsToRead([...new Set([...asked, ...sought])]);
}
