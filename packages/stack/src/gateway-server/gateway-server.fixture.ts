import { randomBytes } from "node:crypto";
import { parseEUI64 } from "@skylark/lorawan";
import { type Clock, systemClock } from "../clock/clock.ts";
import type { OptionValues } from "../config/option.ts";
import type { GatewayIdentifiers } from "../domain/identifiers.ts";
import type { RegisteredGateway } from "../domain/registered-gateway.ts";
import type { GatewayUplink, Location } from "../domain/uplink.ts";
import type { EventDetails, EventPublisher } from "../events/events.ts";
import { type Logger, silentLogger } from "../log/log.ts";
import type { gatewayServerOptions } from "./config.ts";
import { createGatewayServer, type GatewayServer } from "./gateway-server.ts";
import type { GatewayRegistry } from "./peers.ts";

/*
 * A Gateway Server with peers that a test looks into.
 */

export const registeredEui = parseEUI64("0102030405060708");

export const registeredGateway: RegisteredGateway = {
  ids: { tenantId: "default", gatewayId: "gtw1", eui: registeredEui },
  frequencyPlanIds: ["EU_863_870_TTN"],
  antennas: [{ gain: 2, location: { latitude: 52, longitude: 5, altitude: 3, source: "SOURCE_REGISTRY" } }],
  locationPublic: true,
  statusPublic: true,
  enforceDutyCycle: true,
  scheduleDownlinkLate: false,
  scheduleAnytimeDelayMs: 0,
  updateLocationFromStatus: true,
  requireAuthenticatedConnection: false,
  downlinkPathConstraint: "NONE",
};

const defaultOptions: OptionValues<typeof gatewayServerOptions> = {
  "gs.udp.listen": { host: "127.0.0.1", port: 0 },
  "gs.udp.max-datagrams-per-second": 1000,
  "gs.udp.connection-expires": 180_000,
  "gs.udp.downlink-path-expires": 90_000,
  "gs.udp.address-change-block": 60_000,
  "gs.udp.schedule-late-time": 800,
  "gs.require-registered-gateways": false,
  "gs.fallback-frequency-plan": "EU_863_870_TTN",
  "gs.max-unregistered-gateways": 100,
};

export interface PublishedEvent extends EventDetails {
  readonly name: string;
  readonly gatewayId: string;
}

export interface TestServer {
  readonly server: GatewayServer;
  readonly uplinks: GatewayUplink[];
  readonly events: PublishedEvent[];
  readonly located: Location[];
  /** Changes or, without a gateway, deletes a registration. */
  register(ids: GatewayIdentifiers, gateway: RegisteredGateway | undefined): void;
  /** Waits for a value that is not undefined or false; fails after half a minute. */
  until<T>(probe: () => T | undefined | false): Promise<T>;
}

export interface TestServerOptions {
  readonly options?: Partial<OptionValues<typeof gatewayServerOptions>>;
  readonly gateways?: readonly RegisteredGateway[];
  readonly clock?: Clock;
  readonly maxUdpGateways?: number;
  readonly logger?: Logger;
}

export function createTestServer(given: TestServerOptions = {}): TestServer {
  const registered = new Map((given.gateways ?? [registeredGateway]).map((each) => [each.ids.eui, each]));
  const listeners: ((ids: GatewayIdentifiers, gateway: RegisteredGateway | undefined) => void)[] = [];
  const uplinks: GatewayUplink[] = [];
  const events: PublishedEvent[] = [];
  const located: Location[] = [];
  const gatewayRegistry: GatewayRegistry = {
    findByEui: (eui) => Promise.resolve(registered.get(eui)),
    onGatewayChanged: (callback) => listeners.push(callback),
    gatewayLocated: (_ids, location) => located.push(location),
  };
  const publisher: EventPublisher = {
    publish(definition, subject, details) {
      if (subject.kind !== "gateway") throw new Error("expected an event of a gateway");
      events.push({ name: definition.name, gatewayId: subject.ids.gatewayId, ...details?.() });
    },
  };
  const server = createGatewayServer({
    options: { ...defaultOptions, ...given.options },
    clock: given.clock ?? systemClock,
    logger: given.logger ?? silentLogger,
    events: publisher,
    randomBytes,
    gatewayRegistry,
    tenantId: "default",
    ...(given.maxUdpGateways !== undefined && { maxUdpGateways: given.maxUdpGateways }),
  });
  server.connectNetworkServer({ handleUplink: (uplink) => uplinks.push(uplink) });
  return {
    server,
    uplinks,
    events,
    located,
    register(ids, gateway) {
      if (gateway === undefined) registered.delete(ids.eui);
      else registered.set(ids.eui, gateway);
      for (const listener of listeners) listener(ids, gateway);
    },
    until,
  };
}

async function until<T>(probe: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`not within half a minute: ${probe.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
