import { NsEndDeviceBatchRegistry } from "@skylark/api";
import type { Clock, RandomBytes } from "../clock/clock.ts";
import type { KeyVault } from "../component/key-vault.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { GatewayUplink } from "../domain/uplink.ts";
import type { EventPublisher } from "../events/events.ts";
import type { Logger } from "../log/log.ts";
import { type DeviceKnown, endDeviceBatchRegistry } from "../rpc/end-device-registries.ts";
import type { ServiceImplementation } from "../rpc/service.ts";
import type { Store } from "../store/store.ts";
import type { NetworkServerOptions } from "./config.ts";
import { DeviceCache } from "./device-cache.ts";
import { RareWindows } from "./downlink/attempts.ts";
import {
  ClassADownlinks,
  type DownlinkCounters,
  type DownlinkSession,
  downlinkSessionOf,
} from "./downlink/class-a.ts";
import { createDeviceAddresses } from "./join/device-addresses.ts";
import { type JoinCounters, JoinRequests } from "./join/join-requests.ts";
import type { ApplicationServer, GatewayServer, JoinServer, TenantServed } from "./peers.ts";
import { RegisteredDevices } from "./registry/registered-devices.ts";
import { nsEndDeviceRegistry, nsService } from "./registry/services.ts";
import type { DeviceReader, DeviceWriter } from "./storage/device-store.ts";
import { createDeviceReader, createDeviceWriter } from "./storage/sql-device-store.ts";
import { TimerWheel } from "./timer-wheel.ts";
import { type DataUplinkCounters, DataUplinks } from "./uplink/data-uplinks.ts";
import type { DeduplicationCounters } from "./uplink/deduplicator.ts";
import { Intake } from "./uplink/intake.ts";
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
  /** Where it says no, the devices of the tenant are strangers. */
  readonly tenantServed?: TenantServed;
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
  /** The devices as their owners registered them. */
  readonly registeredDevices: Pick<RegisteredDevices, "find" | "stageSet" | "stageDelete" | "ownsDevAddr">;
  deleteApplication(ids: ApplicationIdentifiers): Promise<void>;
  /** Devices as stored and in memory. */
  readonly devices: {
    readonly cache: DeviceCache;
    readonly reader: DeviceReader;
    readonly writer: DeviceWriter;
  };
  /** Takes no more frames, and resolves once those that it has are delivered. Windows still open are not used. */
  close(): Promise<void>;
}

/** Slow backhauls deliver copies this much later; taking one for a retransmission would answer it. */
const minCooldownMs = 1000;

export function createNetworkServer(parts: NetworkServerParts): NetworkServer {
  const { clock, store, vault, options } = parts;
  const wheel = new TimerWheel(clock);
  const reader = createDeviceReader(store, vault);
  const writer = createDeviceWriter(vault);
  const cache = new DeviceCache(reader, options["ns.device-cache-size"]);
  const netId = options["ns.net-id"];
  const desiredRx1Delay = options["ns.desired-rx1-delay"];
  const addresses = createDeviceAddresses(netId, options["ns.dev-addr-prefixes"], parts.random);
  const shared = { ...parts, wheel, writer, cache, rareWindows: new RareWindows(clock) };
  const downlinks = new ClassADownlinks({
    ...shared,
    statusTimePeriodicityMs: options["ns.status-time-periodicity"],
    statusCountPeriodicity: options["ns.status-count-periodicity"],
  });
  const windowMs = options["ns.deduplication-window"];
  const processor = new UplinkProcessor({ ...shared, downlinks });
  const uplinks = new DataUplinks({ ...shared, processor, windowMs });
  const joins = new JoinRequests({ ...shared, addresses, netId, desiredRx1Delay });
  const dataMemoryMs = windowMs + Math.max(minCooldownMs, options["ns.cooldown-window"]);
  const intake = new Intake({ ...shared, uplinks, joins, dataMemoryMs });
  const registered = new RegisteredDevices({ ...shared, reader, desiredRx1Delay, addresses });
  return {
    handleUplink: (uplink) => intake.handleUplink(uplink),
    downlinkQueued: (ids) => downlinks.queued(ids),
    downlinkSession: (ids) => downlinkSession(cache, ids),
    services: [
      nsEndDeviceRegistry(registered, parts.deviceKnown),
      endDeviceBatchRegistry(NsEndDeviceBatchRegistry, registered),
      nsService({ netId, addresses, desiredRx1Delay }),
    ],
    counters: countersOf({ intake, uplinks, joins, downlinks, cache }),
    registeredDevices: registered,
    deleteApplication: (ids) => registered.deleteApplication(ids),
    devices: { cache, reader, writer },
    async close() {
      intake.close();
      await uplinks.idle();
      wheel.close();
    },
  };
}

async function downlinkSession(
  cache: DeviceCache,
  ids: EndDeviceIdentifiers,
): Promise<DownlinkSession | undefined> {
  const entry = await cache.holdByIds(ids);
  if (entry === undefined) return undefined;
  const { current, pending } = entry.state;
  cache.release(entry);
  const sessionState = current ?? pending;
  return sessionState === undefined ? undefined : downlinkSessionOf(sessionState);
}

function countersOf(counted: {
  readonly intake: Intake;
  readonly uplinks: DataUplinks;
  readonly joins: JoinRequests;
  readonly downlinks: ClassADownlinks;
  readonly cache: DeviceCache;
}): NetworkServerCounters {
  const { intake, uplinks, joins, downlinks, cache } = counted;
  return {
    uplinks: uplinks.counters,
    joins: joins.counters,
    downlinks: downlinks.counters,
    get deduplication() {
      return intake.counters;
    },
    get rejected() {
      return intake.rejected;
    },
    get devicesInMemory() {
      return cache.deviceCount;
    },
  };
}
