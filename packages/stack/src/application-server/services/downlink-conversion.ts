import { type ApplicationDownlink, ApplicationDownlinkSchema, fromJSON, timestampMs } from "@skylark/api";
import { priorities } from "../../domain/downlink.ts";
import type { DownlinkItem, DownlinkRequest } from "../downlink/downlink-item.ts";
import { downlinkJson } from "../downlink/downlink-messages.ts";

/** A downlink of the API as a request; fields that applications do not decide are left out. */
export function downlinkRequest(message: ApplicationDownlink): DownlinkRequest {
  const { fPort, fCnt, frmPayload, decodedPayload, sessionKeyId, classBC, confirmedRetry } = message;
  return {
    ...(fPort !== 0 && { fPort }),
    ...(frmPayload.length > 0 && { frmPayload }),
    ...(decodedPayload !== undefined && { decodedPayload: JSON.stringify(decodedPayload) }),
    confirmed: message.confirmed,
    priority: priorities[message.priority] ?? "LOWEST",
    correlationIds: message.correlationIds,
    ...(classBC !== undefined && {
      classBC: {
        ...(classBC.absoluteTime !== undefined && { absoluteTime: timestampMs(classBC.absoluteTime) }),
        gateways: classBC.gateways.map(({ gatewayIds, antennaIndex, groupIndex }) => ({
          gatewayId: gatewayIds?.gatewayId ?? "",
          antennaIndex,
          groupIndex,
        })),
      },
    }),
    ...(confirmedRetry?.maxAttempts !== undefined && { maxAttempts: confirmedRetry.maxAttempts }),
    ...(sessionKeyId.length > 0 && { sessionKeyId }),
    ...(fCnt !== 0 && { fCnt }),
  };
}

export function downlinkMessageOf(item: DownlinkItem): ApplicationDownlink {
  return fromJSON(ApplicationDownlinkSchema, downlinkJson(item));
}
