import {
  assign,
  create,
  type EndDevice,
  type EndDeviceIdentifiers as EndDeviceIdentifiersMessage,
  EndDeviceSchema,
} from "@skylark/api";
import { entityNotFound } from "../../domain/entity-not-found.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import { defineEvent, type EventPublisher } from "../../events/events.ts";
import { type DeletionKind, publishDeletion } from "../../rpc/end-device-registries.ts";
import { type StagedResult, transactAll, transactOne } from "../../store/staged-transaction.ts";
import type { StagedChange, Store } from "../../store/store.ts";
import type { DeviceChange, DeviceRegistry } from "../device-registry.ts";
import { deviceNotFound } from "../downlink/downlink-requests.ts";
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
  /** As errors name a device. */
  readonly formatDeviceUid: (ids: EndDeviceIdentifiers) => string;
  /** A device with what is queued for it. */
  readonly stageDelete: (ids: EndDeviceIdentifiers) => readonly StagedChange[];
}

/** Devices with their application session and formatters, as their owners register, change and delete them. */
export class RegisteredDevices {
  readonly #around: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  async get(ids: EndDeviceIdentifiers): Promise<EndDevice> {
    const device = await this.find(ids);
    if (device === undefined) throw entityNotFound();
    return device;
  }

  /** Keys included: whoever answers picks what may be seen. */
  async find(ids: EndDeviceIdentifiers): Promise<EndDevice | undefined> {
    const { devices } = this.#around;
    const device = await devices.load(ids);
    return device && deviceMessage(device, devices);
  }

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

  /** Throws when there is no such device. */
  async delete(ids: EndDeviceIdentifiers): Promise<void> {
    const staged = await this.stageDelete([ids], "single");
    if (staged.result.length === 0) throw deviceNotFound({ device_uid: this.#around.formatDeviceUid(ids) });
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
    const { devices, events } = this.#around;
    const found = await Promise.all(ids.map((each) => devices.load(each)));
    const there = found.flatMap((device) => (device === undefined ? [] : [device.ids]));
    const changes = ids.flatMap((each) => this.#around.stageDelete(each));
    return {
      result: there,
      write(to) {
        for (const change of changes) change.write(to);
      },
      committed() {
        for (const change of changes) change.committed();
        publishDeletion(events, { single: deviceDeleted, batch: batchDeleted }, kind, there);
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
