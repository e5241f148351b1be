import type { Clock, RandomBytes } from "../clock/clock.ts";
import type { OptionValues } from "../config/option.ts";
import type { ReceiveWindow, Reservation, TransmissionRequest } from "../domain/downlink.ts";
import type { GatewayIdentifiers, TenantId } from "../domain/identifiers.ts";
import type { Reception } from "../domain/uplink.ts";
import { errorDetailsJson } from "../errors/error-details.ts";
import { defineErrors, type SkylarkError } from "../errors/errors.ts";
import type { EventPublisher } from "../events/events.ts";
import type { Logger } from "../log/log.ts";
import type { gatewayServerOptions } from "./config.ts";
import type { GatewayConnection } from "./connection.ts";
import type { ConnectionStats } from "./connection-stats.ts";
import { Connections, notConnected } from "./connections.ts";
import { createCounters, type GatewayServerCounters } from "./counters.ts";
import type { FrontEnd } from "./frontends/frontend.ts";
import { SemtechUdpFrontEnd } from "./frontends/semtech-udp/front-end.ts";
import type { GatewayRegistry, NetworkServer } from "./peers.ts";
import { asSkylarkError } from "./scheduling/refusal.ts";

const errors = defineErrors("pkg/gatewayserver");
const schedulePath = errors.unknown("schedule_path", "schedule on path `{gateway_uid}`");
const scheduleFailed = errors.aborted("schedule", "schedule");
const ioErrors = defineErrors("pkg/gatewayserver/io");
const rxWindowSchedule = ioErrors.unknown("rx_window_schedule", "schedule in Rx window `{window}` failed");
const txSchedule = ioErrors.aborted("tx_schedule", "schedule");

/** Of a path to a gateway that is not connected: as if its network were slow. */
const unknownLeadTimeMs = 130;

/** Some four megabytes between the threads: a second's worth at 20,000 uplinks each second. */
const maxBatches = 64;
const maxQueuedPerGateway = 2048;
const maxGatewaysInTable = 65_536;
/** A tenth of the main thread's time or so. */
const evictionsPerSecond = 2000;

export interface GatewayServerDependencies {
  readonly options: OptionValues<typeof gatewayServerOptions>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventPublisher;
  readonly randomBytes: RandomBytes;
  readonly gatewayRegistry: GatewayRegistry;
  /** The tenant of gateways that nobody registered. */
  readonly tenantId: TenantId;
  /** Gateways that are kept at once, connected or not. */
  readonly maxUdpGateways?: number;
}

export interface GatewayServer {
  /** Sets where uplinks go; before `listen`. */
  connectNetworkServer(networkServer: NetworkServer): void;
  reserve(request: TransmissionRequest): Reservation;
  leadTimeMs(request: Pick<TransmissionRequest, "paths">): number;
  /** Also of gateways that left lately. */
  stats(ids: GatewayIdentifiers): ConnectionStats | undefined;
  readonly counters: Readonly<GatewayServerCounters>;
  /** What front ends counted, by protocol. */
  frontEndCounters(): Readonly<Record<string, Readonly<Record<string, number>>>>;
  connectedGateways(): number;
  /** The port it listens on, after `listen`. */
  udpPort(): number | undefined;
  listen(): Promise<{ readonly udpPort: number | undefined }>;
  close(): Promise<void>;
}

export function createGatewayServer(dependencies: GatewayServerDependencies): GatewayServer {
  const counters = createCounters();
  let networkServer: NetworkServer | undefined;
  let udpPort: number | undefined;
  const connections = createConnections(dependencies, counters, () => {
    if (networkServer === undefined) throw new Error("the Gateway Server has no Network Server");
    return networkServer;
  });
  const udp = createSemtechUdp(dependencies, counters, connections);
  const frontEnds: readonly FrontEnd[] = udp === undefined ? [] : [udp];
  return {
    counters,
    connectNetworkServer(peer) {
      networkServer = peer;
    },
    reserve: (request) => reserve(connections, request),
    leadTimeMs: ({ paths }) =>
      paths.length === 0
        ? unknownLeadTimeMs
        : Math.min(
            ...paths.map(({ gateway }) => connections.find(gateway.ids)?.leadTimeMs() ?? unknownLeadTimeMs),
          ),
    stats: (ids) => connections.stats(ids),
    frontEndCounters: () =>
      Object.fromEntries(frontEnds.map((frontEnd) => [frontEnd.protocol, frontEnd.counters()])),
    connectedGateways: () => connections.count,
    udpPort: () => udpPort,
    async listen() {
      udpPort = await udp?.listen();
      return { udpPort };
    },
    async close() {
      // What they have received is taken before its gateway is disconnected.
      await Promise.all(frontEnds.map((frontEnd) => frontEnd.close()));
      connections.close();
    },
  };
}

function createConnections(
  { options, clock, logger, events, randomBytes, gatewayRegistry, tenantId }: GatewayServerDependencies,
  counters: GatewayServerCounters,
  networkServer: () => NetworkServer,
): Connections {
  return new Connections({
    context: {
      clock,
      logger,
      events,
      counters,
      networkServer,
      gatewayLocated: (ids, location) => gatewayRegistry.gatewayLocated(ids, location),
      scheduleLateMs: options["gs.udp.schedule-late-time"],
      randomId: () => {
        const [high, low] = randomBytes(2);
        return high! * 256 + low!;
      },
    },
    gatewayRegistry,
    tenantId,
    requireRegisteredGateways: options["gs.require-registered-gateways"],
    fallbackFrequencyPlanId: options["gs.fallback-frequency-plan"],
    maxUnregisteredGateways: options["gs.max-unregistered-gateways"],
    connectionExpiryMs: options["gs.udp.connection-expires"],
  });
}

function createSemtechUdp(
  { options, clock, logger, maxUdpGateways = maxGatewaysInTable }: GatewayServerDependencies,
  counters: GatewayServerCounters,
  connections: Connections,
): SemtechUdpFrontEnd | undefined {
  const address = options["gs.udp.listen"];
  if (address === undefined) return undefined;
  const datagramsPerSecond = options["gs.udp.max-datagrams-per-second"];
  return new SemtechUdpFrontEnd({
    address,
    limits: {
      datagramsPerSecond,
      burst: 2 * datagramsPerSecond,
      addressChangeBlockMs: options["gs.udp.address-change-block"],
      connectionExpiryMs: options["gs.udp.connection-expires"],
      maxGateways: maxUdpGateways,
      evictionsPerSecond,
      maxBatches,
      maxQueuedPerGateway,
    },
    downlinkPathExpiryMs: options["gs.udp.downlink-path-expires"],
    clock,
    logger,
    connections,
    counters,
  });
}

/** Tries the paths in their order, and each one's windows; throws every path's reasons when none can send. */
function reserve(connections: Connections, request: TransmissionRequest): Reservation {
  const refusals: SkylarkError[] = [];
  for (const path of request.paths) {
    const { ids } = path.gateway;
    const connection = connections.find(ids);
    if (connection === undefined) {
      refusals.push(notConnected({ gateway_uid: ids.gatewayId }));
      continue;
    }
    connection.publishScheduleAttempt();
    const outcome = reserveOnPath(connection, path, request);
    if (!Array.isArray(outcome)) return outcome;
    const cause = txSchedule({}, pathErrors(outcome));
    connection.publishScheduleFailure(cause);
    refusals.push(schedulePath({ gateway_uid: ids.gatewayId }, { cause }));
  }
  throw scheduleFailed({}, pathErrors(refusals));
}

function reserveOnPath(
  connection: GatewayConnection,
  path: Reception,
  request: TransmissionRequest,
): Reservation | SkylarkError[] {
  const refusals: SkylarkError[] = [];
  for (const window of request.windows) {
    const outcome = tryWindow(connection, path, window, request);
    if ("transmit" in outcome) return outcome;
    refusals.push(rxWindowSchedule({ window: window.window }, { cause: outcome }));
  }
  return refusals;
}

function tryWindow(
  connection: GatewayConnection,
  path: Reception,
  window: ReceiveWindow,
  request: TransmissionRequest,
): Reservation | SkylarkError {
  try {
    return connection.reserve(path, window, request);
  } catch (error) {
    return asSkylarkError(error);
  }
}

function pathErrors(refusals: readonly SkylarkError[]) {
  return {
    details: [
      {
        type: "ttn.lorawan.v3.ScheduleDownlinkErrorDetails",
        value: { path_errors: refusals.map(errorDetailsJson) },
      },
    ],
  };
}
