import type { EndDevice } from "@skylark/api";
import type { Clock } from "../../clock/clock.ts";
import { entityNotFound } from "../../domain/entity-not-found.ts";
import { devAddrOfBytes, euiOfBytes } from "../../domain/identifier-bytes.ts";
import {
  type ApplicationIdentifiers,
  type EndDeviceIdentifiers,
  endDeviceKey,
} from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { EventPublisher } from "../../events/events.ts";
import { type DeletionKind, publishDeletion } from "../../rpc/end-device-registries.ts";
import {
  type StagedResult,
  type StagedTransaction,
  transactAll,
  transactOne,
} from "../../store/staged-transaction.ts";
import type { Store, Writer } from "../../store/store.ts";
import { stale } from "../../store/store-errors.ts";
import { type DeviceState, freshCounters, type SessionState } from "../device.ts";
import type { DeviceCache } from "../device-cache.ts";
import type { DeviceEntry } from "../device-entry.ts";
import { deviceNotFound } from "../errors.ts";
import type { DeviceAddresses } from "../join/device-addresses.ts";
import { personalizedMACState } from "../join/join-parameters.ts";
import type { DeviceReader, DeviceWriter, RegisteredDevice } from "../storage/device-store.ts";
import { type ChangedRegistration, changedRegistration } from "./changed-registration.ts";
import { endDeviceMessage } from "./end-device-message.ts";
import { batchDeleted, deviceCreated, deviceDeleted, deviceUpdated } from "./events.ts";

const deviceExists = defineErrors("pkg/networkserver").alreadyExists(
  "device_exists",
  "device already exists",
);

interface Surroundings {
  readonly clock: Clock;
  readonly store: Store;
  readonly cache: DeviceCache;
  readonly reader: DeviceReader;
  readonly writer: DeviceWriter;
  readonly events: EventPublisher;
  readonly desiredRx1Delay: number;
  readonly addresses: Pick<DeviceAddresses, "owns">;
}

/** A device whose turn it is: nothing else happens to it until `release`. */
interface Turn {
  readonly entry: DeviceEntry;
  readonly stored: RegisteredDevice;
  release(): void;
}

/** Devices as their owners register, change and delete them; each change waits for the device's turn. */
export class RegisteredDevices {
  readonly #around: Surroundings;
  #numbers: Promise<{ last: number }> | undefined;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  async get(ids: EndDeviceIdentifiers): Promise<EndDevice> {
    const device = await this.find(ids);
    if (device === undefined) throw entityNotFound();
    return device;
  }

  async find(ids: EndDeviceIdentifiers): Promise<EndDevice | undefined> {
    const device = await this.#around.reader.findRegistered(ids);
    return device && endDeviceMessage(device);
  }

  /** Creates the device, or changes the fields of the mask; gives the whole device as it is now. */
  set(ids: EndDeviceIdentifiers, given: EndDevice, paths: readonly string[]): Promise<EndDevice> {
    return transactOne(this.#around.store, () => this.stageSet(ids, given, paths));
  }

  /** `isNew`: take it that there is no such device; the transaction breaks a constraint when there is. */
  async stageSet(
    ids: EndDeviceIdentifiers,
    given: EndDevice,
    paths: readonly string[],
    { isNew = false }: { readonly isNew?: boolean } = {},
  ): Promise<StagedResult<EndDevice>> {
    const turn = isNew ? undefined : await this.#takeTurn(ids);
    if (turn === undefined) return this.#stageCreation(ids, given, { paths, isNew });
    try {
      const changed = this.#changed(turn.stored, given, paths);
      return this.#stageChange(turn, changed);
    } catch (error) {
      turn.release();
      throw error;
    }
  }

  /** Back to the state in which the device was registered. */
  async reset(ids: EndDeviceIdentifiers): Promise<EndDevice> {
    const turn = await this.#takeTurn(ids);
    if (turn === undefined) throw deviceNotFound();
    const { stored } = turn;
    const { current } = stored.state;
    const rx1Delay = this.#around.desiredRx1Delay;
    const restarted: DeviceState =
      stored.settings.supportsJoin || current === undefined
        ? {}
        : {
            current: {
              session: Object.freeze({ ...current.session, startedAt: this.#now() }),
              counters: freshCounters,
              mac: personalizedMACState(stored.settings, { rx1Delay }),
            },
          };
    const device = { ...stored, state: restarted, updatedAt: this.#now() };
    const staged = this.#stageChange(turn, { device, message: endDeviceMessage(device) });
    await this.#transact(staged);
    return staged.result;
  }

  /** Throws when there is no such device. */
  async delete(ids: EndDeviceIdentifiers): Promise<void> {
    const staged = await this.stageDelete([ids], "single");
    if (staged.result.length === 0) throw deviceNotFound();
    await this.#transact(staged);
  }

  async deleteAll(ids: readonly EndDeviceIdentifiers[]): Promise<void> {
    await this.#transact(await this.stageDelete(ids, "batch"));
  }

  async deleteApplication({ tenantId, applicationId }: ApplicationIdentifiers): Promise<void> {
    for (const ids of await this.#around.reader.listApplication(tenantId, applicationId)) {
      const turn = await this.#takeTurn(ids);
      if (turn !== undefined) await this.#transact(this.#stageRemoval(turn));
    }
  }

  /** Whether an address lies in the network's blocks. */
  ownsDevAddr(given: Uint8Array): boolean {
    const devAddr = devAddrOfBytes(given);
    return devAddr !== undefined && this.#around.addresses.owns(devAddr);
  }

  /** Leads to those that there are. */
  async stageDelete(
    ids: readonly EndDeviceIdentifiers[],
    kind: DeletionKind,
  ): Promise<StagedResult<readonly EndDeviceIdentifiers[]>> {
    const turns = await this.#takeTurns(ids);
    const removals = turns.map((turn) => this.#stageRemoval(turn));
    const there = turns.map(({ stored }) => stored.ids);
    const definitions = { single: deviceDeleted, batch: batchDeleted };
    return {
      result: there,
      write(to) {
        for (const removal of removals) removal.write(to);
      },
      committed: () => {
        for (const removal of removals) removal.committed();
        publishDeletion(this.#around.events, definitions, kind, there);
      },
      release() {
        for (const turn of turns) turn.release();
      },
    };
  }

  /** Of those that there are, in one order, so that two callers never wait for each other. */
  async #takeTurns(ids: readonly EndDeviceIdentifiers[]): Promise<readonly Turn[]> {
    const inOrder = [...ids].sort((a, b) => (endDeviceKey(a) < endDeviceKey(b) ? -1 : 1));
    const turns: Turn[] = [];
    try {
      for (const each of inOrder) {
        const turn = await this.#takeTurn(each);
        if (turn !== undefined) turns.push(turn);
      }
    } catch (error) {
      for (const turn of turns) turn.release();
      throw error;
    }
    return turns;
  }

  #stageRemoval({ entry, release }: Turn): StagedTransaction {
    const { writer, cache } = this.#around;
    return {
      write: (to) => writer.remove(to, entry.deviceNo),
      committed: () => cache.remove(entry),
      release,
    };
  }

  #stageChange(
    { entry, stored, release }: Turn,
    { device: changed, message }: ChangedRegistration,
  ): StagedResult<EndDevice> {
    const { events } = this.#around;
    return {
      result: message,
      write: (to) => this.#write(to, stored.state, changed),
      committed: () => {
        this.#take(entry, changed);
        events.publish(deviceUpdated, { kind: "device", ids: changed.ids });
      },
      release,
    };
  }

  async #stageCreation(
    ids: EndDeviceIdentifiers,
    given: EndDevice,
    { paths, isNew }: { readonly paths: readonly string[]; readonly isNew: boolean },
  ): Promise<StagedResult<EndDevice>> {
    const { writer, cache, events } = this.#around;
    const { device, message } = this.#changed(await this.#blank(ids, given), given, paths);
    const { current } = device.state;
    return {
      result: message,
      write: (to) => {
        writer.create(to, device);
        if (current !== undefined) writer.putSession(to, device, "current", current);
      },
      committed: () => {
        cache.deviceAppeared(device.ids);
        if (current !== undefined) cache.forgetAddress(current.session.devAddr);
        events.publish(deviceCreated, { kind: "device", ids: device.ids });
      },
      explain: async (constraint) =>
        isNew || !constraint.startsWith("ns_devices.") ? undefined : this.#explainConflict(ids),
    };
  }

  /** Someone else created the device meanwhile: look again. Otherwise another device has its EUIs. */
  async #explainConflict(ids: EndDeviceIdentifiers): Promise<Error> {
    return (await this.#around.reader.findByIds(ids)) === undefined ? deviceExists() : stale();
  }

  async #blank(ids: EndDeviceIdentifiers, given: EndDevice): Promise<RegisteredDevice> {
    const devEui = euiOfBytes(given.ids?.devEui);
    const joinEui = euiOfBytes(given.ids?.joinEui);
    return {
      deviceNo: await this.#newDeviceNo(),
      ids: {
        tenantId: ids.tenantId,
        applicationId: ids.applicationId,
        deviceId: ids.deviceId,
        ...(devEui === undefined ? {} : { devEui }),
        ...(joinEui === undefined ? {} : { joinEui }),
      },
      settings: noSettings,
      state: {},
      registration: new Uint8Array(0),
      createdAt: this.#now(),
      updatedAt: this.#now(),
    };
  }

  #changed(stored: RegisteredDevice, given: EndDevice, paths: readonly string[]): ChangedRegistration {
    const { clock, desiredRx1Delay } = this.#around;
    return changedRegistration({ stored, given, paths, now: clock.now(), desiredRx1Delay });
  }

  #now(): number {
    return Math.floor(this.#around.clock.now());
  }

  /** Undefined when there is no such device. */
  async #takeTurn(ids: EndDeviceIdentifiers): Promise<Turn | undefined> {
    const { cache, reader } = this.#around;
    const entry = await cache.holdByIds(ids);
    if (entry === undefined) return undefined;
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    void entry
      .run(() => {
        begun.resolve();
        return ended.promise;
      })
      .finally(() => cache.release(entry));
    await begun.promise;
    try {
      const stored = entry.isDeleted ? undefined : await reader.findRegistered(ids);
      if (stored !== undefined) return { entry, stored, release: ended.resolve };
      ended.resolve();
      return undefined;
    } catch (error) {
      ended.resolve();
      throw error;
    }
  }

  async #newDeviceNo(): Promise<number> {
    this.#numbers ??= this.#around.reader.lastDeviceNo().then((last) => ({ last }));
    try {
      const numbers = await this.#numbers;
      return ++numbers.last;
    } catch (error) {
      this.#numbers = undefined;
      throw error;
    }
  }

  #write(to: Writer, before: DeviceState, device: RegisteredDevice): void {
    const { writer } = this.#around;
    writer.updateRegistration(to, device);
    for (const slot of ["current", "pending"] as const) {
      const state = device.state[slot];
      if (state !== undefined) writer.putSession(to, device, slot, state);
      else if (before[slot] !== undefined) writer.removeSession(to, device.deviceNo, slot);
    }
  }

  /** Memory follows what is committed. */
  #take(entry: DeviceEntry, device: RegisteredDevice): void {
    const { cache } = this.#around;
    const addressesBefore = addressesOf(entry.state);
    entry.settings = device.settings;
    entry.state = device.state;
    if (entry.window?.session !== device.state.current?.session) entry.window = undefined;
    const addresses = addressesOf(device.state);
    for (const devAddr of addressesBefore) if (!addresses.has(devAddr)) cache.sessionEnded(devAddr, entry);
    for (const devAddr of addresses) if (!addressesBefore.has(devAddr)) cache.sessionAppeared(devAddr, entry);
  }

  #transact(change: StagedTransaction): Promise<void> {
    return transactAll(this.#around.store, [change]);
  }
}

function addressesOf({ current, pending }: DeviceState): Set<SessionState["session"]["devAddr"]> {
  const addresses = new Set<SessionState["session"]["devAddr"]>();
  for (const each of [current, pending]) if (each !== undefined) addresses.add(each.session.devAddr);
  return addresses;
}

const noSettings: RegisteredDevice["settings"] = {
  macVersion: "MAC_V1_0",
  phyVersion: "PHY_V1_0",
  frequencyPlanId: "",
  supportsJoin: false,
  resetsFCnt: false,
  supports32BitFCnt: true,
  scheduleDownlinks: true,
  factory: {},
  wanted: {},
};
