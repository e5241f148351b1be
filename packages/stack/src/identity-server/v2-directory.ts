import type { EUI64 } from "@skylark/lorawan";
import type { ApplicationIdentifiers, GatewayIdentifiers, TenantId } from "../domain/identifiers.ts";
import { statement } from "../store/store.ts";
import type { Registries } from "./registries/registries.ts";

/** What The Things Network V2 tells everyone: which applications, gateways and JoinEUIs there are. */
export interface V2Directory {
  /** Undefined when there is no such application. */
  applicationAttributes(ids: ApplicationIdentifiers): Promise<Readonly<Record<string, string>> | undefined>;
  gatewayExists(ids: GatewayIdentifiers): Promise<boolean>;
  joinEuiInUse(tenantId: TenantId, joinEui: EUI64): Promise<boolean>;
}

const selectJoinEui = statement("SELECT 1 FROM end_devices WHERE join_eui = ? AND tenant_id = ? LIMIT 1");

export function createV2Directory({ applications, gateways, store }: Registries): V2Directory {
  return {
    async applicationAttributes({ tenantId, applicationId }) {
      const stored = await applications.entities.get(tenantId, applicationId);
      return stored === undefined || stored.deletedAt !== undefined ? undefined : stored.message.attributes;
    },
    async gatewayExists({ tenantId, gatewayId }) {
      const stored = await gateways.entities.get(tenantId, gatewayId);
      return stored !== undefined && stored.deletedAt === undefined;
    },
    joinEuiInUse: async (tenantId, joinEui) =>
      (await store.query(selectJoinEui, joinEui, tenantId)).length > 0,
  };
}
