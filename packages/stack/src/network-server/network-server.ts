import { decodePHYPayload, LoRaWANError, type PHYPayload } from "@skylark/lorawan";
import type { Clock, RandomBytes } from "../clock/clock.ts";
import type { KeyVault } from "../component/key-vault.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { GatewayUplink } from "../domain/uplink.ts";
import type { EventPublisher } from "../events/events.ts";
import type { Logger } from "../log/log.ts";
import type { ServiceImplementation } from "../rpc/service.ts";
import type { Store } from "../store/store.ts";
import type { NetworkServerOptions } from "./config.ts";
import { DeviceCache } from "./device-cache.ts";
import {
  ClassADownlinks,
  type DownlinkCounters,
  type DownlinkSession,
  downlinkSessionOf,
} from "./downlink/class-a.ts";
import { createDeviceAddresses } from "./join/device-addresses.ts";
import { type JoinCounters, JoinRequests } from "./join/join-requests.ts";
import type { ApplicationServer, GatewayServer, JoinServer } from "./peers.ts";
import { RegisteredDevices } from "./registry/registered-devices.ts";
import { type DeviceKnown, nsEndDeviceRegistry, nsService } from "./registry/services.ts";
import type { DeviceReader, DeviceWriter } from "./storage/device-store.ts";
import { createDeviceReader, createDeviceWriter } from "./storage/sql-device-store.ts";
import { TimerWheel } from "./timer-wheel.ts";
import { type DataUplinkCounters, DataUplinks } from "./uplink/data-uplinks.ts";
import { closeRound, type DeduplicationCounters, Deduplicator, type Round } from "./uplink/deduplicator.ts";
import { UplinkProcessor } from "./uplink/uplink-processor.ts";

export interface NetworkServerParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly store: Store;
  readonly vault: KeyVault;
  readonly gatewayServer: GatewayServer;
  readonly joinServer: JoinServer;
  readonly applicationServer: ApplicationServer;
  readonly events: EventPublisher;
  readonly logger: Logger;
  readonly options: NetworkServerOptions;
  /** Where it says no, whoever registers the device here is warned. */
  readonly deviceKnown: DeviceKnown;
}

export interface NetworkServerCounters {
  readonly deduplication: Readonly<DeduplicationCounters>;
  readonly uplinks: Readonly<DataUplinkCounters>;
  readonly joins: Readonly<JoinCounters>;
  readonly downlinks: Readonly<DownlinkCounters>;
  /** Frames that are no uplinks of LoRaWAN R1. */
  readonly rejected: number;
  readonly devicesInMemory: number;
}

export interface NetworkServer {
  /** Takes the frame and answers nothing: what becomes of it shows in events. Never throws. */
  handleUplink(uplink: GatewayUplink): void;
  downlinkQueued(ids: EndDeviceIdentifiers): void;
  downlinkSession(ids: EndDeviceIdentifiers): Promise<DownlinkSession | undefined>;
  readonly services: readonly ServiceImplementation[];
  readonly counters: NetworkServerCounters;
  /** Deletes what is here of a device; whether there was anything. */
  deleteDevice(ids: EndDeviceIdentifiers): Promise<boolean>;
  deleteApplication(ids: ApplicationIdentifiers): Promise<void>;
  /** Devices as stored and in memory. */
  readonly devices: {
    readonly cache: DeviceCache;
    readonly reader: DeviceReader;
    readonly writer: DeviceWriter;
  };
  /** Takes no more frames; what is being processed ends by itself. */
  close(): void;
}

/** How long copies of a join-request are known: until the join-accept has gone out. */
const joinMemoryMs = 6000;
/** Slow backhauls deliver copies this much later; taking one for a retransmission would answer it. */
const minCooldownMs = 1000;

export function createNetworkServer(parts: NetworkServerParts): NetworkServer {
  const { clock, store, vault, options, logger } = parts;
  const wheel = new TimerWheel(clock);
  const reader = createDeviceReader(store, vault);
  const writer = createDeviceWriter(vault);
  const cache = new DeviceCache(reader, options["ns.device-cache-size"]);
  const addresses = createDeviceAddresses(
    options["ns.net-id"],
    options["ns.dev-addr-prefixes"],
    parts.random,
  );
  const shared = { ...parts, wheel, writer, cache };
  const downlinks = new ClassADownlinks({
    ...shared,
    statusTimePeriodicityMs: options["ns.status-time-periodicity"],
    statusCountPeriodicity: options["ns.status-count-periodicity"],
  });
  const windowMs = options["ns.deduplication-window"];
  const processor = new UplinkProcessor({ ...shared, downlinks });
  const uplinks = new DataUplinks({ ...shared, processor, windowMs });
  const joins = new JoinRequests({
    ...shared,
    addresses,
    netId: options["ns.net-id"],
    desiredRx1Delay: options["ns.desired-rx1-delay"],
  });
  const registered = new RegisteredDevices({
    ...shared,
    reader,
    defaultRx1Delay: options["ns.desired-rx1-delay"],
  });
  const services = [
    nsEndDeviceRegistry(registered, parts.deviceKnown),
    nsService({ netId: options["ns.net-id"], addresses, defaultRx1Delay: options["ns.desired-rx1-delay"] }),
  ];
  const cooldownMs = Math.max(minCooldownMs, options["ns.cooldown-window"]);
  const deduplicators = {
    data: new Deduplicator(clock, windowMs + cooldownMs),
    join: new Deduplicator(clock, joinMemoryMs),
  };
  let rejected = 0;
  let isClosed = false;

  const handleUplink = (uplink: GatewayUplink): void => {
    if (isClosed) return;
    const kind = kindOf(uplink.rawPayload);
    if (kind === undefined) {
      rejected++;
      return;
    }
    const round = deduplicators[kind].receive(uplink);
    if (round === undefined) return;
    const frame = decoded(uplink.rawPayload);
    if (frame === undefined) {
      rejected++;
      closeRound(round);
      return;
    }
    dispatch(round, frame);
  };

  const dispatch = (round: Round, frame: PHYPayload): void => {
    switch (frame.mType) {
      case "unconfirmedUp":
      case "confirmedUp":
        uplinks.receive(round, frame);
        break;
      case "joinRequest":
        void joins.receive(round, frame);
        break;
      case "rejoinRequest":
        void joins.receiveRejoin(round, frame);
        break;
      default:
        rejected++;
    }
  };

  return {
    handleUplink(uplink) {
      try {
        handleUplink(uplink);
      } catch (error) {
        logger.error("could not take an uplink", { error });
      }
    },
    downlinkQueued: (ids) => downlinks.queued(ids),
    async downlinkSession(ids) {
      const entry = await cache.holdByIds(ids);
      if (entry === undefined) return undefined;
      const { current, pending } = entry.state;
      cache.release(entry);
      const sessionState = current ?? pending;
      return sessionState === undefined ? undefined : downlinkSessionOf(sessionState);
    },
    counters: {
      get deduplication() {
        const { data, join } = deduplicators;
        return {
          merged: data.counters.merged + join.counters.merged,
          late: data.counters.late + join.counters.late,
        };
      },
      uplinks: uplinks.counters,
      joins: joins.counters,
      downlinks: downlinks.counters,
      get rejected() {
        return rejected;
      },
      get devicesInMemory() {
        return cache.deviceCount;
      },
    },
    services,
    deleteDevice: (ids) => registered.deleteDevice(ids),
    deleteApplication: (ids) => registered.deleteApplication(ids),
    devices: { cache, reader, writer },
    close() {
      isClosed = true;
      wheel.close();
    },
  };
}

/** By the first byte alone: what a gateway hears of others' devices and of other protocols costs nothing more. */
function kindOf(rawPayload: Uint8Array): "data" | "join" | undefined {
  const header = rawPayload[0];
  if (header === undefined || rawPayload.length < 12 || (header & 0x03) !== 0) return undefined;
  switch (header >>> 5) {
    case 2:
    case 4:
      return "data";
    case 0:
    case 6:
      return "join";
    default:
      return undefined;
  }
}

function decoded(rawPayload: Uint8Array): PHYPayload | undefined {
  try {
    return decodePHYPayload(rawPayload);
  } catch (error) {
    if (error instanceof LoRaWANError) return undefined;
    throw error;
  }
}
