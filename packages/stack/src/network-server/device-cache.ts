import type { DevAddr, EUI64 } from "@skylark/lorawan";
import { LRUCache } from "lru-cache";
import { atMost } from "../component/at-most.ts";
import { type EndDeviceIdentifiers, endDeviceKey } from "../domain/identifiers.ts";
import { DeviceEntry } from "./device-entry.ts";
import { tooManyLookups } from "./errors.ts";
import type { DeviceReader, StoredDevice } from "./storage/device-store.ts";

interface AddressLoad {
  readonly loaded: PromiseWithResolvers<readonly DeviceEntry[]>;
  /** A session with this address has come or gone since the question was put to the store. */
  isStale: boolean;
}

/** Addresses and EUIs that nobody has are remembered in bounded numbers: strangers can think of any. */
const maxUnknownAddresses = 50_000;
const maxUnknownEuis = 20_000;
/** Questions to the store that may be waiting at once; strangers' frames must not keep it from the others' work. */
const maxAddressLoads = 20_000;
const maxEuiReads = 500;

/** Devices in memory, found by the addresses of their sessions; addresses without a device are remembered too. */
export class DeviceCache {
  readonly #reader: DeviceReader;
  readonly #addresses: LRUCache<DevAddr, readonly DeviceEntry[]>;
  readonly #unknownAddresses = new LRUCache<DevAddr, true>(atMost(maxUnknownAddresses));
  readonly #unknownEuis = new LRUCache<string, true>(atMost(maxUnknownEuis));
  readonly #euiReads = new Map<
    string,
    { readonly found: Promise<StoredDevice | undefined>; isStale: boolean }
  >();
  readonly #byNo = new Map<number, DeviceEntry>();
  readonly #byIds = new Map<string, DeviceEntry>();
  readonly #loads = new Map<DevAddr, AddressLoad>();
  #queued: DevAddr[] = [];
  #readsUnderWay = 0;
  /** Devices that left memory while a read was under way: what the read says of them may be out of date. */
  readonly #leftDuringRead = new Set<number>();

  constructor(reader: DeviceReader, maxAddresses: number) {
    this.#reader = reader;
    this.#addresses = new LRUCache({
      ...atMost(maxAddresses),
      dispose: (entries) => {
        for (const entry of entries) this.release(entry);
      },
    });
  }

  /** The devices with a session of this address; undefined when that is not known here. */
  byDevAddr(devAddr: DevAddr): readonly DeviceEntry[] | undefined {
    return this.#addresses.get(devAddr) ?? (this.#unknownAddresses.get(devAddr) ? nobody : undefined);
  }

  /**
   * The same from the store; addresses asked for in one turn of the event loop share a query. Undefined when too many
   * are being asked for already.
   */
  loadDevAddr(devAddr: DevAddr): Promise<readonly DeviceEntry[]> | undefined {
    const known = this.#loads.get(devAddr);
    if (known !== undefined) return known.loaded.promise;
    if (this.#loads.size >= maxAddressLoads) return undefined;
    const load: AddressLoad = { loaded: Promise.withResolvers(), isStale: false };
    this.#loads.set(devAddr, load);
    if (this.#queued.push(devAddr) === 1) setImmediate(() => void this.#loadQueued());
    return load.loaded.promise;
  }

  /** A device that is in memory, without a look into the store. */
  peek(ids: EndDeviceIdentifiers): DeviceEntry | undefined {
    return this.#byIds.get(endDeviceKey(ids));
  }

  /** Held for the caller, who has to release it. */
  async holdByIds(ids: EndDeviceIdentifiers): Promise<DeviceEntry | undefined> {
    return this.peek(ids) === undefined
      ? this.#holdRead(() => this.#reader.findByIds(ids))
      : this.hold(this.peek(ids)!);
  }

  /** Held for the caller, who has to release it. Throws when too many are being looked for already. */
  holdByEuis(euis: { readonly joinEui: EUI64; readonly devEui: EUI64 }): Promise<DeviceEntry | undefined> {
    const key = `${euis.joinEui} ${euis.devEui}`;
    return this.#holdByEui(key, () => this.#reader.findByEuis(euis));
  }

  /** Held for the caller, who has to release it. Throws when too many are being looked for already. */
  holdByDevEui(devEui: EUI64): Promise<DeviceEntry | undefined> {
    return this.#holdByEui(devEui, () => this.#reader.findByDevEui(devEui));
  }

  hold(entry: DeviceEntry): DeviceEntry {
    entry.holders++;
    return entry;
  }

  release(entry: DeviceEntry): void {
    if (--entry.holders > 0) return;
    if (this.#byNo.get(entry.deviceNo) !== entry) return;
    this.#byNo.delete(entry.deviceNo);
    this.#byIds.delete(endDeviceKey(entry.ids));
    if (this.#readsUnderWay > 0) this.#leftDuringRead.add(entry.deviceNo);
  }

  /** To be called once a new device is committed. */
  deviceAppeared({ joinEui, devEui }: EndDeviceIdentifiers): void {
    if (devEui === undefined) return;
    for (const key of [devEui, `${joinEui} ${devEui}`]) {
      this.#unknownEuis.delete(key);
      const read = this.#euiReads.get(key);
      if (read !== undefined) read.isStale = true;
    }
  }

  /** To be called once a session is committed. */
  sessionAppeared(devAddr: DevAddr, entry: DeviceEntry): void {
    this.#markStale(devAddr);
    const known = this.byDevAddr(devAddr);
    if (known !== undefined && !known.includes(entry)) this.#setAddress(devAddr, [...known, entry]);
  }

  /** To be called once the end of a session is committed. */
  sessionEnded(devAddr: DevAddr, entry: DeviceEntry): void {
    this.#markStale(devAddr);
    const known = this.#addresses.get(devAddr);
    if (known?.includes(entry)) {
      this.#setAddress(
        devAddr,
        known.filter((each) => each !== entry),
      );
    }
  }

  /** A session was committed for a device that is not in memory. */
  forgetAddress(devAddr: DevAddr): void {
    this.#markStale(devAddr);
    this.#addresses.delete(devAddr);
    this.#unknownAddresses.delete(devAddr);
  }

  /** The device is gone from the store. */
  remove(entry: DeviceEntry): void {
    entry.isDeleted = true;
    entry.window = undefined;
    const { current, pending } = entry.state;
    for (const each of [current, pending]) {
      if (each !== undefined) this.sessionEnded(each.session.devAddr, entry);
    }
    entry.state = {};
    if (this.#byNo.get(entry.deviceNo) === entry) {
      this.#byNo.delete(entry.deviceNo);
      this.#byIds.delete(endDeviceKey(entry.ids));
    }
    if (this.#readsUnderWay > 0) this.#leftDuringRead.add(entry.deviceNo);
  }

  get deviceCount(): number {
    return this.#byNo.size;
  }

  #markStale(devAddr: DevAddr): void {
    const load = this.#loads.get(devAddr);
    if (load !== undefined) load.isStale = true;
  }

  /** Holds the new entries before the old list is disposed of, so that what is in both stays. */
  #setAddress(devAddr: DevAddr, entries: readonly DeviceEntry[]): void {
    if (entries.length === 0) {
      this.#addresses.delete(devAddr);
      this.#unknownAddresses.set(devAddr, true);
      return;
    }
    this.#unknownAddresses.delete(devAddr);
    for (const entry of entries) this.hold(entry);
    this.#addresses.set(devAddr, entries);
  }

  async #loadQueued(): Promise<void> {
    const devAddrs = this.#queued;
    this.#queued = [];
    for (const devAddr of devAddrs) this.#loads.get(devAddr)!.isStale = false;
    try {
      const entries = await this.#read(() => this.#reader.findByDevAddrs(devAddrs));
      const byDevAddr = groupByAddress(entries);
      for (const devAddr of devAddrs) this.#endLoad(devAddr, byDevAddr.get(devAddr) ?? []);
      for (const entry of entries) this.release(entry);
    } catch (error) {
      for (const devAddr of devAddrs) {
        this.#loads.get(devAddr)?.loaded.reject(error);
        this.#loads.delete(devAddr);
      }
    }
  }

  #endLoad(devAddr: DevAddr, entries: readonly DeviceEntry[]): void {
    const load = this.#loads.get(devAddr)!;
    if (load.isStale) {
      if (this.#queued.push(devAddr) === 1) setImmediate(() => void this.#loadQueued());
      return;
    }
    this.#loads.delete(devAddr);
    this.#setAddress(devAddr, entries);
    load.loaded.resolve(entries);
  }

  async #holdByEui(
    key: string,
    find: () => Promise<StoredDevice | undefined>,
  ): Promise<DeviceEntry | undefined> {
    if (this.#unknownEuis.get(key)) return undefined;
    return this.#holdRead(() => this.#findByEui(key, find));
  }

  /** Frames with one EUI that come in together share a query. */
  #findByEui(key: string, find: () => Promise<StoredDevice | undefined>): Promise<StoredDevice | undefined> {
    const known = this.#euiReads.get(key);
    if (known !== undefined && !known.isStale) return known.found;
    if (this.#euiReads.size >= maxEuiReads) throw tooManyLookups();
    const read = { found: find(), isStale: false };
    this.#euiReads.set(key, read);
    read.found.then(
      (device) => {
        if (this.#euiReads.get(key) === read) this.#euiReads.delete(key);
        if (device === undefined && !read.isStale) this.#unknownEuis.set(key, true);
      },
      () => {
        if (this.#euiReads.get(key) === read) this.#euiReads.delete(key);
      },
    );
    return read.found;
  }

  async #holdRead(find: () => Promise<StoredDevice | undefined>): Promise<DeviceEntry | undefined> {
    const [entry] = await this.#read(async () => {
      const found = await find();
      return found === undefined ? [] : [found];
    });
    return entry;
  }

  /** Entries of the devices read, each held once for the caller. A device already in memory is not replaced. */
  async #read(find: () => Promise<readonly StoredDevice[]>): Promise<readonly DeviceEntry[]> {
    this.#readsUnderWay++;
    try {
      for (;;) {
        this.#leftDuringRead.clear();
        const devices = await find();
        if (devices.some(({ deviceNo }) => this.#leftDuringRead.has(deviceNo))) continue;
        return devices.map((device) => this.hold(this.#entryFor(device)));
      }
    } finally {
      this.#readsUnderWay--;
    }
  }

  #entryFor(device: StoredDevice): DeviceEntry {
    const known = this.#byNo.get(device.deviceNo);
    if (known !== undefined) return known;
    const entry = new DeviceEntry(device);
    this.#byNo.set(entry.deviceNo, entry);
    this.#byIds.set(endDeviceKey(entry.ids), entry);
    return entry;
  }
}

const nobody: readonly DeviceEntry[] = [];

/** By the sessions that the entries have now, which may be newer than what the store said. */
function groupByAddress(entries: readonly DeviceEntry[]): Map<DevAddr, DeviceEntry[]> {
  const groups = new Map<DevAddr, DeviceEntry[]>();
  for (const entry of entries) {
    const { current, pending } = entry.state;
    const addresses = new Set([current?.session.devAddr, pending?.session.devAddr]);
    for (const devAddr of addresses) {
      if (devAddr === undefined) continue;
      const group = groups.get(devAddr);
      if (group === undefined) groups.set(devAddr, [entry]);
      else group.push(entry);
    }
  }
  return groups;
}
