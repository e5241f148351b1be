import type { EUI64 } from "@skylark/lorawan";
import type { GatewayIdentifiers } from "../domain/identifiers.ts";
import type { RegisteredGateway } from "../domain/registered-gateway.ts";
import type { GatewayUplink, Location } from "../domain/uplink.ts";

/** What the Gateway Server needs of the Network Server. */
export interface NetworkServer {
  /** Takes the frame and answers nothing: what becomes of it shows in events. Must not throw. */
  handleUplink(uplink: GatewayUplink): void;
}

/** What the Gateway Server needs of the Identity Server. */
export interface GatewayRegistry {
  findByEui(eui: EUI64): Promise<RegisteredGateway | undefined>;
  /** Calls back when the gateway was changed or deleted (undefined); for connections to follow. */
  onGatewayChanged(callback: (ids: GatewayIdentifiers, gateway: RegisteredGateway | undefined) => void): void;
  gatewayLocated(ids: GatewayIdentifiers, location: Location): void;
}
