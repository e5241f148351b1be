import {
  assign,
  create,
  type EndDevice,
  EndDeviceSchema,
  fromBinary,
  pick,
  timestampFromMs,
  toBinary,
} from "@skylark/api";
import { type AESKey, aesKey, type EUI64, formatHex, parseEUI64, parseHex } from "@skylark/lorawan";
import type { Clock } from "../clock/clock.ts";
import { euiOfBytes } from "../domain/identifier-bytes.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../domain/identifiers.ts";
import { defineErrors } from "../errors/errors.ts";
import type { EventPublisher } from "../events/events.ts";
import { type DeletionKind, publishDeletion } from "../rpc/end-device-registries.ts";
import { type StagedResult, transactAll, transactOne } from "../store/staged-transaction.ts";
import type { Store } from "../store/store.ts";
import { stale } from "../store/store-errors.ts";
import { batchDeleted, deviceCreated, deviceDeleted, deviceUpdated } from "./events.ts";
import {
  freshNonces,
  type JoinDevice,
  type JoinDeviceReader,
  type JoinDeviceWriter,
  type Nonces,
} from "./storage/device-store.ts";

const errors = defineErrors("pkg/joinserver");
const deviceNotFound = errors.notFound("device_not_found", "device not found");
const duplicateIdentifiers = errors.alreadyExists("duplicate_identifiers", "duplicate identifiers");
const noJoinEui = errors.invalidArgument("no_join_eui", "no JoinEUI specified");
const noDevEui = errors.invalidArgument("no_dev_eui", "no DevEUI specified");
const fieldValue = errors.invalidArgument("field_value", "invalid value of field `{field}`");
const readOnlyField = defineErrors("pkg/joinserver/redis").invalidArgument(
  "read_only_field",
  "read-only field `{field}`",
);

/** What is kept as it was given; keys and nonces are kept in columns of their own. */
const keptPaths: readonly string[] = [
  "application_server_address",
  "application_server_id",
  "application_server_kek_label",
  "claim_authentication_code",
  "last_rj_count_0",
  "last_rj_count_1",
  "net_id",
  "network_server_address",
  "network_server_kek_label",
  "provisioner_id",
  "provisioning_data",
  "root_keys.root_key_id",
];

interface Surroundings {
  readonly clock: Clock;
  readonly store: Store;
  readonly reader: JoinDeviceReader;
  readonly writer: JoinDeviceWriter;
  readonly events: EventPublisher;
  readonly coversJoinEui: (joinEui: EUI64) => boolean;
}

/** Devices with their root keys, as their owners register, change and delete them. */
export class RegisteredDevices {
  readonly #around: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  async get(ids: EndDeviceIdentifiers): Promise<EndDevice> {
    const device = await this.find(ids);
    if (device === undefined) throw deviceNotFound();
    return device;
  }

  async find(ids: EndDeviceIdentifiers): Promise<EndDevice | undefined> {
    const device = await this.#around.reader.findByIds(ids);
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
    const { reader, writer, events } = this.#around;
    const joinEui = euiOfBytes(given.ids?.joinEui);
    const devEui = euiOfBytes(given.ids?.devEui);
    if (joinEui === undefined) throw noJoinEui();
    if (devEui === undefined || devEui === noEui) throw noDevEui();
    const stored = isNew ? undefined : await reader.findByIds(ids);
    if (stored !== undefined && stored.ids.joinEui !== joinEui)
      throw readOnlyField({ field: "ids.join_eui" });
    if (stored !== undefined && stored.ids.devEui !== devEui) throw readOnlyField({ field: "ids.dev_eui" });
    const before = stored ?? this.#blank({ ...ids, joinEui, devEui });
    const { device, message } = this.#changed(before, given, paths);
    // Nonces are left alone unless they were given: a join may move them on at this very moment.
    const isNonceGiven = paths.some((path) => nonceFields.has(path));
    return {
      result: message,
      write(to) {
        if (stored === undefined) writer.create(to, device);
        else writer.update(to, device, stored.updatedAt);
        if (stored !== undefined && isNonceGiven) writer.setNonces(to, ids, device.nonces);
      },
      committed: () =>
        events.publish(stored === undefined ? deviceCreated : deviceUpdated, {
          kind: "device",
          ids: device.ids,
        }),
      async explain(constraint) {
        if (isNew || !constraint.startsWith("js_devices.")) return undefined;
        // Someone else created the device meanwhile: look again. Otherwise another device has its EUIs.
        return (await reader.findByIds(ids)) === undefined ? duplicateIdentifiers() : stale();
      },
    };
  }

  /** Whether joins with this JoinEUI are answered here at all. */
  answersForJoinEui(joinEui: Uint8Array): boolean {
    return this.#around.coversJoinEui(parseEUI64(formatHex(joinEui)));
  }

  /** Throws when there is no such device. */
  async delete(ids: EndDeviceIdentifiers): Promise<void> {
    const staged = await this.stageDelete([ids], "single");
    if (staged.result.length === 0) throw deviceNotFound();
    await transactAll(this.#around.store, [staged]);
  }

  async deleteAll(ids: readonly EndDeviceIdentifiers[]): Promise<void> {
    await transactAll(this.#around.store, [await this.stageDelete(ids, "batch")]);
  }

  /** Leads to those that there are. */
  async stageDelete(
    ids: readonly EndDeviceIdentifiers[],
    kind: DeletionKind,
  ): Promise<StagedResult<readonly EndDeviceIdentifiers[]>> {
    const { reader, writer, events } = this.#around;
    const found = await Promise.all(ids.map((each) => reader.findByIds(each)));
    const there = found.flatMap((device) => (device === undefined ? [] : [device.ids]));
    return {
      result: there,
      write(to) {
        for (const each of ids) writer.remove(to, each);
      },
      committed: () => publishDeletion(events, { single: deviceDeleted, batch: batchDeleted }, kind, there),
    };
  }

  async deleteApplication(ids: ApplicationIdentifiers): Promise<void> {
    const { store, writer } = this.#around;
    await store.write((to) => writer.removeApplication(to, ids));
  }

  #blank(ids: JoinDevice["ids"]): JoinDevice {
    const now = Math.floor(this.#around.clock.now());
    return {
      ids,
      resetsJoinNonces: false,
      nonces: freshNonces,
      registration: new Uint8Array(0),
      createdAt: now,
      updatedAt: now - 1,
    };
  }

  #changed(stored: JoinDevice, given: EndDevice, paths: readonly string[]) {
    const device = assign(EndDeviceSchema, endDeviceMessage(stored), given, paths);
    const appKey = keyOf(device.rootKeys?.appKey?.key, "app_key");
    const nwkKey = keyOf(device.rootKeys?.nwkKey?.key, "nwk_key");
    if (appKey === undefined && namesAppKey(paths)) throw fieldValue({ field: "root_keys.app_key.key" });
    const { appKey: _, nwkKey: __, ...rest } = stored;
    const changed: JoinDevice = {
      ...rest,
      ...(appKey === undefined ? {} : { appKey }),
      ...(nwkKey === undefined ? {} : { nwkKey }),
      resetsJoinNonces: device.resetsJoinNonces,
      nonces: noncesOf(device, stored.nonces, paths),
      registration: toBinary(EndDeviceSchema, pick(EndDeviceSchema, device, keptPaths)),
      // Also tells two versions of a row apart.
      updatedAt: Math.max(Math.floor(this.#around.clock.now()), stored.updatedAt + 1),
    };
    return { device: changed, message: endDeviceMessage(changed, device) };
  }
}

const noEui = "0000000000000000";

const nonceFields = new Set(["last_dev_nonce", "used_dev_nonces", "last_join_nonce"]);

/**
 * Everything the API shows of a device; what the caller did not ask for or may not see is left out later.
 * `registration` is what the device's registration decodes to.
 */
function endDeviceMessage(
  { ids, nonces, ...device }: JoinDevice,
  registration: EndDevice = fromBinary(EndDeviceSchema, device.registration),
): EndDevice {
  const rootKeyId = registration.rootKeys?.rootKeyId || undefined;
  const message = create(EndDeviceSchema, {
    ids: {
      deviceId: ids.deviceId,
      applicationIds: { applicationId: ids.applicationId },
      joinEui: parseHex(ids.joinEui),
      devEui: parseHex(ids.devEui),
    },
    createdAt: timestampFromMs(device.createdAt),
    updatedAt: timestampFromMs(device.updatedAt),
    resetsJoinNonces: device.resetsJoinNonces,
    lastJoinNonce: nonces.lastJoinNonce,
    lastDevNonce: Math.max(0, nonces.lastDevNonce),
    usedDevNonces: [...nonces.usedDevNonces],
    ...(rootKeyId === undefined && device.appKey === undefined && device.nwkKey === undefined
      ? {}
      : {
          rootKeys: {
            ...(rootKeyId === undefined ? {} : { rootKeyId }),
            ...(device.appKey === undefined ? {} : { appKey: { key: device.appKey } }),
            ...(device.nwkKey === undefined ? {} : { nwkKey: { key: device.nwkKey } }),
          },
        }),
  });
  // A device that is not registered yet has none.
  if (device.registration.length === 0) return message;
  return assign(EndDeviceSchema, message, registration, keptPaths);
}

/** A NwkKey of zeros is none: that takes it away. */
function keyOf(key: Uint8Array | undefined, name: string): AESKey | undefined {
  if (key === undefined || key.every((byte) => byte === 0)) return undefined;
  if (key.length !== 16) throw fieldValue({ field: `root_keys.${name}.key` });
  return aesKey(key.slice());
}

/** A parent in the mask may leave the AppKey out; who names it has to give it. */
function namesAppKey(paths: readonly string[]): boolean {
  return paths.some((path) => path === "root_keys.app_key" || path.startsWith("root_keys.app_key."));
}

function noncesOf(device: EndDevice, before: Nonces, paths: readonly string[]): Nonces {
  return {
    lastJoinNonce: paths.includes("last_join_nonce") ? device.lastJoinNonce : before.lastJoinNonce,
    lastDevNonce: paths.includes("last_dev_nonce") ? device.lastDevNonce : before.lastDevNonce,
    usedDevNonces: paths.includes("used_dev_nonces") ? device.usedDevNonces : before.usedDevNonces,
  };
}
