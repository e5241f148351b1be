import { isV2Id } from "../../../../domain/v2-identifiers.ts";

/** Topics of V2, `{application}/devices/{device}/…`; `userName` is the application as the client wrote it. */
export function deviceTopic(userName: string, deviceId: string, kind: string): string {
  return `${userName}/devices/${deviceId}/${kind}`;
}

/** The filter within the application's own topics, or undefined when it reaches for others. */
export function rewriteV2Filter(userName: string, filter: string): string | undefined {
  const slash = filter.indexOf("/");
  if (slash < 0) return filter === "#" ? `${userName}/#` : undefined;
  const application = filter.slice(0, slash);
  return application === "+" || application === userName ? userName + filter.slice(slash) : undefined;
}

/** The device, as V2 spells it, that a downlink is published for. */
export function parseV2DownlinkTopic(userName: string, topic: string): string | undefined {
  const [application, devices, deviceId = "", down, ...rest] = topic.split("/");
  if (application !== userName || devices !== "devices" || down !== "down" || rest.length > 0)
    return undefined;
  return isV2Id(deviceId) ? deviceId : undefined;
}
