import { getFrequencyPlan } from "@skylark/lorawan";
import type { At, Clock } from "../clock/clock.ts";
import type {
  ReceiveWindow,
  Reservation,
  TransmissionRequest,
  TransmissionResult,
} from "../domain/downlink.ts";
import type { GatewayIdentifiers } from "../domain/identifiers.ts";
import type { RegisteredGateway } from "../domain/registered-gateway.ts";
import { ulid } from "../domain/ulid.ts";
import type { ConnectedGateway, GatewayUplink, Location, Reception } from "../domain/uplink.ts";
import type { SkylarkError } from "../errors/errors.ts";
import type { EventDetails, EventPublisher, EventSubject } from "../events/events.ts";
import type { Logger } from "../log/log.ts";
import {
  downlinkMessage,
  errorMessage,
  gatewayIdsJson,
  gatewayUplinkMessage,
  statusMessage,
  txAcknowledgmentMessage,
} from "./api-messages.ts";
import type { ConnectionStats } from "./connection-stats.ts";
import type { GatewayServerCounters } from "./counters.ts";
import { GatewayClock } from "./gateway-clock.ts";
import { gatewayEvents } from "./gateway-events.ts";
import type { GatewayStatus } from "./gateway-status.ts";
import type { FrameSignal, GatewayFrame, GatewayLink, Transmission } from "./link.ts";
import type { NetworkServer } from "./peers.ts";
import { RepeatFilter } from "./repeat-filter.ts";
import { RoundTripTimes } from "./round-trip-times.ts";
import { Scheduler } from "./scheduling/scheduler.ts";
import { notAllowed, Transmitter } from "./transmitter.ts";

const repeatEventIntervalMs = 60_000;
const locationIntervalMs = 60 * 60_000;

/** What a connection uses of the server around it. */
export interface ConnectionContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventPublisher;
  readonly counters: GatewayServerCounters;
  readonly networkServer: () => NetworkServer;
  readonly gatewayLocated: (ids: GatewayIdentifiers, location: Location) => void;
  readonly scheduleLateMs: number;
  /** 0 to 65,535. */
  readonly randomId: () => number;
}

export interface ConnectionOptions {
  readonly context: ConnectionContext;
  readonly link: GatewayLink;
  readonly gateway: RegisteredGateway;
  readonly isRegistered: boolean;
  readonly frequencyPlanId: string;
}

/** A gateway while it is connected, whatever protocol it speaks. */
export class GatewayConnection {
  readonly ids: GatewayIdentifiers;
  readonly isRegistered: boolean;
  readonly link: GatewayLink;
  readonly connectedAt: At;
  readonly frequencyPlanId: string;
  readonly #context: ConnectionContext;
  readonly #subject: EventSubject;
  readonly #clock: GatewayClock;
  readonly #roundTrips = new RoundTripTimes();
  readonly #repeats = new RepeatFilter();
  readonly #scheduler: Scheduler;
  readonly #transmitter: Transmitter;
  #gateway: RegisteredGateway;
  #connected: ConnectedGateway;
  #lastSeenAt: At;
  #endedWith: SkylarkError | undefined;
  #disconnectedAt: At | undefined;
  #uplinkCount = 0;
  #downlinkCount = 0;
  #acknowledgmentCount = 0;
  #lastUplinkAt: At | undefined;
  #lastDownlinkAt: At | undefined;
  #lastAcknowledgmentAt: At | undefined;
  #lastStatus: { readonly status: GatewayStatus; readonly receivedAt: At } | undefined;
  #repeatEventAt = Number.NEGATIVE_INFINITY;
  #locatedAt = Number.NEGATIVE_INFINITY;

  constructor({ context, link, gateway, isRegistered, frequencyPlanId }: ConnectionOptions) {
    this.ids = gateway.ids;
    this.isRegistered = isRegistered;
    this.link = link;
    this.frequencyPlanId = frequencyPlanId;
    this.#context = context;
    this.#gateway = gateway;
    this.#subject = { kind: "gateway", ids: gateway.ids };
    this.connectedAt = context.clock.now();
    this.#lastSeenAt = this.connectedAt;
    this.#connected = this.#describe(`gs:conn:${ulid(this.connectedAt)}`);
    this.#scheduler = new Scheduler(frequencyPlanId, gateway.enforceDutyCycle);
    this.#clock = new GatewayClock((byUs) => this.#scheduler.restart(byUs));
    this.#transmitter = new Transmitter({
      clock: context.clock,
      link,
      gatewayIds: gateway.ids,
      gatewayClock: this.#clock,
      roundTrips: this.#roundTrips,
      scheduler: this.#scheduler,
      antennaGain: gateway.antennas[0]?.gain ?? 0,
      sendsLate: gateway.scheduleDownlinkLate,
      lateMs: context.scheduleLateMs,
      firstId: context.randomId(),
      observer: {
        sent: (transmission, correlationIds) => this.#sent(transmission, correlationIds),
        acknowledged: (result, correlationIds) => this.#acknowledged(result, correlationIds),
      },
    });
  }

  get gateway(): RegisteredGateway {
    return this.#gateway;
  }

  get lastSeenAt(): At {
    return this.#lastSeenAt;
  }

  /** Anything came from the gateway. */
  handleSign(at: At): void {
    if (at > this.#lastSeenAt) this.#lastSeenAt = at;
  }

  handleFrame(frame: GatewayFrame): void {
    const { counters, clock } = this.#context;
    counters.uplinksReceived++;
    this.handleSign(frame.receivedAt);
    const roundTrip = this.#roundTrips.stats(frame.receivedAt);
    const receivedAt = roundTrip === undefined ? frame.receivedAt : frame.receivedAt - roundTrip.median / 2;
    const concentratorTimeUs = this.#clock.synchronize(frame.timestamp, receivedAt);
    if (frame.gpsTime !== undefined) this.#clock.synchronizeGps(frame.gpsTime, concentratorTimeUs);
    if (this.#repeats.isRepeat(frame.rawPayload, concentratorTimeUs)) {
      this.#handleRepeat();
      return;
    }
    this.#uplinkCount++;
    this.#lastUplinkAt = frame.receivedAt;
    const uplink = this.#toUplink(frame, receivedAt, concentratorTimeUs);
    const details = (): EventDetails => ({
      correlationIds: [uplink.correlationId],
      data: gatewayUplinkMessage(uplink, getFrequencyPlan(this.frequencyPlanId).bandId),
    });
    this.#publish("upReceive", details);
    try {
      this.#context.networkServer().handleUplink(uplink);
    } catch (error) {
      counters.uplinksFailed++;
      this.#context.logger.error("network server failed to take an uplink", { error, at: clock.now() });
      this.#publish("upDrop", () => ({ correlationIds: [uplink.correlationId], data: errorMessage(error) }));
      return;
    }
    counters.uplinksForwarded++;
    this.#publish("upForward", () => ({ correlationIds: [uplink.correlationId] }));
  }

  handleStatus(status: GatewayStatus, receivedAt: At): void {
    this.handleSign(receivedAt);
    this.#context.counters.statusesReceived++;
    this.#lastStatus = { status, receivedAt };
    this.#publish("statusReceive", () => ({ data: statusMessage(status) }));
    const [location] = status.antennaLocations;
    if (location === undefined || !this.#gateway.updateLocationFromStatus || !this.isRegistered) return;
    if (receivedAt - this.#locatedAt < locationIntervalMs) return;
    this.#locatedAt = receivedAt;
    this.#context.gatewayLocated(this.ids, location);
  }

  /** What a gateway said of the transmission with this identifier. */
  handleTransmissionResult(id: number, result: TransmissionResult, receivedAt: At): void {
    this.handleSign(receivedAt);
    this.#transmitter.handleResult(id, result, receivedAt);
  }

  /** Something of the gateway was dropped by its front end. */
  handleDrop(error: SkylarkError): void {
    this.#publish("upDrop", () => ({ data: errorMessage(error) }));
  }

  leadTimeMs(): number {
    return this.#transmitter.leadTimeMs();
  }

  /** Holds a place in one window after a reception; throws what speaks against it. */
  reserve(reception: Reception, window: ReceiveWindow, request: TransmissionRequest): Reservation {
    if (this.#gateway.downlinkPathConstraint === "NEVER") throw notAllowed();
    return this.#transmitter.reserve(this.#inOurTime(reception), window, request);
  }

  publishScheduleAttempt(): void {
    this.#publish("downScheduleAttempt", () => ({}));
  }

  publishScheduleFailure(error: SkylarkError): void {
    this.#publish("downScheduleFail", () => ({ data: errorMessage(error) }));
  }

  /** Takes a change of the registration that needs no new connection. */
  update(gateway: RegisteredGateway): void {
    this.#gateway = gateway;
    this.#connected = this.#describe(this.#connected.connectionCorrelationId);
  }

  /** Ends the connection; a second time does nothing. */
  disconnect(error: SkylarkError): void {
    if (this.#endedWith !== undefined) return;
    this.#endedWith = error;
    this.#disconnectedAt = this.#context.clock.now();
    this.#transmitter.close();
    this.link.close();
    this.#publish("disconnect", () => ({
      correlationIds: [this.#connected.connectionCorrelationId],
      data: errorMessage(error),
    }));
  }

  stats(): ConnectionStats {
    const now = this.#context.clock.now();
    const nowUs = this.#clock.fromServerTime(now) ?? 0;
    const roundTripTimes = this.#roundTrips.stats(now);
    return {
      protocol: this.link.protocol,
      remoteAddress: this.link.remoteAddress,
      connectedAt: this.connectedAt,
      disconnectedAt: this.#disconnectedAt,
      uplinkCount: this.#uplinkCount,
      lastUplinkAt: this.#lastUplinkAt,
      downlinkCount: this.#downlinkCount,
      lastDownlinkAt: this.#lastDownlinkAt,
      acknowledgmentCount: this.#acknowledgmentCount,
      lastAcknowledgmentAt: this.#lastAcknowledgmentAt,
      lastStatus: this.#lastStatus,
      roundTripTimes,
      subBands: this.#scheduler.utilization(nowUs),
    };
  }

  #toUplink(frame: GatewayFrame, receivedAt: At, concentratorTimeUs: number): GatewayUplink {
    const [first, ...others] = frame.signals;
    const reception = (signal: FrameSignal): Reception =>
      toReception({ gateway: this.#connected, frame, signal, receivedAt, concentratorTimeUs });
    return {
      rawPayload: frame.rawPayload,
      frequency: frame.frequency,
      dataRate: frame.dataRate,
      receptions: others.length === 0 ? [reception(first)] : [reception(first), ...others.map(reception)],
      correlationId: `gs:uplink:${ulid(this.#context.clock.now())}`,
    };
  }

  /** A gateway that connected anew since the reception counts its wraps from another start. */
  #inOurTime(reception: Reception): Reception {
    if (reception.gateway.connectionCorrelationId === this.#connected.connectionCorrelationId)
      return reception;
    const concentratorTimeUs = this.#clock.extend(reception.timestamp, reception.receivedAt);
    return concentratorTimeUs === undefined ? reception : { ...reception, concentratorTimeUs };
  }

  #handleRepeat(): void {
    const { clock, counters } = this.#context;
    counters.uplinksRepeated++;
    const now = clock.now();
    if (now - this.#repeatEventAt < repeatEventIntervalMs) return;
    this.#repeatEventAt = now;
    this.#publish("upRepeat", () => ({
      data: { typeName: "ttn.lorawan.v3.GatewayIdentifiers", json: gatewayIdsJson(this.ids) },
    }));
  }

  #sent(transmission: Transmission, correlationIds: readonly string[]): void {
    this.#downlinkCount++;
    this.#context.counters.downlinksSent++;
    this.#lastDownlinkAt = this.#context.clock.now();
    this.#publish("downSend", () => ({
      correlationIds,
      data: downlinkMessage(transmission, correlationIds),
    }));
  }

  #acknowledged(result: TransmissionResult, known: readonly string[] | undefined): void {
    const { counters, clock } = this.#context;
    this.#acknowledgmentCount++;
    this.#lastAcknowledgmentAt = clock.now();
    counters.acknowledgmentsReceived++;
    const correlationIds = known ?? [];
    const details = (): EventDetails => ({
      correlationIds,
      data: txAcknowledgmentMessage(result, correlationIds),
    });
    if (known === undefined) {
      this.#publish("txAckDrop", details);
      return;
    }
    this.#publish("txAckReceive", details);
    if (result === "SUCCESS") {
      counters.downlinksSucceeded++;
      this.#publish("downTxSuccess", () => ({ correlationIds }));
    } else {
      counters.downlinksFailed++;
      this.#publish("downTxFail", details);
    }
  }

  #describe(connectionCorrelationId: string): ConnectedGateway {
    const { antennas, locationPublic, downlinkPathConstraint } = this.#gateway;
    const location = locationPublic ? antennas[0]?.location : undefined;
    return {
      ids: this.ids,
      connectionCorrelationId,
      frequencyPlanId: this.frequencyPlanId,
      downlinkPathConstraint,
      ...(location === undefined ? {} : { publicLocation: location }),
    };
  }

  #publish(name: keyof typeof gatewayEvents, details: () => EventDetails): void {
    this.#context.events.publish(gatewayEvents[name], this.#subject, details);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function toReception(of: {
  readonly gateway: ConnectedGateway;
  readonly frame: GatewayFrame;
  readonly signal: FrameSignal;
  readonly receivedAt: At;
  readonly concentratorTimeUs: number;
}): Reception {
  const { frame, signal } = of;
  const reception: Mutable<Reception> = {
    gateway: of.gateway,
    antennaIndex: signal.antennaIndex,
    timestamp: frame.timestamp,
    concentratorTimeUs: of.concentratorTimeUs,
    receivedAt: of.receivedAt,
    rssi: signal.rssi,
    channelRssi: signal.rssi,
  };
  if (frame.time !== undefined) reception.time = frame.time;
  if (frame.gpsTime !== undefined) reception.gpsTime = frame.gpsTime;
  if (signal.fineTimestampNs !== undefined) reception.fineTimestampNs = signal.fineTimestampNs;
  if (signal.signalRssi !== undefined) reception.signalRssi = signal.signalRssi;
  if (signal.snr !== undefined) reception.snr = signal.snr;
  if (signal.frequencyOffset !== undefined) reception.frequencyOffset = signal.frequencyOffset;
  if (signal.channelIndex !== undefined) reception.channelIndex = signal.channelIndex;
  return reception;
}
