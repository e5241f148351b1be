import assert from "node:assert/strict";
import { test } from "node:test";
import { create, GatewayConnectionStatsSchema, toJSON } from "@skylark/api";
import type { CallContext } from "../rpc/service.ts";
import type { ConnectionStats } from "./connection-stats.ts";
import { gatewayStatsService } from "./gateway-stats-service.ts";

const stats: ConnectionStats = {
  protocol: "udp",
  remoteAddress: "10.0.0.1",
  connectedAt: Date.UTC(2026, 0, 1),
  disconnectedAt: undefined,
  uplinkCount: 3,
  lastUplinkAt: Date.UTC(2026, 0, 1, 0, 0, 1),
  downlinkCount: 2,
  lastDownlinkAt: undefined,
  acknowledgmentCount: 1,
  lastAcknowledgmentAt: undefined,
  lastStatus: {
    receivedAt: Date.UTC(2026, 0, 1, 0, 0, 2),
    status: {
      versions: { hal: "2.1.0" },
      ip: ["10.0.0.1"],
      metrics: { rxin: 2 },
      antennaLocations: [{ latitude: 48.5, longitude: 2.25, altitude: 35.4, source: "SOURCE_GPS" }],
    },
  },
  roundTripTimes: { min: 10, max: 30.5, median: 20, p90: 30, count: 4 },
  subBands: [{ minFrequency: 868_000_000, maxFrequency: 868_600_000, limit: 0.01, utilization: 0.005 }],
};

const service = gatewayStatsService({
  stats: ({ tenantId, gatewayId }) => (tenantId === "default" && gatewayId === "gtw1" ? stats : undefined),
});
const context = { tenantId: "default" } as CallContext;

async function call(method: string, request: object): Promise<unknown> {
  const implementation = service.methods[method];
  assert.ok(implementation !== undefined && "handle" in implementation);
  return (implementation.handle as (request: object, context: CallContext) => unknown)(request, context);
}

test("gives the statistics of a connected gateway as the API has them", async () => {
  const answer = await call("getGatewayConnectionStats", { gatewayId: "gtw1" });
  const json = toJSON(GatewayConnectionStatsSchema, create(GatewayConnectionStatsSchema, answer as object));
  assert.deepEqual(JSON.parse(JSON.stringify(json)), {
    connected_at: "2026-01-01T00:00:00Z",
    protocol: "udp",
    last_status_received_at: "2026-01-01T00:00:02Z",
    last_status: {
      versions: { hal: "2.1.0" },
      antenna_locations: [{ latitude: 48.5, longitude: 2.25, altitude: 35, source: "SOURCE_GPS" }],
      ip: ["10.0.0.1"],
      metrics: { rxin: 2 },
    },
    last_uplink_received_at: "2026-01-01T00:00:01Z",
    uplink_count: "3",
    downlink_count: "2",
    tx_acknowledgment_count: "1",
    round_trip_times: { min: "0.010s", max: "0.030500s", median: "0.020s", count: 4 },
    sub_bands: [
      {
        min_frequency: "868000000",
        max_frequency: "868600000",
        downlink_utilization_limit: 0.01,
        downlink_utilization: 0.005,
      },
    ],
    gateway_remote_address: { ip: "10.0.0.1" },
  });
});

test("a gateway that never connected is an error that names it", async () => {
  await assert.rejects(
    call("getGatewayConnectionStats", { gatewayId: "gtw2" }),
    /gateway `gtw2` not connected/,
  );
});

test("gives the statistics of several gateways, and only the fields asked for", async () => {
  const request = {
    gatewayIds: [{ gatewayId: "gtw1" }, { gatewayId: "gtw2" }],
    fieldMask: { paths: ["protocol"] },
  };
  const { entries } = (await call("batchGetGatewayConnectionStats", request)) as {
    entries: Record<string, object>;
  };
  assert.deepEqual(entries, { gtw1: create(GatewayConnectionStatsSchema, { protocol: "udp" }) });
});
