import type { DevAddr, EUI64 } from "@skylark/lorawan";

/** The tenant that owns an entity. With tenancy off there is exactly one, `defaultTenantId`. */
export type TenantId = string & { readonly __tenantId?: never };

export interface ApplicationIdentifiers {
  readonly tenantId: TenantId;
  readonly applicationId: string;
}

export interface EndDeviceIdentifiers extends ApplicationIdentifiers {
  readonly deviceId: string;
  readonly devEui?: EUI64;
  readonly joinEui?: EUI64;
  /** The address of the session the message belongs to, where there is one. */
  readonly devAddr?: DevAddr;
}

export interface GatewayIdentifiers {
  readonly tenantId: TenantId;
  readonly gatewayId: string;
  readonly eui?: EUI64;
}

/** An entity that rights are held on, by name. */
export interface EntityReference {
  readonly tenantId: TenantId;
  readonly type: "application" | "gateway" | "user" | "organization" | "client";
  readonly id: string;
}

/** Key of an application in maps and stores: unique over tenants, since neither part may hold a slash. */
export function applicationKey(ids: ApplicationIdentifiers): string {
  return `${ids.tenantId}/${ids.applicationId}`;
}

export function parseApplicationKey(key: string): ApplicationIdentifiers {
  const [tenantId = "", applicationId = ""] = key.split("/");
  return { tenantId, applicationId };
}

/** Key of an end device in maps and stores. */
export function endDeviceKey(ids: EndDeviceIdentifiers): string {
  return `${ids.tenantId}/${ids.applicationId}/${ids.deviceId}`;
}

export function parseEndDeviceKey(key: string): EndDeviceIdentifiers {
  const [tenantId = "", applicationId = "", deviceId = ""] = key.split("/");
  return { tenantId, applicationId, deviceId };
}

/** Key of a gateway in maps and stores. */
export function gatewayKey(ids: GatewayIdentifiers): string {
  return `${ids.tenantId}/${ids.gatewayId}`;
}
