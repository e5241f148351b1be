import { DownlinkPathConstraint, durationMs, type Gateway } from "@skylark/api";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import type { RegisteredGateway } from "../../domain/registered-gateway.ts";
import { domainLocation } from "../devices/device-profile.ts";

export function registeredGateway(tenantId: string, gateway: Gateway): RegisteredGateway {
  const eui = euiOfBytes(gateway.ids?.eui);
  return {
    ids: {
      tenantId,
      gatewayId: gateway.ids?.gatewayId ?? "",
      ...(eui === undefined ? {} : { eui }),
    },
    frequencyPlanIds: [...gateway.frequencyPlanIds],
    antennas: gateway.antennas.map(({ gain, location }) =>
      location === undefined ? { gain } : { gain, location: domainLocation(location) },
    ),
    locationPublic: gateway.locationPublic,
    statusPublic: gateway.statusPublic,
    enforceDutyCycle: gateway.enforceDutyCycle,
    scheduleDownlinkLate: gateway.scheduleDownlinkLate,
    scheduleAnytimeDelayMs:
      gateway.scheduleAnytimeDelay === undefined ? 0 : durationMs(gateway.scheduleAnytimeDelay),
    updateLocationFromStatus: gateway.updateLocationFromStatus,
    requireAuthenticatedConnection: gateway.requireAuthenticatedConnection,
    downlinkPathConstraint: pathConstraint(gateway.downlinkPathConstraint),
  };
}

function pathConstraint(constraint: DownlinkPathConstraint): RegisteredGateway["downlinkPathConstraint"] {
  switch (constraint) {
    case DownlinkPathConstraint.PREFER_OTHER:
      return "PREFER_OTHER";
    case DownlinkPathConstraint.NEVER:
      return "NEVER";
    default:
      return "NONE";
  }
}
