import { type EUI64, frequencyPlans } from "@skylark/lorawan";
import type { At, Timer } from "../clock/clock.ts";
import { type GatewayIdentifiers, gatewayKey, type TenantId } from "../domain/identifiers.ts";
import type { RegisteredGateway } from "../domain/registered-gateway.ts";
import { defineErrors, type SkylarkError } from "../errors/errors.ts";
import type { EventSubject } from "../events/events.ts";
import { errorMessage } from "./api-messages.ts";
import { type ConnectionContext, GatewayConnection } from "./connection.ts";
import type { ConnectionStats } from "./connection-stats.ts";
import { gatewayEvents } from "./gateway-events.ts";
import type { GatewayLink } from "./link.ts";
import type { GatewayRegistry } from "./peers.ts";

const errors = defineErrors("pkg/gatewayserver");
const gatewayEuiNotRegistered = errors.notFound(
  "gateway_eui_not_registered",
  "gateway EUI `{eui}` is not registered",
);
const noFallbackFrequencyPlan = errors.notFound(
  "no_fallback_frequency_plan",
  "gateway `{gateway_uid}` is not registered and no fallback frequency plan defined",
);
const unauthenticated = errors.unauthenticated(
  "unauthenticated_gateway_connection",
  "gateway requires an authenticated connection",
);
export const notConnected = errors.notFound("not_connected", "gateway `{gateway_uid}` not connected");
const newConnection = errors.aborted("new_connection", "new connection from same gateway");
const gatewayChanged = errors.unknown("gateway_changed", "gateway changed in registry");
const tooManyUnregistered = errors.resourceExhausted(
  "too_many_unregistered_gateways",
  "no more than `{maximum}` gateways that are not registered can be connected",
);
const connectionExpired = defineErrors("pkg/gatewayserver/io/udp").unknown(
  "connection_expired",
  "connection expired",
);
const frequencyPlanNotConfigured = defineErrors("pkg/gatewayserver/io").invalidArgument(
  "frequency_plan_not_configured",
  "frequency plan `{id}` is not configured for this gateway",
);
const serverStops = errors.canceled("server_stops", "the Gateway Server stops");

const sweepIntervalMs = 10_000;

/** Statistics of gateways that left are kept so long, and for so many. */
const departedKeptMs = 48 * 60 * 60_000;
const maxDeparted = 10_000;

export interface ConnectionsOptions {
  readonly context: ConnectionContext;
  readonly gatewayRegistry: GatewayRegistry;
  /** Owns the gateways that nobody registered. */
  readonly tenantId: TenantId;
  readonly requireRegisteredGateways: boolean;
  /** Empty: none. */
  readonly fallbackFrequencyPlanId: string;
  readonly maxUnregisteredGateways: number;
  readonly connectionExpiryMs: number;
}

/** The gateways that are connected, by whatever protocol; at most one connection of each. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #byKey = new Map<string, GatewayConnection>();
  readonly #departed = new Map<string, { readonly stats: ConnectionStats; readonly at: At }>();
  readonly #changeListeners = new Set<(ids: GatewayIdentifiers) => void>();
  #unregistered = 0;
  #closed = false;
  #nextSweep: Timer | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    options.gatewayRegistry.onGatewayChanged((ids, gateway) => this.#handleChange(ids, gateway));
    this.#scheduleSweep();
  }

  get count(): number {
    return this.#byKey.size;
  }

  find(ids: GatewayIdentifiers): GatewayConnection | undefined {
    return this.#byKey.get(gatewayKey(ids));
  }

  /** Tells front ends that a refused gateway may be worth another try. */
  onGatewayChanged(listener: (ids: GatewayIdentifiers) => void): void {
    this.#changeListeners.add(listener);
  }

  /** Connects the gateway with an EUI over a link; throws, and publishes, why not. */
  async connect(eui: EUI64, link: GatewayLink): Promise<GatewayConnection> {
    const registered = await this.#options.gatewayRegistry.findByEui(eui);
    const gateway = registered ?? this.#unregisteredGateway(eui);
    try {
      return this.#accept(gateway, eui, link, registered !== undefined);
    } catch (error) {
      const { events, counters } = this.#options.context;
      counters.connectionsRefused++;
      const subject: EventSubject = { kind: "gateway", ids: gateway.ids };
      events.publish(gatewayEvents.connectFail, subject, () => ({ data: errorMessage(error) }));
      throw error;
    }
  }

  stats(ids: GatewayIdentifiers): ConnectionStats | undefined {
    const key = gatewayKey(ids);
    return this.#byKey.get(key)?.stats() ?? this.#departed.get(key)?.stats;
  }

  close(): void {
    this.#closed = true;
    this.#nextSweep?.cancel();
    for (const connection of [...this.#byKey.values()]) this.#end(connection, serverStops());
  }

  #accept(
    gateway: RegisteredGateway,
    eui: EUI64,
    link: GatewayLink,
    isRegistered: boolean,
  ): GatewayConnection {
    const { context, requireRegisteredGateways, maxUnregisteredGateways } = this.#options;
    if (this.#closed) throw serverStops();
    const key = gatewayKey(gateway.ids);
    const previous = this.#byKey.get(key);
    if (!isRegistered && requireRegisteredGateways) throw gatewayEuiNotRegistered({ eui });
    if (!isRegistered && previous === undefined && this.#unregistered >= maxUnregisteredGateways)
      throw tooManyUnregistered({ maximum: maxUnregisteredGateways });
    if (!link.isAuthenticated && (gateway.requireAuthenticatedConnection || previous?.link.isAuthenticated))
      throw unauthenticated();
    const frequencyPlanId = this.#frequencyPlanId(gateway);
    const connection = new GatewayConnection({ context, link, gateway, isRegistered, frequencyPlanId });
    if (previous !== undefined) this.#end(previous, newConnection());
    this.#byKey.set(key, connection);
    this.#departed.delete(key);
    if (!isRegistered) this.#unregistered++;
    context.events.publish(gatewayEvents.connect, { kind: "gateway", ids: gateway.ids }, () => ({
      data: {
        typeName: "ttn.lorawan.v3.GatewayConnectionStats",
        json: { protocol: link.protocol, gateway_remote_address: { ip: link.remoteAddress } },
      },
    }));
    return connection;
  }

  #frequencyPlanId({ ids, frequencyPlanIds }: RegisteredGateway): string {
    const planId = frequencyPlanIds[0] ?? this.#options.fallbackFrequencyPlanId;
    if (planId === "") throw noFallbackFrequencyPlan({ gateway_uid: ids.gatewayId });
    if (!frequencyPlans.has(planId)) throw frequencyPlanNotConfigured({ id: planId });
    return planId;
  }

  /** How a gateway that nobody registered is treated. */
  #unregisteredGateway(eui: EUI64): RegisteredGateway {
    return {
      ids: { tenantId: this.#options.tenantId, gatewayId: `eui-${eui.toLowerCase()}`, eui },
      frequencyPlanIds: [],
      antennas: [],
      locationPublic: false,
      statusPublic: false,
      enforceDutyCycle: true,
      scheduleDownlinkLate: false,
      scheduleAnytimeDelayMs: 0,
      updateLocationFromStatus: false,
      requireAuthenticatedConnection: false,
      downlinkPathConstraint: "NONE",
    };
  }

  #end(connection: GatewayConnection, error: SkylarkError): void {
    const key = gatewayKey(connection.ids);
    if (this.#byKey.get(key) !== connection) return;
    this.#byKey.delete(key);
    if (!connection.isRegistered) this.#unregistered--;
    connection.disconnect(error);
    this.#departed.set(key, { stats: connection.stats(), at: this.#options.context.clock.now() });
    if (this.#departed.size > maxDeparted) {
      for (const oldest of this.#departed.keys()) {
        this.#departed.delete(oldest);
        break;
      }
    }
  }

  #handleChange(ids: GatewayIdentifiers, gateway: RegisteredGateway | undefined): void {
    const connection = this.#byKey.get(gatewayKey(ids));
    if (connection !== undefined) {
      if (gateway !== undefined && connectionFacts(gateway) === connectionFacts(connection.gateway))
        connection.update(gateway);
      else this.#end(connection, gatewayChanged());
    }
    if (ids.eui !== undefined) {
      const { gatewayId, tenantId } = this.#unregisteredGateway(ids.eui).ids;
      const unregistered = this.#byKey.get(gatewayKey({ gatewayId, tenantId }));
      if (unregistered !== undefined && !unregistered.isRegistered) this.#end(unregistered, gatewayChanged());
    }
    for (const listener of this.#changeListeners) listener(ids);
  }

  #scheduleSweep(): void {
    if (this.#closed) return;
    this.#nextSweep = this.#options.context.clock.after(sweepIntervalMs, () => {
      this.#sweep(this.#options.context.clock.now());
      this.#scheduleSweep();
    });
  }

  #sweep(now: At): void {
    for (const connection of [...this.#byKey.values()]) {
      if (now - connection.lastSeenAt >= this.#options.connectionExpiryMs)
        this.#end(connection, connectionExpired());
    }
    for (const [key, { at }] of this.#departed) {
      if (now - at < departedKeptMs) break;
      this.#departed.delete(key);
    }
  }
}

/** What a connection is made with: a change of it needs a new one. */
function connectionFacts(gateway: RegisteredGateway): string {
  const { ids, frequencyPlanIds, antennas, enforceDutyCycle, scheduleDownlinkLate } = gateway;
  return JSON.stringify([
    ids.eui,
    frequencyPlanIds,
    antennas.map(({ gain }) => gain),
    enforceDutyCycle,
    scheduleDownlinkLate,
    gateway.requireAuthenticatedConnection,
  ]);
}
