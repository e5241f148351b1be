import { type EndDevice, EndDeviceSchema, pick } from "@skylark/api";
import type { EndDeviceIdentifiers, TenantId } from "../domain/identifiers.ts";
import type { CallContext } from "./service.ts";

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
