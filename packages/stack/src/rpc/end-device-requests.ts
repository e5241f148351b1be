import { type EndDevice, EndDeviceSchema, pick, Right } from "@skylark/api";
import type { ApplicationIdentifiers, EndDeviceIdentifiers, TenantId } from "../domain/identifiers.ts";
import type { EventDetails } from "../events/events.ts";
import { application, type CallContext, type Requirement } from "./service.ts";

/*
 * What the servers that keep a part of each end device share in their registries.
 */

/** Whether the Identity Server has an entry for the device. */
export type DeviceKnown = (ids: EndDeviceIdentifiers) => boolean | Promise<boolean>;

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

export async function warnUnlessKnown(
  ids: EndDeviceIdentifiers,
  deviceKnown: DeviceKnown,
  context: CallContext,
): Promise<void> {
  if (await deviceKnown(ids)) return;
  context.warn("the Identity Server does not know this end device; create it there as well");
}

/** What the mask asks for; identifiers and times are in every answer. */
export function shownDevice(device: EndDevice, paths: readonly string[] = []): EndDevice {
  return pick(EndDeviceSchema, device, ["ids", "created_at", "updated_at", ...paths]);
}

interface BatchRequest {
  readonly applicationIds?: { readonly applicationId: string } | undefined;
  readonly deviceIds: readonly string[];
}

/** The same in all batch services: what it takes, and which devices are meant. */
export function batchDeletion(
  deleteBatch: (application: ApplicationIdentifiers, deviceIds: readonly string[]) => Promise<void>,
) {
  return {
    requires: ({ applicationIds }: BatchRequest): Requirement =>
      application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
    async handle({ applicationIds, deviceIds }: BatchRequest, { tenantId }: CallContext) {
      await deleteBatch({ tenantId, applicationId: applicationIds?.applicationId ?? "" }, deviceIds);
      return {};
    },
  };
}

/** What the event of a batch deletion says. */
export function deletedDevices(devices: readonly EndDeviceIdentifiers[]): () => EventDetails {
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
