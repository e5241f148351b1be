import {
  type DevAddr,
  expandKey,
  findUplinkDataRateIndex,
  type JoinRequest,
  type NetID,
  type RejoinRequest,
} from "@skylark/lorawan";
import type { Clock } from "../../clock/clock.ts";
import { ulid } from "../../domain/ulid.ts";
import type { Reception } from "../../domain/uplink.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { EventPublisher, EventSubject } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import { commit, type StagedChange, type Store } from "../../store/store.ts";
import { freshCounters, type Session, type SessionState } from "../device.ts";
import type { DeviceCache } from "../device-cache.ts";
import type { DeviceEntry } from "../device-entry.ts";
import { attemptsFor, firstThatSucceeds, type RareWindows } from "../downlink/attempts.ts";
import { decideInMs } from "../downlink/decision-time.ts";
import { rankPaths } from "../downlink/paths.ts";
import { joinAcceptWindows, type SizedWindow } from "../downlink/receive-windows.ts";
import { type HeldFrame, transmitInWindows } from "../downlink/transmissions.ts";
import {
  dataRateNotFound,
  isTooManyLookups,
  noDownlinkPath,
  transmissionFailed,
  uplinkChannelNotFound,
} from "../errors.ts";
import * as events from "../events.ts";
import type { ApplicationServer, GatewayServer, JoinAnswer, JoinServer, TenantServed } from "../peers.ts";
import { regionOf } from "../region.ts";
import type { DeviceWriter } from "../storage/device-store.ts";
import type { TimerWheel } from "../timer-wheel.ts";
import type { Round } from "../uplink/deduplicator.ts";
import type { DeviceAddresses } from "./device-addresses.ts";
import { type JoinParameters, joinParameters } from "./join-parameters.ts";

const errors = defineErrors("pkg/networkserver");
const abpJoinRequest = errors.invalidArgument("abp_join_request", "received a join-request from ABP device");
const rejoinRequest = errors.unavailable("rejoin_request", "rejoin-request handling is not implemented");

const addressTries = 5;

export interface JoinCounters {
  received: number;
  unmatched: number;
  refused: number;
  accepted: number;
  sent: number;
  notSent: number;
  /** Not looked into, because too many devices were being looked up. */
  shed: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly wheel: Pick<TimerWheel, "after" | "lagMs">;
  readonly store: Store;
  readonly writer: DeviceWriter;
  readonly cache: DeviceCache;
  readonly addresses: DeviceAddresses;
  readonly gatewayServer: GatewayServer;
  readonly joinServer: JoinServer;
  readonly applicationServer: ApplicationServer;
  readonly rareWindows: RareWindows;
  readonly events: EventPublisher;
  readonly logger: Logger;
  readonly netId: NetID;
  readonly desiredRx1Delay: number;
  readonly tenantServed?: TenantServed;
}

/** Takes join-requests to the Join Server and its join-accepts back to the device. */
export class JoinRequests {
  readonly #around: Surroundings;
  readonly counters: JoinCounters = {
    received: 0,
    unmatched: 0,
    refused: 0,
    accepted: 0,
    sent: 0,
    notSent: 0,
    shed: 0,
  };

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  /** The first copy of a join-request. Later ones only add paths for the join-accept. */
  async receive(round: Round, request: JoinRequest): Promise<void> {
    this.counters.received++;
    const { cache, logger } = this.#around;
    let entry: DeviceEntry | undefined;
    try {
      entry = await cache.holdByEuis(request);
      if (entry === undefined || this.#around.tenantServed?.(entry.ids.tenantId) === false) {
        this.counters.unmatched++;
        events.publishUnknownDevice(this.#around.events, events.upJoinDrop, round);
      } else await this.#receiveFrom(entry, round, request);
    } catch (error) {
      if (isTooManyLookups(error)) {
        this.counters.shed++;
        return;
      }
      this.counters.refused++;
      logger.error("could not handle a join-request", { dev_eui: request.devEui, error });
    } finally {
      if (entry !== undefined) cache.release(entry);
    }
  }

  /** Parsed and shown, not served. */
  async receiveRejoin(round: Round, request: RejoinRequest): Promise<void> {
    const { cache, events: bus, logger } = this.#around;
    try {
      const { devEui } = request;
      const entry =
        request.rejoinType === 1
          ? await cache.holdByEuis({ joinEui: request.joinEui, devEui })
          : await cache.holdByDevEui(devEui);
      if (entry === undefined) return;
      bus.publish(events.upRejoinDrop, { kind: "device", ids: entry.ids }, () =>
        events.failureDetails(rejoinRequest(), round.correlationIds),
      );
      cache.release(entry);
    } catch (error) {
      if (isTooManyLookups(error)) this.counters.shed++;
      else logger.error("could not handle a rejoin-request", { dev_eui: request.devEui, error });
    }
  }

  async #receiveFrom(entry: DeviceEntry, round: Round, request: JoinRequest): Promise<void> {
    const { events: bus, clock } = this.#around;
    const subject: EventSubject = { kind: "device", ids: entry.ids };
    round.correlationIds.push(`ns:uplink:${ulid(clock.now())}`);
    bus.publish(events.upJoinReceive, subject, () =>
      events.uplinkDetails(round.uplink, round.receptions, round.correlationIds),
    );
    try {
      await entry.run(() => this.#accept(entry, round, request));
    } catch (error) {
      this.counters.refused++;
      this.#around.logger.debug("refused a join-request", { device_id: entry.ids.deviceId, error });
      bus.publish(events.upJoinDrop, subject, () => events.failureDetails(error, round.correlationIds));
    }
  }

  /** In the device's turn. */
  async #accept(entry: DeviceEntry, round: Round, request: JoinRequest): Promise<void> {
    const { settings } = entry;
    if (!settings.supportsJoin || entry.isDeleted) throw abpJoinRequest();
    const parameters = joinParameters(settings, { rx1Delay: this.#around.desiredRx1Delay });
    const windows = windowsAfter(entry, round, parameters);
    const { clock, store, applicationServer, events: bus } = this.#around;
    const devAddr = this.#newAddress(entry);
    const answer = await this.#askJoinServer(entry, round, { request, parameters, devAddr });
    const receivedAt = round.receptions[0]!.receivedAt;
    const sessionState: SessionState = {
      session: sessionOf(entry, devAddr, answer, Math.floor(clock.now())),
      counters: freshCounters,
      mac: parameters.mac,
    };
    const { correlationIds } = round;
    const joined = await applicationServer.stageJoinAccept({
      ids: sessionState.session.ids,
      sessionKeyId: answer.sessionKeyId,
      appSKey: answer.appSKey,
      receivedAt,
      correlationIds,
      reception: { ...round.uplink, receptions: round.receptions },
    });
    await commit(store, [answer.change, this.#sessionChange(entry, sessionState), joined]);
    this.counters.accepted++;
    const subject: EventSubject = { kind: "device", ids: sessionState.session.ids };
    bus.publish(events.upJoinProcess, subject, () => ({ correlationIds }));
    bus.publish(events.upJoinForward, subject, () => ({ correlationIds }));
    this.#time(round, windows, { subject, phyPayload: answer.rawPayload });
  }

  async #askJoinServer(
    entry: DeviceEntry,
    round: Round,
    join: { readonly request: JoinRequest; readonly parameters: JoinParameters; readonly devAddr: DevAddr },
  ): Promise<JoinAnswer> {
    const { joinServer, netId, events: bus } = this.#around;
    const { desired, cfList } = join.parameters;
    const { joinEui, devEui } = join.request;
    const subject: EventSubject = { kind: "device", ids: entry.ids };
    const { correlationIds } = round;
    bus.publish(events.joinAttempt, subject, () => ({ correlationIds }));
    try {
      const answer = await joinServer.handleJoin({
        ids: { ...entry.ids, joinEui, devEui },
        rawPayload: round.uplink.rawPayload,
        macVersion: entry.settings.macVersion,
        netId,
        devAddr: join.devAddr,
        rx1DROffset: desired.rx1DataRateOffset,
        rx2DataRateIndex: desired.rx2DataRateIndex,
        rxDelay: desired.rx1Delay,
        correlationIds,
        ...(cfList === undefined ? {} : { cfList }),
      });
      bus.publish(events.joinSuccess, subject, () => ({ correlationIds }));
      return answer;
    } catch (error) {
      bus.publish(events.joinFail, subject, () => events.failureDetails(error, correlationIds));
      throw error;
    }
  }

  /** Different from the current one where the network's blocks allow, so that the sessions cannot be confused. */
  #newAddress(entry: DeviceEntry): DevAddr {
    const { addresses } = this.#around;
    const taken = entry.state.current?.session.devAddr;
    let devAddr = addresses.generate();
    for (let tried = 1; devAddr === taken && tried < addressTries; tried++) devAddr = addresses.generate();
    return devAddr;
  }

  #sessionChange(entry: DeviceEntry, pending: SessionState): StagedChange {
    const { writer, cache } = this.#around;
    const replaced = entry.state.pending?.session.devAddr;
    return {
      write: (to) => writer.putSession(to, entry, "pending", pending),
      committed: () => {
        entry.state = { ...entry.state, pending };
        const { devAddr } = pending.session;
        const isKept = replaced === devAddr || replaced === entry.state.current?.session.devAddr;
        if (replaced !== undefined && !isKept) cache.sessionEnded(replaced, entry);
        cache.sessionAppeared(devAddr, entry);
      },
    };
  }

  /** The gateways that heard the request are ranked as late as possible: copies may still come in. */
  #time(round: Round, windows: readonly SizedWindow[], accept: JoinAccept): void {
    const { wheel, gatewayServer } = this.#around;
    const { receivedAt } = round.receptions[0]!;
    const leadMs = gatewayServer.leadTimeMs({ paths: round.receptions });
    const delayMs = decideInMs({ receivedAt, delayMs: windows[0]!.delayMs }, leadMs, this.#around);
    wheel.after(delayMs, () => void this.#send(round, windows, accept));
  }

  async #send(round: Round, windows: readonly SizedWindow[], accept: JoinAccept): Promise<void> {
    const { gatewayServer, events: bus } = this.#around;
    const { subject, phyPayload } = accept;
    const { correlationIds } = round;
    round.isOpen = false;
    bus.publish(events.downJoinAttempt, subject, () => ({ correlationIds }));
    try {
      const paths = rankPaths(round.receptions, round.uplink.dataRate);
      if (paths.length === 0) throw noDownlinkPath();
      const held = this.#reserve(paths, windows, phyPayload);
      bus.publish(events.downJoinSuccess, subject, () => ({ correlationIds }));
      const { result } = await transmitInWindows(gatewayServer, held, correlationIds);
      if (result === "SUCCESS") {
        this.counters.sent++;
        bus.publish(events.transmissionSuccess, subject, () => ({ correlationIds }));
      } else {
        this.counters.notSent++;
        bus.publish(events.transmissionFail, subject, () =>
          events.failureDetails(transmissionFailed({ result }), correlationIds),
        );
      }
    } catch (error) {
      this.counters.notSent++;
      bus.publish(events.downJoinFail, subject, () => events.failureDetails(error, correlationIds));
    }
  }

  #reserve(paths: readonly Reception[], windows: readonly SizedWindow[], phyPayload: Uint8Array): HeldFrame {
    const { gatewayServer, rareWindows } = this.#around;
    const payloadLength = phyPayload.length;
    const accept = { macPayloadLength: payloadLength - 5 };
    const attempts = attemptsFor(
      windows,
      { whole: accept, withoutRequests: undefined },
      { hasUrgent: true, isRepeatedAnyway: true },
    );
    return firstThatSucceeds(
      attempts,
      ({ windows: tried, fittingWindows }) => {
        const request = { paths, windows: tried, payloadLength, priority: "HIGHEST" } as const;
        return { phyPayload, request, reservation: gatewayServer.reserve(request), fittingWindows };
      },
      () => rareWindows.take(paths),
    );
  }
}

interface JoinAccept {
  readonly subject: EventSubject;
  readonly phyPayload: Uint8Array;
}

function windowsAfter(entry: DeviceEntry, round: Round, { factory }: JoinParameters): readonly SizedWindow[] {
  const { band } = regionOf(entry.settings);
  const { frequency, dataRate } = round.uplink;
  const channelIndex = factory.channels.findIndex(({ uplinkFrequency }) => uplinkFrequency === frequency);
  if (channelIndex < 0) throw uplinkChannelNotFound();
  const dataRateIndex = findUplinkDataRateIndex(band, dataRate);
  if (dataRateIndex === undefined) throw dataRateNotFound();
  return joinAcceptWindows(band, factory, { frequency, channelIndex, dataRateIndex });
}

function sessionOf(entry: DeviceEntry, devAddr: DevAddr, answer: JoinAnswer, startedAt: number): Session {
  const fNwkSIntKey = expandKey(answer.fNwkSIntKey);
  const isOneKey = answer.sNwkSIntKey === answer.fNwkSIntKey && answer.nwkSEncKey === answer.fNwkSIntKey;
  return Object.freeze({
    ids: Object.freeze({ ...entry.ids, devAddr }),
    devAddr,
    sessionKeyId: answer.sessionKeyId,
    startedAt,
    fNwkSIntKey,
    sNwkSIntKey: isOneKey ? fNwkSIntKey : expandKey(answer.sNwkSIntKey),
    nwkSEncKey: isOneKey ? fNwkSIntKey : expandKey(answer.nwkSEncKey),
  });
}
