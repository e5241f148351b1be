import {
  create,
  type Duration,
  type GatewayConnectionStats,
  GatewayConnectionStatsSchema,
  type GatewayIdentifiers,
  Gs,
  LocationSource,
  type MessageInitShape,
  pick,
  Right,
  timestampFromMs,
} from "@skylark/api";
import type { GatewayIdentifiers as DomainGatewayIdentifiers, TenantId } from "../domain/identifiers.ts";
import type { Location } from "../domain/uplink.ts";
import { allOf, gateway, implement, type ServiceImplementation } from "../rpc/service.ts";
import type { ConnectionStats } from "./connection-stats.ts";
import { notConnected } from "./connections.ts";
import type { GatewayStatus } from "./gateway-status.ts";

/** What the service asks of the server. */
export interface ConnectionStatsSource {
  stats(ids: DomainGatewayIdentifiers): ConnectionStats | undefined;
}

/** The API service `Gs`. */
export function gatewayStatsService(source: ConnectionStatsSource): ServiceImplementation {
  const find = (
    tenantId: TenantId,
    { gatewayId }: GatewayIdentifiers,
  ): GatewayConnectionStats | undefined => {
    const stats = source.stats({ tenantId, gatewayId });
    return stats === undefined ? undefined : create(GatewayConnectionStatsSchema, statsMessage(stats));
  };
  return implement(Gs, {
    getGatewayConnectionStats: {
      requires: ({ gatewayId }) => gateway(gatewayId, Right.GATEWAY_STATUS_READ),
      handle(request, { tenantId }) {
        const stats = find(tenantId, request);
        if (stats === undefined) throw notConnected({ gateway_uid: request.gatewayId });
        return stats;
      },
    },
    batchGetGatewayConnectionStats: {
      requires: ({ gatewayIds }) =>
        allOf(...gatewayIds.map(({ gatewayId }) => gateway(gatewayId, Right.GATEWAY_STATUS_READ))),
      handle({ gatewayIds, fieldMask }, { tenantId }) {
        const paths = fieldMask?.paths ?? [];
        const entries: Record<string, GatewayConnectionStats> = {};
        for (const ids of gatewayIds) {
          const stats = find(tenantId, ids);
          if (stats === undefined) continue;
          entries[ids.gatewayId] =
            paths.length === 0 ? stats : pick(GatewayConnectionStatsSchema, stats, paths);
        }
        return { entries };
      },
    },
  });
}

function statsMessage(stats: ConnectionStats): MessageInitShape<typeof GatewayConnectionStatsSchema> {
  const { lastStatus, roundTripTimes } = stats;
  return {
    connectedAt: timestampFromMs(stats.connectedAt),
    ...timestamp("disconnectedAt", stats.disconnectedAt),
    protocol: stats.protocol,
    ...(lastStatus === undefined
      ? {}
      : {
          lastStatusReceivedAt: timestampFromMs(lastStatus.receivedAt),
          lastStatus: statusMessage(lastStatus.status),
        }),
    ...timestamp("lastUplinkReceivedAt", stats.lastUplinkAt),
    uplinkCount: BigInt(stats.uplinkCount),
    ...timestamp("lastDownlinkReceivedAt", stats.lastDownlinkAt),
    downlinkCount: BigInt(stats.downlinkCount),
    ...timestamp("lastTxAcknowledgmentReceivedAt", stats.lastAcknowledgmentAt),
    txAcknowledgmentCount: BigInt(stats.acknowledgmentCount),
    ...(roundTripTimes === undefined
      ? {}
      : {
          roundTripTimes: {
            min: durationFromMs(roundTripTimes.min),
            max: durationFromMs(roundTripTimes.max),
            median: durationFromMs(roundTripTimes.median),
            count: roundTripTimes.count,
          },
        }),
    subBands: stats.subBands.map(({ minFrequency, maxFrequency, limit, utilization }) => ({
      minFrequency: BigInt(minFrequency),
      maxFrequency: BigInt(maxFrequency),
      downlinkUtilizationLimit: limit,
      downlinkUtilization: utilization,
    })),
    gatewayRemoteAddress: { ip: stats.remoteAddress },
  };
}

function statusMessage({ time, bootAt, versions, antennaLocations, ip, metrics }: GatewayStatus) {
  return {
    ...timestamp("time", time),
    ...timestamp("bootTime", bootAt),
    versions: { ...versions },
    antennaLocations: antennaLocations.map(locationMessage),
    ip: [...ip],
    metrics: { ...metrics },
  };
}

function locationMessage({ latitude, longitude, altitude, accuracy, source }: Location) {
  return {
    latitude,
    longitude,
    altitude: Math.round(altitude ?? 0),
    accuracy: Math.round(accuracy ?? 0),
    source: isLocationSource(source) ? LocationSource[source] : LocationSource.SOURCE_UNKNOWN,
  };
}

function isLocationSource(source: string | undefined): source is keyof typeof LocationSource {
  return source !== undefined && Object.hasOwn(LocationSource, source);
}

function timestamp<Name extends string>(name: Name, at: number | undefined) {
  type Field = { readonly [N in Name]?: ReturnType<typeof timestampFromMs> };
  return (at === undefined ? {} : { [name]: timestampFromMs(at) }) as Field;
}

function durationFromMs(ms: number): Omit<Duration, "$typeName" | "$unknown"> {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}
