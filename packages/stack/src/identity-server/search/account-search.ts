import {
  create,
  type OrganizationOrUserIdentifiers,
  OrganizationOrUserIdentifiersSchema,
  type SearchAccountsRequest,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { CallContext } from "../../rpc/service.ts";
import type { SqlValue, Store } from "../../store/store.ts";
import type { Registries } from "../registries/registries.ts";
import { knownStatement, type Listed, numberOf, type Page, pageBounds, textOf } from "../storage/rows.ts";
import { searchText } from "../storage/search-entries.ts";
import { containing } from "./search-store.ts";

export interface AccountFilter {
  readonly tenantId: string;
  readonly query: string;
  readonly onlyUsers: boolean;
  readonly collaboratorsOf: EntityReference | undefined;
  /** Everyone but the collaborators. */
  readonly complement: boolean;
}

/** Finds users and organizations by their identifiers. */
export interface AccountSearch {
  find(filter: AccountFilter, page: Page): Promise<Listed<OrganizationOrUserIdentifiers>>;
}

/** Whoever is no admin must know what they look for, and sees no more than this many. */
const leastQuery = 2;
const mostForStrangers = 10;
const mostAccounts = 1000;

const accounts = `FROM search_entries WHERE tenant_id = ? AND entity_type IN ('user', ?) AND application_id = ''
  AND deleted_at IS NULL AND entity_id LIKE ? ESCAPE '!'`;
const collaborators =
  "(SELECT account_id FROM memberships WHERE tenant_id = ? AND entity_type = ? AND entity_id = ?)";

export function createAccountSearch(store: Pick<Store, "query">): AccountSearch {
  return {
    async find({ tenantId, query, onlyUsers, collaboratorsOf: entity, complement }, page) {
      const values: SqlValue[] = [
        tenantId,
        onlyUsers ? "user" : "organization",
        containing(searchText(query)),
      ];
      let from = accounts;
      if (entity !== undefined) {
        from += ` AND entity_id ${complement ? "NOT IN" : "IN"} ${collaborators}`;
        values.push(tenantId, entity.type, entity.id);
      }
      const [rows, [count]] = await Promise.all([
        store.query(
          knownStatement(`SELECT entity_type, entity_id ${from} ORDER BY entity_id LIMIT ? OFFSET ?`),
          ...values,
          ...pageBounds(page),
        ),
        store.query(knownStatement(`SELECT COUNT(*) AS total ${from}`), ...values),
      ]);
      const items = rows.map((row) => accountOf(textOf(row, "entity_type"), textOf(row, "entity_id")));
      return { items, total: count === undefined ? 0 : numberOf(count, "total") };
    },
  };
}

export async function searchAccounts(
  registries: Registries,
  search: AccountSearch,
  request: SearchAccountsRequest,
  context: CallContext,
): Promise<{ readonly accountIds: OrganizationOrUserIdentifiers[] }> {
  const { tenantId } = context;
  const entity = collaboratorOf(tenantId, request);
  const isPublic = (entity === undefined || request.complementCollaborators) && !context.caller.isAdmin;
  if (entity !== undefined) await requireExisting(registries, entity);
  if (isPublic && request.query.length < leastQuery) {
    context.setTotalCount(0);
    return { accountIds: [] };
  }
  const { items, total } = await search.find(
    {
      tenantId,
      query: request.query,
      onlyUsers: request.onlyUsers,
      collaboratorsOf: entity,
      complement: request.complementCollaborators,
    },
    { order: "", limit: isPublic ? mostForStrangers : mostAccounts, page: 1 },
  );
  context.setTotalCount(total);
  return { accountIds: [...items] };
}

function collaboratorOf(
  tenantId: string,
  { collaboratorOf: of }: SearchAccountsRequest,
): EntityReference | undefined {
  switch (of.case) {
    case "applicationIds":
      return { tenantId, type: "application", id: of.value.applicationId };
    case "clientIds":
      return { tenantId, type: "client", id: of.value.clientId };
    case "gatewayIds":
      return { tenantId, type: "gateway", id: of.value.gatewayId };
    case "organizationIds":
      return { tenantId, type: "organization", id: of.value.organizationId };
    case undefined:
      return undefined;
  }
}

async function requireExisting(
  registries: Registries,
  { tenantId, type, id }: EntityReference,
): Promise<void> {
  const { applications, clients, gateways, organizations, users } = registries;
  const kinds = {
    application: applications,
    client: clients,
    gateway: gateways,
    organization: organizations,
    user: users,
  };
  const stored = await kinds[type].entities.get(tenantId, id);
  if (stored === undefined || stored.deletedAt !== undefined) throw kinds[type].notFound(id);
}

function accountOf(type: string, id: string): OrganizationOrUserIdentifiers {
  return create(OrganizationOrUserIdentifiersSchema, {
    ids:
      type === "organization"
        ? { case: "organizationIds", value: { organizationId: id } }
        : { case: "userIds", value: { userId: id } },
  });
}
