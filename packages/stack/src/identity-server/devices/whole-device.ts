import type { EndDevice, Session } from "@skylark/api";
import { isEmpty } from "./given-fields.ts";

export interface DeviceParts {
  readonly identityServer: EndDevice;
  readonly joinServer?: EndDevice | undefined;
  readonly networkServer?: EndDevice | undefined;
  readonly applicationServer?: EndDevice | undefined;
}

type Properties = Record<string, unknown>;

/** One device of what each server has of it; where several have a field, the Identity Server's stands. */
export function wholeDevice(parts: DeviceParts): EndDevice {
  const { identityServer, joinServer, networkServer, applicationServer } = parts;
  const whole: Properties = { ...identityServer };
  for (const part of [joinServer, networkServer, applicationServer]) {
    if (part === undefined) continue;
    for (const [name, value] of Object.entries(part)) if (isEmpty(whole[name])) whole[name] = value;
  }
  const device = whole as unknown as EndDevice;
  const devAddr = networkServer?.session?.devAddr ?? applicationServer?.session?.devAddr;
  if (device.ids !== undefined && devAddr !== undefined) device.ids = { ...device.ids, devAddr };
  const session = bothSessions(networkServer?.session, applicationServer?.session);
  const pending = bothSessions(networkServer?.pendingSession, applicationServer?.pendingSession);
  if (session !== undefined) device.session = session;
  if (pending !== undefined) device.pendingSession = pending;
  return device;
}

/** The Network Server has the network's keys, the Application Server the application's. */
function bothSessions(network: Session | undefined, application: Session | undefined): Session | undefined {
  if (network === undefined || application === undefined) return network ?? application;
  const appSKey = application.keys?.appSKey;
  const { keys } = network;
  return {
    ...network,
    ...(keys === undefined ? {} : { keys: { ...keys, ...(appSKey === undefined ? {} : { appSKey }) } }),
    lastAFCntDown: application.lastAFCntDown,
  };
}

/** For callers that may not read keys. */
export function withoutKeys(device: EndDevice): EndDevice {
  const shown = { ...device };
  for (const name of ["session", "pendingSession"] as const) {
    const session = shown[name];
    if (session?.keys !== undefined) {
      const { fNwkSIntKey: _, sNwkSIntKey: __, nwkSEncKey: ___, appSKey: ____, ...keys } = session.keys;
      shown[name] = { ...session, keys };
    }
  }
  if (shown.rootKeys !== undefined) {
    const { appKey: _, nwkKey: __, ...rootKeys } = shown.rootKeys;
    if (rootKeys.rootKeyId === "") delete shown.rootKeys;
    else shown.rootKeys = rootKeys;
  }
  return shown;
}
