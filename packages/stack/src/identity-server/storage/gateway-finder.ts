import type { EUI64 } from "@skylark/lorawan";
import type { Store } from "../../store/store.ts";
import { knownStatement, textOf } from "./rows.ts";

/** Finds the one gateway of the installation that has an EUI. */
export interface GatewayFinder {
  findByEui(eui: EUI64): Promise<{ readonly tenantId: string; readonly gatewayId: string } | undefined>;
}

const byEui = knownStatement("SELECT tenant_id, gateway_id FROM gateways WHERE eui = ?");

export function createGatewayFinder(store: Pick<Store, "query">): GatewayFinder {
  return {
    async findByEui(eui) {
      const [row] = await store.query(byEui, eui);
      if (row === undefined) return undefined;
      return { tenantId: textOf(row, "tenant_id"), gatewayId: textOf(row, "gateway_id") };
    },
  };
}
