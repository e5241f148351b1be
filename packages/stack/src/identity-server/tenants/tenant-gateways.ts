import type { RegisteredGateway } from "../../domain/registered-gateway.ts";
import type { GatewayDirectory } from "../gateways/gateway-directory.ts";
import type { Tenancy } from "../tenancy.ts";

type Registered = Pick<GatewayDirectory, "findByEui" | "onGatewayChanged" | "gatewayLocated">;

/** Gateways as the Gateway Server sees them: those of a tenant that is not served cannot connect. */
export function gatewaysOfTenants<Directory extends Registered>(
  directory: Directory,
  tenancy: Tenancy,
): Directory {
  if (!tenancy.enabled) return directory;
  const shown = (gateway: RegisteredGateway): RegisteredGateway =>
    // It has to authenticate, and its credentials are refused.
    tenancy.isServed(gateway.ids.tenantId) ? gateway : { ...gateway, requireAuthenticatedConnection: true };
  return {
    ...directory,
    async findByEui(eui) {
      const gateway = await directory.findByEui(eui);
      return gateway && shown(gateway);
    },
    onGatewayChanged: (listener) =>
      directory.onGatewayChanged((ids, gateway) => listener(ids, gateway && shown(gateway))),
  };
}
