import {
  create,
  type EndDevice,
  type Location as LocationMessage,
  LocationSchema,
  LocationSource,
} from "@skylark/api";
import type { EndDeviceProfile } from "../../domain/end-device-profile.ts";
import type { Location } from "../../domain/uplink.ts";

const emptyProfile: EndDeviceProfile = { locations: {}, attributes: {} };

/** Whether the profile is of a device that is registered here. */
export function isRegistered(profile: EndDeviceProfile): boolean {
  return profile !== emptyProfile;
}

/** A device that is not registered has an empty one. */
export function profileOf(device: EndDevice | undefined): EndDeviceProfile {
  if (device === undefined) return emptyProfile;
  const { versionIds } = device;
  return {
    locations: Object.fromEntries(
      Object.entries(device.locations).map(([name, location]) => [name, domainLocation(location)]),
    ),
    attributes: { ...device.attributes },
    ...(versionIds === undefined
      ? {}
      : {
          versionIds: {
            brandId: versionIds.brandId,
            modelId: versionIds.modelId,
            hardwareVersion: versionIds.hardwareVersion,
            firmwareVersion: versionIds.firmwareVersion,
            bandId: versionIds.bandId,
          },
        }),
  };
}

const sourceNames = new Map<number, string>(
  Object.entries(LocationSource).map(([name, number]) => [number, name]),
);
const sources = new Map([...sourceNames].map(([number, name]) => [name, number as LocationSource]));

export function domainLocation(location: LocationMessage): Location {
  const source = sourceNames.get(location.source);
  return {
    latitude: location.latitude,
    longitude: location.longitude,
    altitude: location.altitude,
    accuracy: location.accuracy,
    ...(source === undefined || location.source === 0 ? {} : { source }),
  };
}

export function locationMessage(location: Location): LocationMessage {
  return create(LocationSchema, {
    latitude: location.latitude,
    longitude: location.longitude,
    altitude: Math.round(location.altitude ?? 0),
    accuracy: Math.round(location.accuracy ?? 0),
    source: sources.get(location.source ?? "") ?? LocationSource.SOURCE_UNKNOWN,
  });
}
