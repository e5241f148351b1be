import {
  type AsEndDeviceBatchRegistry,
  create,
  type EndDevice,
  EndDeviceSchema,
  type GetEndDeviceRequest,
  type JsEndDeviceBatchRegistry,
  type NsEndDeviceBatchRegistry,
  pick,
  Right,
  type SetEndDeviceRequest,
} from "@skylark/api";
import type { EndDeviceIdentifiers, TenantId } from "../domain/identifiers.ts";
import type { EventDefinition, EventDetails, EventPublisher } from "../events/events.ts";
import {
  application,
  type CallContext,
  implement,
  type Requirement,
  type ServiceImplementation,
} from "./service.ts";

/*
 * What the servers that keep a part of each end device share in their registries.
 */

/** Whether the Identity Server has an entry for the device. */
export type DeviceKnown = (ids: EndDeviceIdentifiers) => boolean | Promise<boolean>;

/** Devices as one server keeps them. */
interface RegisteredDevices {
  /** Throws when there is no such device. */
  get(ids: EndDeviceIdentifiers): Promise<EndDevice>;
  /** Creates the device, or changes the fields of the mask; gives the whole device as it is now. */
  set(ids: EndDeviceIdentifiers, given: EndDevice, paths: readonly string[]): Promise<EndDevice>;
  /** Throws when there is no such device. */
  delete(ids: EndDeviceIdentifiers): Promise<void>;
  /** In one transaction; of devices that are not there, nothing is said. */
  deleteAll(ids: readonly EndDeviceIdentifiers[]): Promise<void>;
}

interface EndDeviceMethodsOptions {
  readonly devices: RegisteredDevices;
  readonly deviceKnown: DeviceKnown;
  readonly readRequirement: (applicationId: string | undefined, paths: readonly string[]) => Requirement;
  /** Whether a mask covers what takes the right to write keys. */
  readonly touchesKeysOnWrite: (paths: readonly string[]) => boolean;
  /** Says what the caller should know of these fields. */
  readonly warnOfRead?: (paths: readonly string[], context: CallContext) => void;
  readonly warnOfWrite?: (paths: readonly string[], context: CallContext) => void;
}

/** The methods that are the same in all registries. */
export function endDeviceMethods({
  devices,
  deviceKnown,
  readRequirement,
  touchesKeysOnWrite,
  warnOfRead,
  warnOfWrite,
}: EndDeviceMethodsOptions) {
  return {
    get: {
      requires: ({ endDeviceIds, fieldMask }: GetEndDeviceRequest) =>
        readRequirement(endDeviceIds?.applicationIds?.applicationId, fieldMask?.paths ?? []),
      async handle({ endDeviceIds, fieldMask }: GetEndDeviceRequest, context: CallContext) {
        warnOfRead?.(fieldMask?.paths ?? [], context);
        const device = await devices.get(requestedDevice(context.tenantId, endDeviceIds));
        return shownDevice(device, fieldMask?.paths);
      },
    },
    set: {
      requires: ({ endDevice, fieldMask }: SetEndDeviceRequest) =>
        application(
          endDevice?.ids?.applicationIds?.applicationId,
          Right.APPLICATION_DEVICES_WRITE,
          ...(touchesKeysOnWrite(fieldMask?.paths ?? []) ? [Right.APPLICATION_DEVICES_WRITE_KEYS] : []),
        ),
      async handle({ endDevice, fieldMask }: SetEndDeviceRequest, context: CallContext) {
        const ids = requestedDevice(context.tenantId, endDevice?.ids);
        const paths = fieldMask?.paths ?? [];
        warnOfWrite?.(paths, context);
        const device = await devices.set(ids, endDevice ?? create(EndDeviceSchema), paths);
        if (!(await deviceKnown(ids))) {
          context.warn("the Identity Server does not know this end device; create it there as well");
        }
        return shownDevice(device, paths);
      },
    },
    delete: {
      requires: ({ applicationIds }: GivenIdentifiers) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
      async handle(request: GivenIdentifiers, { tenantId }: CallContext) {
        await devices.delete(requestedDevice(tenantId, request));
        return {};
      },
    },
  };
}

interface GivenIdentifiers {
  readonly deviceId: string;
  readonly applicationIds?: { readonly applicationId: string } | undefined;
}

/** The device that a request names. */
export function requestedDevice(
  tenantId: TenantId,
  given: GivenIdentifiers | undefined,
): EndDeviceIdentifiers {
  return {
    tenantId,
    applicationId: given?.applicationIds?.applicationId ?? "",
    deviceId: given?.deviceId ?? "",
  };
}

/** What the mask asks for; identifiers and times are in every answer. */
export function shownDevice(device: EndDevice, paths: readonly string[] = []): EndDevice {
  return pick(EndDeviceSchema, device, ["ids", "created_at", "updated_at", ...paths]);
}

type BatchRegistry =
  | typeof NsEndDeviceBatchRegistry
  | typeof JsEndDeviceBatchRegistry
  | typeof AsEndDeviceBatchRegistry;

export function endDeviceBatchRegistry(
  registry: BatchRegistry,
  devices: Pick<RegisteredDevices, "deleteAll">,
): ServiceImplementation {
  return implement(registry, {
    delete: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
      async handle({ applicationIds, deviceIds }, { tenantId }) {
        const ids = { tenantId, applicationId: applicationIds?.applicationId ?? "" };
        await devices.deleteAll([...new Set(deviceIds)].map((deviceId) => ({ ...ids, deviceId })));
        return {};
      },
    },
  });
}

/** Whom a deletion is told: those who follow the device, or, of several at once, those who follow their application. */
export type DeletionKind = "single" | "batch";

/** `deleted`: those that were there, all of one application. */
export function publishDeletion(
  events: EventPublisher,
  definitions: Readonly<Record<DeletionKind, EventDefinition>>,
  kind: DeletionKind,
  deleted: readonly EndDeviceIdentifiers[],
): void {
  const [first] = deleted;
  if (first === undefined) return;
  if (kind === "single") {
    events.publish(definitions.single, { kind: "device", ids: first });
    return;
  }
  const { tenantId, applicationId } = first;
  const entity = { kind: "application", ids: { tenantId, applicationId } } as const;
  events.publish(definitions.batch, entity, deletedDevices(deleted));
}

function deletedDevices(devices: readonly EndDeviceIdentifiers[]): () => EventDetails {
  return () => ({
    data: {
      typeName: "ttn.lorawan.v3.EndDeviceIdentifiersList",
      json: {
        end_device_ids: devices.map(({ deviceId, applicationId, devEui, joinEui }) => ({
          device_id: deviceId,
          application_ids: { application_id: applicationId },
          ...(devEui === undefined ? {} : { dev_eui: devEui }),
          ...(joinEui === undefined ? {} : { join_eui: joinEui }),
        })),
      },
    },
  });
}
