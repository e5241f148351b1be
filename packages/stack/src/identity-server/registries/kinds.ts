import type { Application, Client, Gateway, Organization, User } from "@skylark/api";
import { LoadingCache } from "../../component/loading-cache.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Store } from "../../store/store.ts";
import { clientTable } from "../clients/client-table.ts";
import { parseEntityKey } from "../entity.ts";
import {
  alreadyExists,
  applicationNotFound,
  clientNotFound,
  euiTaken,
  gatewayNotFound,
  idTaken,
  organizationNotFound,
  userNotFound,
} from "../errors.ts";
import { organizationTable } from "../organizations/organization-table.ts";
import { isAddressTaken, withOwnAddresses } from "../storage/email-addresses.ts";
import { createEntityStore, type EntityStore, type StoredEntity } from "../storage/entity-store.ts";
import type { GatewayFinder } from "../storage/gateway-finder.ts";
import { applicationTable, gatewayTable, userTable } from "../storage/tables.ts";
import { accountId } from "./contacts.ts";
import type { EntityKind } from "./lifecycle.ts";

const errors = defineErrors("pkg/identityserver");
const gatewayEuiTaken = errors.alreadyExists(
  "gateway_eui_taken",
  "a gateway with EUI `{gateway_eui}` is already registered as `{gateway_id}`",
);

const mostKnown = 10_000;

function withKnown<M>(entities: EntityStore<M>): Pick<EntityKind<M>, "entities" | "known"> {
  const known = new LoadingCache<StoredEntity<M>>(mostKnown, (key) => {
    const { tenantId, id } = parseEntityKey(key);
    return entities.get(tenantId, id);
  });
  return { entities, known };
}

export function applicationKind(store: Store): EntityKind<Application> {
  return {
    ...withKnown(createEntityStore(store, applicationTable)),
    notFound: (id) => applicationNotFound({ application_id: id }),
  };
}

export function gatewayKind(store: Store, finder: GatewayFinder): EntityKind<Gateway> {
  const entities = createEntityStore(store, gatewayTable);
  return {
    ...withKnown(entities),
    notFound: (id) => gatewayNotFound({ gateway_id: id }),
    async explainConflict(constraint, { tenantId }, gateway) {
      const eui = euiOfBytes(gateway.ids?.eui);
      if (!constraint.includes("eui") || eui === undefined) return idTaken();
      const holder = await finder.findByEui(eui);
      // Another tenant's gateway is nobody's business.
      if (holder?.tenantId !== tenantId) return euiTaken();
      const held = await entities.get(tenantId, holder.gatewayId);
      const contact = accountId(held?.message.administrativeContact);
      return gatewayEuiTaken({
        gateway_eui: eui,
        gateway_id: holder.gatewayId,
        ...(contact === "" ? {} : { administrative_contact: contact }),
      });
    },
  };
}

export function userKind(store: Store): EntityKind<User> {
  return {
    ...withKnown(withOwnAddresses(createEntityStore(store, userTable))),
    notFound: (id) => userNotFound({ user_id: id }),
    explainConflict: async (constraint) =>
      isAddressTaken(constraint)
        ? alreadyExists({ what: "a user with this primary e-mail address" })
        : idTaken(),
  };
}

export function organizationKind(store: Store): EntityKind<Organization> {
  return {
    ...withKnown(createEntityStore(store, organizationTable)),
    notFound: (id) => organizationNotFound({ organization_id: id }),
  };
}

export function clientKind(store: Store): EntityKind<Client> {
  return {
    ...withKnown(createEntityStore(store, clientTable)),
    notFound: (id) => clientNotFound({ client_id: id }),
  };
}
