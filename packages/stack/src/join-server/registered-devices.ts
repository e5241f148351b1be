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
import { type AESKey, aesKey, parseHex } from "@skylark/lorawan";
import type { Clock } from "../clock/clock.ts";
import { euiOfBytes } from "../domain/identifier-bytes.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../domain/identifiers.ts";
import { defineErrors, SkylarkError } from "../errors/errors.ts";
import type { Store, Writer } from "../store/store.ts";
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
}

/** Devices with their root keys, as their owners register, change and delete them. */
export class RegisteredDevices {
  readonly #around: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  async get(ids: EndDeviceIdentifiers): Promise<EndDevice> {
    const device = await this.#around.reader.findByIds(ids);
    if (device === undefined) throw deviceNotFound();
    return endDeviceMessage(device);
  }

  /** Creates the device, or changes the fields of the mask; gives the whole device as it is now. */
  async set(ids: EndDeviceIdentifiers, given: EndDevice, paths: readonly string[]): Promise<EndDevice> {
    const { reader, writer } = this.#around;
    const joinEui = euiOfBytes(given.ids?.joinEui);
    const devEui = euiOfBytes(given.ids?.devEui);
    if (joinEui === undefined) throw noJoinEui();
    if (devEui === undefined || devEui === noEui) throw noDevEui();
    const stored = await reader.findByIds(ids);
    if (stored !== undefined && stored.ids.joinEui !== joinEui)
      throw readOnlyField({ field: "ids.join_eui" });
    if (stored !== undefined && stored.ids.devEui !== devEui) throw readOnlyField({ field: "ids.dev_eui" });
    const device = this.#changed(stored ?? this.#blank({ ...ids, joinEui, devEui }), given, paths);
    // Nonces are left alone unless they were given: a join may move them on at this very moment.
    const isNonceGiven = paths.some((path) => nonceFields.has(path));
    await this.#transact((to) => {
      if (stored === undefined) writer.create(to, device);
      else writer.update(to, device);
      if (stored !== undefined && isNonceGiven) writer.setNonces(to, ids, device.nonces);
    });
    return endDeviceMessage(device);
  }

  /** Throws when there is no such device. */
  async delete(ids: EndDeviceIdentifiers): Promise<void> {
    if (!(await this.deleteDevice(ids))) throw deviceNotFound();
  }

  /** Whether there was one. */
  async deleteDevice(ids: EndDeviceIdentifiers): Promise<boolean> {
    const { reader, writer, store } = this.#around;
    if ((await reader.findByIds(ids)) === undefined) return false;
    await store.write((to) => writer.remove(to, ids));
    return true;
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
      updatedAt: now,
    };
  }

  #changed(stored: JoinDevice, given: EndDevice, paths: readonly string[]): JoinDevice {
    const device = assign(EndDeviceSchema, endDeviceMessage(stored), given, paths);
    const appKey = keyOf(device.rootKeys?.appKey?.key, paths, "app_key");
    const nwkKey = keyOf(device.rootKeys?.nwkKey?.key, paths, "nwk_key");
    const { appKey: _, nwkKey: __, ...rest } = stored;
    return {
      ...rest,
      ...(appKey === undefined ? {} : { appKey }),
      ...(nwkKey === undefined ? {} : { nwkKey }),
      resetsJoinNonces: device.resetsJoinNonces,
      nonces: noncesOf(device, stored.nonces, paths),
      registration: toBinary(EndDeviceSchema, pick(EndDeviceSchema, device, keptPaths)),
      updatedAt: Math.floor(this.#around.clock.now()),
    };
  }

  async #transact(change: (to: Writer) => void): Promise<void> {
    try {
      await this.#around.store.transact(change);
    } catch (error) {
      if (error instanceof SkylarkError && error.definition.name === "conflict") {
        throw duplicateIdentifiers({}, { cause: error });
      }
      throw error;
    }
  }
}

const noEui = "0000000000000000";

const nonceFields = new Set(["last_dev_nonce", "used_dev_nonces", "last_join_nonce"]);

/** Everything the API shows of a device; what the caller did not ask for or may not see is left out later. */
function endDeviceMessage({ ids, nonces, ...device }: JoinDevice): EndDevice {
  const registration =
    device.registration.length === 0
      ? create(EndDeviceSchema)
      : fromBinary(EndDeviceSchema, device.registration);
  const rootKeyId = registration.rootKeys?.rootKeyId;
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
    rootKeys: {
      ...(rootKeyId === undefined ? {} : { rootKeyId }),
      ...(device.appKey === undefined ? {} : { appKey: { key: device.appKey } }),
      ...(device.nwkKey === undefined ? {} : { nwkKey: { key: device.nwkKey } }),
    },
  });
  return assign(EndDeviceSchema, message, registration, keptPaths);
}

/** A key named in the mask has to be one; a parent in the mask may leave it out. */
function keyOf(key: Uint8Array | undefined, paths: readonly string[], name: string): AESKey | undefined {
  const isNamed = paths.some((path) => path === `root_keys.${name}` || path.startsWith(`root_keys.${name}.`));
  const isKey = key?.length === 16 && key.some((byte) => byte !== 0);
  if (isKey) return aesKey(key.slice());
  if (isNamed || (key !== undefined && key.length > 0)) throw fieldValue({ field: `root_keys.${name}.key` });
  return undefined;
}

function noncesOf(device: EndDevice, before: Nonces, paths: readonly string[]): Nonces {
  return {
    lastJoinNonce: paths.includes("last_join_nonce") ? device.lastJoinNonce : before.lastJoinNonce,
    lastDevNonce: paths.includes("last_dev_nonce") ? device.lastDevNonce : before.lastDevNonce,
    usedDevNonces: paths.includes("used_dev_nonces") ? device.usedDevNonces : before.usedDevNonces,
  };
}
