import { create, type Gateway, GatewayAntennaSchema, timestampFromMs } from "@skylark/api";
import type { EUI64 } from "@skylark/lorawan";
import { LoadingCache } from "../../component/loading-cache.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import type { EntityReference, GatewayIdentifiers } from "../../domain/identifiers.ts";
import type { RegisteredGateway } from "../../domain/registered-gateway.ts";
import type { Location } from "../../domain/uplink.ts";
import type { Logger } from "../../log/log.ts";
import { locationMessage } from "../devices/device-profile.ts";
import { readEntity, updateEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { GatewayFinder } from "../storage/gateway-finder.ts";
import { registeredGateway } from "./registered-gateway.ts";

type GatewayListener = (ids: GatewayIdentifiers, gateway: RegisteredGateway | undefined) => void;

/** The gateways as the Gateway Server sees them. */
export interface GatewayDirectory {
  findByEui(eui: EUI64): Promise<RegisteredGateway | undefined>;
  /** Calls back when a gateway was changed, or deleted (undefined). */
  onGatewayChanged(listener: GatewayListener): void;
  /** A gateway told where it stands; written where its owner wants that, and when it moved. */
  gatewayLocated(ids: GatewayIdentifiers, location: Location): void;
  /** A change is durable; `undefined` before it was created and after it is gone. */
  changed(entity: EntityReference, before: Gateway | undefined, after: Gateway | undefined): void;
}

const cachedGateways = 100_000;
/** Some eleven metres; fixes of a gateway that stands still differ by less. */
const movedDegrees = 0.0001;

export function createGatewayDirectory(
  registries: Registries,
  finder: GatewayFinder,
  log: Logger,
): GatewayDirectory {
  const listeners: GatewayListener[] = [];
  // An EUI that nobody registered is kept as well: its gateway asks with every packet.
  const byEui = new LoadingCache<{ readonly gateway: RegisteredGateway | undefined }>(
    cachedGateways,
    async (eui) => {
      const found = await finder.findByEui(eui as EUI64);
      if (found === undefined) return { gateway: undefined };
      const stored = await registries.gateways.entities.get(found.tenantId, found.gatewayId);
      return { gateway: stored && registeredGateway(found.tenantId, stored.message) };
    },
  );
  const locating = new Set<string>();

  const changed: GatewayDirectory["changed"] = (entity, before, after) => {
    const euis = [euiOfBytes(before?.ids?.eui), euiOfBytes(after?.ids?.eui)];
    for (const eui of euis) if (eui !== undefined) byEui.invalidate(eui);
    const known = euis.find((eui) => eui !== undefined);
    const ids: GatewayIdentifiers = {
      tenantId: entity.tenantId,
      gatewayId: entity.id,
      ...(known === undefined ? {} : { eui: known }),
    };
    const gateway = after && registeredGateway(entity.tenantId, after);
    for (const listener of listeners) listener(ids, gateway);
  };

  const writeLocation = async (entity: EntityReference, location: Location): Promise<void> => {
    const { message } = await readEntity(registries.gateways, entity);
    if (!message.updateLocationFromStatus) return;
    let before: Gateway | undefined;
    const after = await updateEntity(registries, registries.gateways, entity, (stored, at) => {
      before = stored;
      return { ...withAntennaLocation(stored, location), updatedAt: timestampFromMs(at) };
    });
    changed(entity, before, after);
  };

  return {
    async findByEui(eui) {
      return (await byEui.get(eui))?.gateway;
    },
    onGatewayChanged: (listener) => void listeners.push(listener),
    changed,
    gatewayLocated(ids, location) {
      const key = `${ids.tenantId}/${ids.gatewayId}`;
      const known = ids.eui === undefined ? undefined : byEui.peek(ids.eui)?.gateway;
      if (locating.has(key) || known?.updateLocationFromStatus === false) return;
      if (known !== undefined && !hasMoved(known, location)) return;
      locating.add(key);
      writeLocation({ tenantId: ids.tenantId, type: "gateway", id: ids.gatewayId }, location)
        .catch((error: unknown) => log.warn("a gateway's location was not written", { gateway: key, error }))
        .finally(() => locating.delete(key));
    },
  };
}

function hasMoved(gateway: RegisteredGateway, location: Location): boolean {
  const before = gateway.antennas[0]?.location;
  return (
    before === undefined ||
    Math.abs(before.latitude - location.latitude) > movedDegrees ||
    Math.abs(before.longitude - location.longitude) > movedDegrees
  );
}

function withAntennaLocation(gateway: Gateway, location: Location): Gateway {
  const [first, ...others] = gateway.antennas;
  const antenna = { ...(first ?? create(GatewayAntennaSchema)), location: locationMessage(location) };
  return { ...gateway, antennas: [antenna, ...others] };
}
