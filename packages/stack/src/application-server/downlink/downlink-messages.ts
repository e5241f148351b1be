import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import { errorDetailsJson } from "../../errors/error-details.ts";
import type { ApplicationMessageKind, NewApplicationMessage } from "../message-log.ts";
import { endDeviceIdsJson, formatTimestamp } from "../uplink/json-text.ts";
import type { DownlinkItem, DownlinkRequest } from "./downlink-item.ts";

type Json = Record<string, unknown>;

/** A message about a downlink, with its JSON for events. */
export interface DownlinkMessage {
  readonly message: NewApplicationMessage;
  readonly json: string;
}

/** An ApplicationDownlink in JSON. */
export function downlinkJson(item: DownlinkItem): Json {
  return {
    ...(item.sessionKeyId.length > 0 && { session_key_id: item.sessionKeyId.toBase64() }),
    f_port: item.fPort,
    ...(item.fCnt !== 0 && { f_cnt: item.fCnt }),
    ...payloadJson(item),
    ...(item.warnings.length > 0 && { decoded_payload_warnings: item.warnings }),
    ...retryJson(item),
  };
}

/** A request that was refused, in the form of a downlink. */
export function requestJson(request: DownlinkRequest): Json {
  return {
    ...(request.sessionKeyId?.length && { session_key_id: request.sessionKeyId.toBase64() }),
    ...(request.fPort && { f_port: request.fPort }),
    ...(request.fCnt && { f_cnt: request.fCnt }),
    ...payloadJson(request),
    ...(request.maxAttempts !== undefined && { confirmed_retry: { max_attempts: request.maxAttempts } }),
  };
}

function payloadJson(downlink: DownlinkRequest): Json {
  const { frmPayload, decodedPayload, confirmed, classBC, priority, correlationIds } = downlink;
  return {
    ...(frmPayload?.length && { frm_payload: frmPayload.toBase64() }),
    ...(decodedPayload !== undefined && { decoded_payload: JSON.parse(decodedPayload) as unknown }),
    ...(confirmed && { confirmed }),
    ...(classBC !== undefined && { class_b_c: classBCJson(classBC) }),
    ...(priority !== "LOWEST" && { priority }),
    ...(correlationIds.length > 0 && { correlation_ids: correlationIds }),
  };
}

function retryJson({ attempt, maxAttempts }: DownlinkItem): Json {
  if (attempt === 0 && maxAttempts === undefined) return {};
  return {
    confirmed_retry: {
      ...(attempt > 0 && { attempt }),
      ...(maxAttempts !== undefined && { max_attempts: maxAttempts }),
    },
  };
}

function classBCJson({ absoluteTime, gateways }: NonNullable<DownlinkRequest["classBC"]>): Json {
  return {
    ...(gateways.length > 0 && {
      gateways: gateways.map(({ gatewayId, antennaIndex, groupIndex }) => ({
        gateway_ids: { gateway_id: gatewayId },
        ...(antennaIndex !== 0 && { antenna_index: antennaIndex }),
        ...(groupIndex !== 0 && { group_index: groupIndex }),
      })),
    }),
    ...(absoluteTime !== undefined && { absolute_time: formatTimestamp(absoluteTime) }),
  };
}

/** An ApplicationUp about a downlink. */
export function downlinkMessage(
  ids: EndDeviceIdentifiers,
  up: { readonly kind: ApplicationMessageKind; readonly member: string; readonly value: unknown },
  correlationIds: readonly string[],
  receivedAt: number,
): DownlinkMessage {
  const correlation =
    correlationIds.length === 0 ? "" : `"correlation_ids":${JSON.stringify(correlationIds)},`;
  const json = `{"end_device_ids":${endDeviceIdsJson(ids)},${correlation}"received_at":"${formatTimestamp(receivedAt)}","${up.member}":${JSON.stringify(up.value)}}`;
  const { tenantId, applicationId, deviceId } = ids;
  return {
    json,
    message: { tenantId, applicationId, deviceId, kind: up.kind, payload: Buffer.from(json, "utf8") },
  };
}

const members = {
  "down/queued": "downlink_queued",
  "down/sent": "downlink_sent",
  "down/ack": "downlink_ack",
  "down/nack": "downlink_nack",
} as const;

/** A message that tells of one item as it is. */
export function itemMessage(
  kind: keyof typeof members,
  ids: EndDeviceIdentifiers,
  item: DownlinkItem,
  receivedAt: number,
): DownlinkMessage {
  const up = { kind, member: members[kind], value: downlinkJson(item) };
  return downlinkMessage(ids, up, item.correlationIds, receivedAt);
}

export function failedMessage(
  ids: EndDeviceIdentifiers,
  item: DownlinkItem,
  error: unknown,
  receivedAt: number,
): DownlinkMessage {
  const value = { downlink: downlinkJson(item), error: errorDetailsJson(error) };
  return downlinkMessage(
    ids,
    { kind: "down/failed", member: "downlink_failed", value },
    item.correlationIds,
    receivedAt,
  );
}

/** For an application that does its own cryptography: it has to encrypt these again. */
export function invalidatedMessage(
  ids: EndDeviceIdentifiers,
  items: readonly DownlinkItem[],
  session: { readonly lastFCntDown: number; readonly sessionKeyId: Uint8Array },
  receivedAt: number,
): DownlinkMessage {
  const value = {
    downlinks: items.map(downlinkJson),
    ...(session.lastFCntDown > 0 && { last_f_cnt_down: session.lastFCntDown }),
    session_key_id: session.sessionKeyId.toBase64(),
  };
  const up = { kind: "down/invalidated", member: "downlink_queue_invalidated", value } as const;
  return downlinkMessage(ids, up, items.flatMap((item) => item.correlationIds).slice(0, 100), receivedAt);
}
