import type { Clock } from "../clock/clock.ts";
import type { KeyVault } from "../component/key-vault.ts";
import type { DownlinkOpportunity, EncryptedDownlink } from "../domain/application-downlink.ts";
import type { AcceptedJoin, ApplicationUplink, VerifiedUplink } from "../domain/application-uplink.ts";
import type { TransmissionReport } from "../domain/downlink.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { EventPublisher } from "../events/events.ts";
import type { Logger } from "../log/log.ts";
import type { DeviceKnown } from "../rpc/end-device-registries.ts";
import type { ServiceImplementation } from "../rpc/service.ts";
import { commit, type StagedChange, type Store } from "../store/store.ts";
import { ApplicationLinks } from "./application-links.ts";
import type { ApplicationServerOptions } from "./config.ts";
import { DeviceRegistry } from "./device-registry.ts";
import { DownlinkRequests } from "./downlink/downlink-requests.ts";
import { QueueStore } from "./downlink/queue-store.ts";
import { type NextDownlink, type TransmissionContext, Transmissions } from "./downlink/transmissions.ts";
import type { DownlinkQueue } from "./integrations/mqtt/downlink-queue.ts";
import type { MessageLog } from "./message-log.ts";
import { openMessageOutbox } from "./message-outbox.ts";
import { PayloadFormatterSet } from "./payload-formatters/payload-formatters.ts";
import type { IdentityServer, NetworkServer } from "./peers.ts";
import { downlinkRequest } from "./services/downlink-conversion.ts";
import { RegisteredDevices } from "./services/registered-devices.ts";
import type { MqttAddresses } from "./services/service-context.ts";
import { applicationServices } from "./services/services.ts";
import { type UplinkCounters, UplinkHandler } from "./uplink/uplink-handler.ts";

export interface ApplicationServerContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventPublisher;
  readonly keyVault: KeyVault;
  readonly identityServer: IdentityServer;
  /** Called when it is needed: the two servers know each other. */
  readonly networkServer: () => NetworkServer;
  readonly options: ApplicationServerOptions;
  /** As the API shows it in each uplink. */
  readonly networkIds?: Readonly<Record<string, string>>;
  /** Where applications find the MQTT server, `host:port`. */
  readonly mqttAddresses?: MqttAddresses;
  /** Where it says no, whoever registers the device here is warned; without it nobody is. */
  readonly deviceKnown?: DeviceKnown;
  /** How an application is named to the outside, e.g. in MQTT user names. */
  readonly formatApplicationUid?: (ids: ApplicationIdentifiers) => string;
}

export interface ApplicationServerCounters extends Readonly<UplinkCounters> {
  readonly downlinksQueued: number;
}

/** The Application Server: what the Network Server, the integrations and the API are given. */
export interface ApplicationServer {
  decodeUplink(uplink: VerifiedUplink): Promise<unknown>;
  stageUplink(uplink: ApplicationUplink, decoded: unknown): StagedChange;
  /** An uplink that the device sent again. */
  repeatUplink(uplink: ApplicationUplink): void;
  stageJoinAccept(join: AcceptedJoin): Promise<StagedChange>;
  hasDownlink(ids: EndDeviceIdentifiers): boolean;
  nextDownlink(opportunity: DownlinkOpportunity): Promise<NextDownlink>;
  stageTransmissionResult(
    ids: EndDeviceIdentifiers,
    downlink: EncryptedDownlink,
    report: TransmissionReport,
  ): Promise<StagedChange>;
  stageAcknowledgment(
    ids: EndDeviceIdentifiers,
    downlink: { readonly sessionKeyId: Uint8Array; readonly fCnt: number },
    acknowledged: boolean,
  ): Promise<StagedChange>;
  readonly messageLog: MessageLog;
  readonly downlinkQueue: DownlinkQueue;
  /** Tries payload functions of V2 without storing them. */
  readonly payloadFunctions: Pick<PayloadFormatterSet, "dryRunUplink" | "dryRunDownlink">;
  readonly services: readonly ServiceImplementation[];
  readonly counters: ApplicationServerCounters;
  /** The devices as their owners registered them. Deleting leaves messages that integrations have yet to read. */
  readonly registeredDevices: Pick<RegisteredDevices, "find" | "stageSet" | "stageDelete">;
  deleteApplication(ids: ApplicationIdentifiers): Promise<void>;
  close(): Promise<void>;
}

export async function createApplicationServer(context: ApplicationServerContext): Promise<ApplicationServer> {
  const parts = await openParts(context);
  const { store, outbox, queues, devices, links, formatters, uplinks, requests, transmissions } = parts;
  const registeredDevices = new RegisteredDevices({
    ...parts,
    stageDelete: (ids) => [devices.stageDelete(ids), queues.stageDelete(ids)],
  });
  return {
    decodeUplink: (uplink) => uplinks.decode(uplink),
    stageUplink: (uplink, decoded) => uplinks.stage(uplink, decoded),
    repeatUplink: (uplink) => uplinks.repeat(uplink),
    stageJoinAccept: (join) => uplinks.stageJoinAccept(join),
    hasDownlink: (ids) => transmissions.hasDownlink(ids),
    nextDownlink: (opportunity) => transmissions.next(opportunity),
    stageTransmissionResult: async (ids, downlink, report) =>
      transmissions.stageResult(ids, downlink, report),
    stageAcknowledgment: (ids, sent, acknowledged) =>
      transmissions.stageAcknowledgment(ids, sent, acknowledged),
    messageLog: outbox,
    downlinkQueue: downlinkQueueOf(requests),
    payloadFunctions: formatters,
    services: applicationServices({
      ...parts,
      registeredDevices,
      deviceKnown: context.deviceKnown ?? (() => true),
      mqttAddresses: context.mqttAddresses,
      formatApplicationUid: formatApplicationUidOf(context),
    }),
    get counters() {
      return { ...uplinks.counters, downlinksQueued: requests.pushed };
    },
    registeredDevices,
    deleteApplication: (ids) =>
      commit(store, [devices.stageDeleteAll(ids), queues.stageDeleteAll(ids), links.stageDelete(ids)]),
    async close() {
      formatters.close();
      await outbox.close();
    },
  };
}

interface Parts extends TransmissionContext {
  readonly uplinks: UplinkHandler;
  readonly requests: DownlinkRequests;
  readonly transmissions: Transmissions;
}

/** The parts of the server, on what the store holds. */
async function openParts(context: ApplicationServerContext): Promise<Parts> {
  const { store, clock, events, keyVault, identityServer, networkIds, networkServer, options } = context;
  const limits = { maxAgeMs: options["as.messages.retention"], maxBytes: options["as.messages.max-size"] };
  const [outbox, queues] = await Promise.all([openMessageOutbox(context, limits), QueueStore.open(store)]);
  const shared: TransmissionContext = {
    store,
    clock,
    events,
    outbox,
    queues,
    networkServer,
    devices: new DeviceRegistry({ store, clock, keyVault }, options["as.devices.cache-size"]),
    links: new ApplicationLinks(store),
    formatters: createFormatters(options, context.log),
    capacity: options["as.downlinks.queue-capacity"],
    formatDeviceUid: (ids) => `${formatApplicationUidOf(context)(ids)}.${ids.deviceId}`,
    confirmedAttempts: options["as.downlinks.confirmed-attempts"],
  };
  const networkMember = networkIds === undefined ? "" : `,"network_ids":${JSON.stringify(networkIds)}`;
  return {
    ...shared,
    uplinks: new UplinkHandler({ ...shared, log: context.log, identityServer, networkMember }),
    requests: new DownlinkRequests(shared),
    transmissions: new Transmissions(shared),
  };
}

function formatApplicationUidOf(context: ApplicationServerContext): (ids: ApplicationIdentifiers) => string {
  return context.formatApplicationUid ?? ((ids) => ids.applicationId);
}

/** The queue as integrations see it, in messages of the API. */
function downlinkQueueOf(requests: DownlinkRequests): DownlinkQueue {
  return {
    push: (ids, downlinks, alongside) => requests.push(ids, downlinks.map(downlinkRequest), { alongside }),
    pushFirst: (ids, downlinks, alongside) =>
      requests.pushFirst(ids, downlinks.map(downlinkRequest), { alongside }),
    replace: (ids, downlinks, alongside) =>
      requests.replace(ids, downlinks.map(downlinkRequest), { alongside }),
    isEmpty: async (ids) => (await requests.list(ids)).length === 0,
    reportRejected: (ids, downlinks, error) =>
      requests.reportRejected(ids, downlinks.map(downlinkRequest), error),
  };
}

function createFormatters(options: ApplicationServerOptions, log: Logger): PayloadFormatterSet {
  return new PayloadFormatterSet(
    {
      timeoutMs: options["as.formatters.timeout"],
      memoryLimitBytes: options["as.formatters.memory-limit"],
      maxWarmScripts: options["as.formatters.isolates"],
      engine: options["as.formatters.engine"],
    },
    log.with({ component: "payload-formatters" }),
  );
}
