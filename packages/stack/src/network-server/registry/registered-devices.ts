import { assign, create, type EndDevice, EndDeviceSchema } from "@skylark/api";
import type { Clock } from "../../clock/clock.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";
import type { Store, Writer } from "../../store/store.ts";
import { type DeviceState, freshCounters, type SessionState } from "../device.ts";
import type { DeviceCache } from "../device-cache.ts";
import type { DeviceEntry } from "../device-entry.ts";
import { deviceNotFound } from "../errors.ts";
import { personalizedMACState } from "../join/join-parameters.ts";
import { desiredParameters } from "../region.ts";
import type { DeviceReader, DeviceWriter, RegisteredDevice } from "../storage/device-store.ts";
import { checkRegistration, invalidField } from "./check-registration.ts";
import { endDeviceMessage } from "./end-device-message.ts";
import { givenSession, touches } from "./given-session.ts";
import { encodeRegistration, settingsOf } from "./registration.ts";

const errors = defineErrors("pkg/networkserver");
const deviceExists = errors.alreadyExists("device_exists", "device already exists");
const readOnlyField = defineErrors("pkg/networkserver/redis").invalidArgument(
  "read_only_field",
  "read-only field `{field}`",
);

interface Surroundings {
  readonly clock: Clock;
  readonly store: Store;
  readonly cache: DeviceCache;
  readonly reader: DeviceReader;
  readonly writer: DeviceWriter;
  readonly desiredRx1Delay: number;
}

/** Devices as their owners register, change and delete them; each change waits for the device's turn. */
export class RegisteredDevices {
  readonly #around: Surroundings;
  #numbers: Promise<{ last: number }> | undefined;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  async get(ids: EndDeviceIdentifiers): Promise<EndDevice> {
    const device = await this.#around.reader.findRegistered(ids);
    if (device === undefined) throw deviceNotFound();
    return endDeviceMessage(device);
  }

  /** Creates the device, or changes the fields of the mask; gives the whole device as it is now. */
  async set(ids: EndDeviceIdentifiers, given: EndDevice, paths: readonly string[]): Promise<EndDevice> {
    const changed = await this.#inTurn(ids, async (entry, stored) => {
      const changed = this.#changed(stored, given, paths);
      await this.#transact((to) => this.#write(to, stored.state, changed));
      this.#take(entry, changed);
      return changed;
    });
    return endDeviceMessage(changed ?? (await this.#create(ids, given, paths)));
  }

  /** Back to the state in which the device was registered. */
  async reset(ids: EndDeviceIdentifiers): Promise<EndDevice> {
    const changed = await this.#inTurn(ids, async (entry, stored) => {
      const { current } = stored.state;
      const { settings } = stored;
      const rx1Delay = this.#around.desiredRx1Delay;
      const restarted: DeviceState =
        settings.supportsJoin || current === undefined
          ? {}
          : {
              current: {
                session: current.session,
                counters: freshCounters,
                mac: personalizedMACState(settings, { rx1Delay }),
              },
            };
      const changed = { ...stored, state: restarted, updatedAt: this.#now() };
      await this.#transact((to) => this.#write(to, stored.state, changed));
      this.#take(entry, changed);
      return changed;
    });
    if (changed === undefined) throw deviceNotFound();
    return endDeviceMessage(changed);
  }

  /** Throws when there is no such device. */
  async delete(ids: EndDeviceIdentifiers): Promise<void> {
    if (!(await this.deleteDevice(ids))) throw deviceNotFound();
  }

  /** Whether there was one. */
  async deleteDevice(ids: EndDeviceIdentifiers): Promise<boolean> {
    const { store, writer, cache } = this.#around;
    const deleted = await this.#inTurn(ids, async (entry) => {
      await store.write((to) => writer.remove(to, entry.deviceNo));
      cache.remove(entry);
      return true;
    });
    return deleted ?? false;
  }

  async deleteApplication({ tenantId, applicationId }: ApplicationIdentifiers): Promise<void> {
    for (const ids of await this.#around.reader.listApplication(tenantId, applicationId)) {
      await this.deleteDevice(ids);
    }
  }

  #now(): number {
    return Math.floor(this.#around.clock.now());
  }

  /** Undefined when there is no such device. */
  async #inTurn<T>(
    ids: EndDeviceIdentifiers,
    task: (entry: DeviceEntry, stored: RegisteredDevice) => Promise<T>,
  ): Promise<T | undefined> {
    const { cache, reader } = this.#around;
    const entry = await cache.holdByIds(ids);
    if (entry === undefined) return undefined;
    try {
      return await entry.run(async () => {
        const stored = entry.isDeleted ? undefined : await reader.findRegistered(ids);
        return stored === undefined ? undefined : await task(entry, stored);
      });
    } finally {
      cache.release(entry);
    }
  }

  async #create(
    ids: EndDeviceIdentifiers,
    given: EndDevice,
    paths: readonly string[],
  ): Promise<RegisteredDevice> {
    const devEui = euiOfBytes(given.ids?.devEui);
    const joinEui = euiOfBytes(given.ids?.joinEui);
    const blank: RegisteredDevice = {
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
    const device = this.#changed(blank, given, paths);
    const { current } = device.state;
    if (!device.settings.supportsJoin && current === undefined) throw invalidField("session.dev_addr");
    await this.#transact((to) => {
      this.#around.writer.create(to, device);
      this.#write(to, {}, device);
    });
    this.#around.cache.deviceAppeared(device.ids);
    if (current !== undefined) this.#around.cache.forgetAddress(current.session.devAddr);
    return device;
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

  /** The device with the fields of the mask as given, checked. */
  #changed(stored: RegisteredDevice, given: EndDevice, paths: readonly string[]): RegisteredDevice {
    const before = endDeviceMessage(stored);
    const isNew = stored.registration.length === 0;
    if (!isNew) requireSameIdentifiers(stored, given);
    const merged = assign(
      EndDeviceSchema,
      before,
      given,
      paths.filter((path) => !path.startsWith("ids")),
    );
    const device = create(EndDeviceSchema, { ...merged, ids: before.ids! });
    if (!isNew && before.supportsJoin !== device.supportsJoin) throw invalidField("supports_join");
    if (!isNew && before.multicast !== device.multicast) throw invalidField("multicast");
    for (const name of ["pending_session", "pending_mac_state"] as const) {
      const value = name === "pending_session" ? given.pendingSession : given.pendingMacState;
      if (touches(paths, name) && value !== undefined) throw invalidField(name);
    }
    const settings = settingsOf(device, checkRegistration(device));
    const current = givenSession({
      ids: stored.ids,
      settings,
      device,
      paths,
      before: stored.state.current,
      now: this.#around.clock.now(),
      desiredRx1Delay: this.#around.desiredRx1Delay,
    });
    const { pending, status } = stored.state;
    const keepsPending = pending !== undefined && !touches(paths, "pending_session");
    return {
      ...stored,
      settings,
      state: {
        ...(current === undefined
          ? {}
          : { current: isNew ? current : this.#withDesired(current, stored.settings, settings) }),
        ...(keepsPending ? { pending } : {}),
        ...(status === undefined ? {} : { status }),
      },
      registration: encodeRegistration(device),
      updatedAt: this.#now(),
    };
  }

  /** A running session takes up what the owner now wants of the device. */
  #withDesired(
    state: SessionState,
    before: RegisteredDevice["settings"],
    after: RegisteredDevice["settings"],
  ): SessionState {
    const defaults = { rx1Delay: this.#around.desiredRx1Delay };
    const desired = desiredParameters(after, defaults);
    const isSame = JSON.stringify(desired) === JSON.stringify(desiredParameters(before, defaults));
    return isSame ? state : { ...state, mac: { ...state.mac, desired, refused: [] } };
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

  async #transact(change: (to: Writer) => void): Promise<void> {
    try {
      await this.#around.store.transact(change);
    } catch (error) {
      if (isConflict(error)) throw deviceExists({}, { cause: error });
      throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof SkylarkError && error.definition.name === "conflict";
}

function addressesOf({ current, pending }: DeviceState): Set<SessionState["session"]["devAddr"]> {
  const addresses = new Set<SessionState["session"]["devAddr"]>();
  for (const each of [current, pending]) if (each !== undefined) addresses.add(each.session.devAddr);
  return addresses;
}

function requireSameIdentifiers({ ids }: RegisteredDevice, given: EndDevice): void {
  const devEui = euiOfBytes(given.ids?.devEui);
  const joinEui = euiOfBytes(given.ids?.joinEui);
  if (devEui !== undefined && devEui !== ids.devEui) throw readOnlyField({ field: "ids.dev_eui" });
  if (joinEui !== undefined && joinEui !== ids.joinEui) throw readOnlyField({ field: "ids.join_eui" });
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
