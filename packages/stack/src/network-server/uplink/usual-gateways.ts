import type { Reception } from "../../domain/uplink.ts";

/** A gateway that has not heard the device in this many uplinks is not waited for. */
const patience = 8;
const maxGateways = 16;

interface UsualGateway {
  readonly gatewayId: string;
  readonly tenantId: string;
  lastHeard: number;
}

/** The gateways that usually hear a device: once all of them have reported a frame, nobody needs to be waited for. */
export class UsualGateways {
  #uplinks = 0;
  #gateways: UsualGateway[] = [];

  /** Whether every usual gateway is among these; not before the first whole window. */
  haveReported(receptions: readonly Reception[]): boolean {
    if (this.#gateways.length === 0) return false;
    for (const gateway of this.#gateways) {
      if (!receptions.some((reception) => isOf(gateway, reception))) return false;
    }
    return true;
  }

  /** Takes in who heard a frame once its window is over. */
  learn(receptions: readonly Reception[]): void {
    this.#uplinks++;
    for (const reception of receptions) this.add(reception);
    if (this.#gateways.some(({ lastHeard }) => this.#uplinks - lastHeard > patience)) {
      this.#gateways = this.#gateways.filter(({ lastHeard }) => this.#uplinks - lastHeard <= patience);
    }
  }

  /** Also for a copy that came after a window that was ended early: next time it is waited for. */
  add(reception: Reception): void {
    const known = this.#gateways.find((gateway) => isOf(gateway, reception));
    if (known !== undefined) {
      known.lastHeard = this.#uplinks;
    } else if (this.#gateways.length < maxGateways) {
      const { tenantId, gatewayId } = reception.gateway.ids;
      this.#gateways.push({ tenantId, gatewayId, lastHeard: this.#uplinks });
    }
  }
}

function isOf(gateway: UsualGateway, { gateway: { ids } }: Reception): boolean {
  return gateway.gatewayId === ids.gatewayId && gateway.tenantId === ids.tenantId;
}
