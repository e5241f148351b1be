import { isIP } from "node:net";
import type { MessageInitShape, v2 } from "@skylark/api";

export type Announcement = MessageInitShape<typeof v2.AnnouncementSchema>;

export const serviceNames = ["router", "broker", "handler"] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Where clients of V2 find what; undefined for what is off. */
export interface PublicAddresses {
  /** Of this installation, unless a client found it under another name. */
  readonly host: string;
  /** Whether `host` was configured, so that it is told to everyone. */
  readonly isHostConfigured: boolean;
  readonly handlerPort: number | undefined;
  readonly handlerHttpPort: number | undefined;
  readonly mqttPort: number | undefined;
  /** `host:port`, where the MQTT server was said to be elsewhere. */
  readonly mqttAddress: string | undefined;
}

export interface AnnouncementSource {
  readonly addresses: () => PublicAddresses;
  /** PEM. */
  readonly certificate: string;
  readonly version: string;
}

/** What each component announces to a client that reached this installation as `reachedAs` (`host:port`). */
export function announcement(
  { addresses, certificate, version }: AnnouncementSource,
  serviceName: ServiceName,
  reachedAs: string | undefined,
): Announcement {
  const {
    host: ownHost,
    isHostConfigured,
    handlerPort,
    handlerHttpPort,
    mqttPort,
    mqttAddress,
  } = addresses();
  const host = isHostConfigured ? ownHost : (hostOf(reachedAs) ?? ownHost);
  const bracketed = isIP(host) === 6 ? `[${host}]` : host;
  const at = (port: number | undefined) => (port === undefined ? "" : `${bracketed}:${port}`);
  const common = {
    id: componentId(serviceName),
    serviceName,
    serviceVersion: `skylark-${version}`,
    description: `Skylark ${serviceName}`,
    public: true,
  };
  if (serviceName !== "handler") return common;
  return {
    ...common,
    netAddress: at(handlerPort),
    certificate,
    ...(handlerHttpPort === undefined ? {} : { apiAddress: `http://${at(handlerHttpPort)}` }),
    mqttAddress: mqttAddress ?? at(mqttPort),
  };
}

export function componentId(serviceName: ServiceName): string {
  return `ttn-${serviceName}-skylark`;
}

const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})$/;

/** The host of `host:port`, an address of IPv6 without its brackets; undefined when it is none. */
export function hostOf(authority: string | undefined): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{1,5})?$/.exec(authority ?? "") ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : undefined;
  return plain !== undefined && hostName.test(plain) ? plain : undefined;
}
