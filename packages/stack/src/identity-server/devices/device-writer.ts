import { assign, type EndDevice, EndDeviceSchema, timestampFromMs, timestampMs } from "@skylark/api";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import type { EventDefinition } from "../../events/events.ts";
import type { StagedResult, StagedTransaction } from "../../store/staged-transaction.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { endDeviceNotFound, euiTaken, idTaken } from "../errors.ts";
import { endDeviceEvents } from "../events.ts";
import type { Pictures, PreparedPicture } from "../pictures/pictures.ts";
import { checkClaimAuthenticationCode } from "../registries/claim-authentication-code.ts";
import { readKnown } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { DeviceKey } from "../storage/end-device-store.ts";
import { tenantLimitError } from "../storage/tenant-totals.ts";
import { checkServerAddresses } from "./server-addresses.ts";

const errors = defineErrors("pkg/identityserver");
const endDeviceEuisTaken = errors.alreadyExists(
  "end_device_euis_taken",
  "an end device with JoinEUI `{join_eui}` and DevEUI `{dev_eui}` is already registered as `{device_id}` in application `{application_id}`",
);

interface Changes {
  /** After each change, whatever came of it: what is cached may be outdated. */
  readonly changed: (key: DeviceKey) => void;
  readonly publish: (definition: EventDefinition, key: DeviceKey, changed?: readonly string[]) => void;
  readonly pictures: Pictures;
}

interface Changed {
  readonly next: EndDevice;
  readonly picture?: PreparedPicture | undefined;
}

/** Prepares changes of single devices, explaining what they may break. */
export function createDeviceWriter(registries: Registries, { changed, publish, pictures }: Changes) {
  const { endDevices, clock } = registries;
  const ends = (key: DeviceKey, device: EndDevice) => ({
    release: () => changed(key),
    async explain(constraint: string) {
      if (!constraint.startsWith("end_devices.")) return tenantLimitError(constraint, "device");
      return constraint.includes("eui") ? explainEuis(registries, key, device) : idTaken();
    },
  });
  const stageChange = async (
    key: DeviceKey,
    change: (stored: EndDevice) => Changed | Promise<Changed>,
    committed: () => void,
  ): Promise<StagedResult<EndDevice>> => {
    const stored = await endDevices.get(key);
    if (stored === undefined) throw notFound(key);
    const at = clock.now();
    const { next, picture } = await change(stored.device);
    const device = asStored({ ...next, updatedAt: timestampFromMs(at) });
    return {
      result: shownDevice(pictures, device),
      write(writer) {
        endDevices.update(writer, key, { device, version: stored.version, at });
        picture?.write(writer);
      },
      committed,
      ...ends(key, device),
    };
  };

  return {
    async stageCreation(key: DeviceKey, requested: EndDevice): Promise<StagedResult<EndDevice>> {
      checkIdAllowed(key.deviceId);
      checkServerAddresses(await readApplication(registries, key), requested);
      checkCode(requested);
      const at = clock.now();
      const stamp = timestampFromMs(at);
      const picture = pictures.prepare(pictureOwner(registries, key), requested.picture, undefined);
      const stamped = asStored({ ...requested, createdAt: stamp, updatedAt: stamp });
      const device = withPicture(stamped, picture.picture);
      return {
        result: shownDevice(pictures, device),
        write(writer) {
          // Stale when the application is gone meanwhile; the next attempt says so.
          endDevices.holdApplication(writer, key);
          endDevices.insert(writer, key, device, at);
          picture.write(writer);
        },
        committed: () => publish(endDeviceEvents.create, key),
        ...ends(key, device),
      };
    },
    stageUpdate: (key: DeviceKey, source: EndDevice, paths: readonly string[]) =>
      stageChange(
        key,
        async (stored) => {
          const assigned = assign(EndDeviceSchema, stored, source, paths);
          const picture = paths.includes("picture")
            ? pictures.prepare(pictureOwner(registries, key), assigned.picture, stored.picture)
            : undefined;
          const next = picture === undefined ? assigned : withPicture(assigned, picture.picture);
          checkServerAddresses(await readApplication(registries, key), next);
          if (paths.some((path) => path.startsWith("claim_authentication_code"))) checkCode(next);
          return { next, picture };
        },
        () => publish(endDeviceEvents.update, key, paths),
      ),
    /** Changes that nobody asked for and that are no event. */
    stageActivity: (key: DeviceKey, change: (stored: EndDevice) => EndDevice) =>
      stageChange(
        key,
        (stored) => ({ next: change(stored) }),
        () => {},
      ),
    stageDeletion: (key: DeviceKey, device: EndDevice): StagedTransaction => ({
      write(writer) {
        endDevices.delete(writer, key);
        pictures.delete(writer, key.tenantId, device.picture);
      },
      committed: () => {},
      release: () => changed(key),
    }),
  };
}

async function readApplication({ applications }: Registries, { tenantId, applicationId }: DeviceKey) {
  return (await readKnown(applications, { tenantId, type: "application", id: applicationId })).message;
}

/** Code and validity may come one after the other. */
function checkCode({ claimAuthenticationCode: code }: EndDevice): void {
  if (code === undefined) return;
  const isComplete = code.validFrom !== undefined && code.validTo !== undefined;
  checkClaimAuthenticationCode(code, code.value !== "" || !isComplete);
}

/** Part of the address under which a picture is found. */
function pictureOwner({ formatUid }: Registries, { tenantId, applicationId, deviceId }: DeviceKey) {
  return { tenantId, uid: formatUid({ tenantId, id: `${applicationId}.${deviceId}` }) };
}

function withPicture(device: EndDevice, picture: EndDevice["picture"]): EndDevice {
  const { picture: _, ...rest } = device;
  return picture === undefined ? rest : { ...rest, picture };
}

/** Activity is kept in milliseconds; an answer says what the next one will. */
function asStored({ lastSeenAt, activatedAt, ...device }: EndDevice): EndDevice {
  return {
    ...device,
    ...(lastSeenAt === undefined ? {} : { lastSeenAt: timestampFromMs(timestampMs(lastSeenAt)) }),
    ...(activatedAt === undefined ? {} : { activatedAt: timestampFromMs(timestampMs(activatedAt)) }),
  };
}

/** With whole addresses. */
export function shownDevice(pictures: Pick<Pictures, "shown">, device: EndDevice): EndDevice {
  return device.picture === undefined ? device : { ...device, picture: pictures.shown(device.picture) };
}

export function notFound(key: DeviceKey) {
  return endDeviceNotFound({ device_id: key.deviceId, application_id: key.applicationId });
}

async function explainEuis(
  { endDevices }: Registries,
  key: DeviceKey,
  device: EndDevice,
): Promise<SkylarkError> {
  const joinEui = euiOfBytes(device.ids?.joinEui);
  const devEui = euiOfBytes(device.ids?.devEui);
  const holder =
    joinEui === undefined || devEui === undefined ? undefined : await endDevices.findByEuis(joinEui, devEui);
  // What another tenant has registered is nobody's business.
  if (holder?.tenantId !== key.tenantId) return euiTaken();
  return endDeviceEuisTaken({
    join_eui: joinEui ?? "",
    dev_eui: devEui ?? "",
    device_id: holder.deviceId,
    application_id: holder.applicationId,
  });
}
