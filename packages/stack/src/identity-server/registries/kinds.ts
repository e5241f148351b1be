import type { Application, Client, Gateway, Organization, User } from "@skylark/api";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Store } from "../../store/store.ts";
import { clientTable } from "../clients/client-table.ts";
import {
  applicationNotFound,
  clientNotFound,
  euiTaken,
  gatewayNotFound,
  idTaken,
  organizationNotFound,
  userNotFound,
} from "../errors.ts";
import { organizationTable } from "../organizations/organization-table.ts";
import { createEntityStore } from "../storage/entity-store.ts";
import type { GatewayFinder } from "../storage/gateway-finder.ts";
import { applicationTable, gatewayTable, userTable } from "../storage/tables.ts";
import { accountId } from "./contacts.ts";
import type { EntityKind } from "./lifecycle.ts";

const errors = defineErrors("pkg/identityserver");
const gatewayEuiTaken = errors.alreadyExists(
  "gateway_eui_taken",
  "a gateway with EUI `{gateway_eui}` is already registered as `{gateway_id}`",
);

export function applicationKind(store: Store): EntityKind<Application> {
  return {
    entities: createEntityStore(store, applicationTable),
    notFound: (id) => applicationNotFound({ application_id: id }),
  };
}

export function gatewayKind(store: Store, finder: GatewayFinder): EntityKind<Gateway> {
  const entities = createEntityStore(store, gatewayTable);
  return {
    entities,
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
    entities: createEntityStore(store, userTable),
    notFound: (id) => userNotFound({ user_id: id }),
  };
}

export function organizationKind(store: Store): EntityKind<Organization> {
  return {
    entities: createEntityStore(store, organizationTable),
    notFound: (id) => organizationNotFound({ organization_id: id }),
  };
}

export function clientKind(store: Store): EntityKind<Client> {
  return {
    entities: createEntityStore(store, clientTable),
    notFound: (id) => clientNotFound({ client_id: id }),
  };
}
