import {
  assign,
  create,
  type EndDevice,
  type EndDeviceIdentifiers as EndDeviceIdentifiersMessage,
  EndDeviceSchema,
} from "@skylark/api";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import { defineEvent, type EventPublisher } from "../../events/events.ts";
import { deletedDevices } from "../../rpc/end-device-requests.ts";
import { type StagedResult, type StagedTransaction, transactAll } from "../../store/staged-transaction.ts";
import type { StagedChange, Store } from "../../store/store.ts";
import type { DeviceChange, DeviceRegistry } from "../device-registry.ts";
import type { ApplicationDevice } from "../end-device.ts";
import { deviceMessage, sessionOf, settingsOf } from "./device-conversion.ts";

const readOnlyField = defineErrors("pkg/applicationserver/redis").invalidArgument(
  "read_only_field",
  "read-only field `{field}`",
);
const devicesRead = ["RIGHT_APPLICATION_DEVICES_READ"];
const deviceCreated = defineEvent("as.end_device.create", "create end device", devicesRead);
const deviceUpdated = defineEvent("as.end_device.update", "update end device", devicesRead);
const deviceDeleted = defineEvent("as.end_device.delete", "delete end device", devicesRead);
const batchDeleted = defineEvent("as.end_device.batch.delete", "batch delete end devices", devicesRead);

interface Surroundings {
  readonly store: Store;
  readonly events: EventPublisher;
  readonly devices: DeviceRegistry;
  /** A device with what is queued for it. */
  readonly stageDelete: (ids: EndDeviceIdentifiers) => readonly StagedChange[];
}

/** Devices with their application session and formatters, as their owners register, change and delete them. */
export class RegisteredDevices {
  readonly #around: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  /** Keys included: whoever answers picks what may be seen. */
  async find(ids: EndDeviceIdentifiers): Promise<EndDevice | undefined> {
    const { devices } = this.#around;
    const device = await devices.load(ids);
    return device && deviceMessage(device, devices);
  }

  async set(ids: EndDeviceIdentifiers, given: EndDevice, paths: readonly string[]): Promise<EndDevice> {
    const staged = await this.stageSet(ids, given, paths);
    await transactAll(this.#around.store, [staged]);
    return staged.result;
  }

  /** `isNew`: take it that there is no such device; the transaction breaks a constraint when there is. */
  async stageSet(
    ids: EndDeviceIdentifiers,
    given: EndDevice,
    paths: readonly string[],
    { isNew = false }: { readonly isNew?: boolean } = {},
  ): Promise<StagedResult<EndDevice>> {
    const { devices, events } = this.#around;
    const known = isNew ? undefined : await devices.load(ids);
    const change = changeOf(devices, known, given, paths);
    const staged = isNew ? devices.stageCreation(ids, change) : devices.stage(ids, change);
    const device = devices.preview(known, ids, change);
    return {
      result: device === undefined ? create(EndDeviceSchema) : deviceMessage(device, devices),
      write: staged.write,
      committed() {
        staged.committed();
        const definition = known === undefined ? deviceCreated : deviceUpdated;
        events.publish(definition, { kind: "device", ids: device?.ids ?? ids });
      },
    };
  }

  /** Whether there was one. */
  async delete(ids: EndDeviceIdentifiers): Promise<boolean> {
    const { devices, events, store } = this.#around;
    const device = await devices.load(ids);
    if (device === undefined) return false;
    await transactAll(store, [this.stageDelete(ids)]);
    events.publish(deviceDeleted, { kind: "device", ids: device.ids });
    return true;
  }

  /** Of devices that are not there, nothing is said. */
  async deleteBatch(application: ApplicationIdentifiers, deviceIds: readonly string[]): Promise<void> {
    const { devices, events, store } = this.#around;
    const found = await Promise.all(
      [...new Set(deviceIds)].map((deviceId) => devices.load({ ...application, deviceId })),
    );
    const ids = found.flatMap((device) => (device === undefined ? [] : [device.ids]));
    if (ids.length === 0) return;
    await transactAll(
      store,
      ids.map((each) => this.stageDelete(each)),
    );
    events.publish(batchDeleted, { kind: "application", ids: application }, deletedDevices(ids));
  }

  /** Whether or not there is such a device. */
  stageDelete(ids: EndDeviceIdentifiers): StagedTransaction {
    const changes = this.#around.stageDelete(ids);
    return {
      write(to) {
        for (const change of changes) change.write(to);
      },
      committed() {
        for (const change of changes) change.committed();
      },
    };
  }
}

/** What a Set changes: identifiers as they come, the rest by the mask. */
function changeOf(
  devices: DeviceRegistry,
  known: ApplicationDevice | undefined,
  source: EndDevice,
  paths: readonly string[],
): DeviceChange {
  const before = known === undefined ? create(EndDeviceSchema) : deviceMessage(known, devices);
  checkIdentifiers(known, source);
  const writable = paths.filter((path) => path !== "ids" && !path.startsWith("ids."));
  const after = assign(EndDeviceSchema, before, source, writable);
  after.ids = known === undefined || hasMoreEuis(source, before) ? mergedIds(before, source) : before.ids!;
  if (paths.includes("skip_payload_crypto") && !paths.includes("skip_payload_crypto_override")) {
    after.skipPayloadCryptoOverride = source.skipPayloadCrypto;
  }
  const settings = settingsOf(after);
  const setsSession = paths.some((path) => path.startsWith("session"));
  if (!setsSession) return { settings };
  if (after.session === undefined) return { settings, session: null };
  return { settings, session: sessionOf(after.session, devices) };
}

function checkIdentifiers(known: ApplicationDevice | undefined, { ids }: EndDevice): void {
  const { devEui, joinEui } = known?.ids ?? {};
  const differs = (stored: string | undefined, given: Uint8Array | undefined): boolean =>
    stored !== undefined && given !== undefined && given.length > 0 && given.toHex().toUpperCase() !== stored;
  if (differs(devEui, ids?.devEui)) throw readOnlyField({ field: "ids.dev_eui" });
  if (differs(joinEui, ids?.joinEui)) throw readOnlyField({ field: "ids.join_eui" });
}

function hasMoreEuis({ ids }: EndDevice, before: EndDevice): boolean {
  return (
    (before.ids?.devEui.length === 0 && (ids?.devEui.length ?? 0) > 0) ||
    (before.ids?.joinEui.length === 0 && (ids?.joinEui.length ?? 0) > 0)
  );
}

function mergedIds(before: EndDevice, { ids }: EndDevice): EndDeviceIdentifiersMessage {
  const given = ids ?? before.ids;
  if (given === undefined) throw readOnlyField({ field: "ids" });
  if (before.ids === undefined) return given;
  return {
    ...given,
    devEui: given.devEui.length > 0 ? given.devEui : before.ids.devEui,
    joinEui: given.joinEui.length > 0 ? given.joinEui : before.ids.joinEui,
  };
}
