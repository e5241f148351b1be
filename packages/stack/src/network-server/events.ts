import type { DataRate } from "@skylark/lorawan";
import type { GatewayUplink, Reception } from "../domain/uplink.ts";
import { errorDetailsJson } from "../errors/error-details.ts";
import {
  defineEvent,
  type EventDefinition,
  type EventDetails,
  type EventPublisher,
} from "../events/events.ts";
import { deviceNotFound } from "./errors.ts";

const visibility = ["RIGHT_APPLICATION_TRAFFIC_READ"];
const event = (name: string, description: string) => defineEvent(name, description, visibility);
/** On the subject of a device, or on that of a gateway where no device is known. */
const drop = (name: string, description: string) =>
  defineEvent(name, description, [...visibility, "RIGHT_GATEWAY_TRAFFIC_READ"]);

export const upDataReceive = event("ns.up.data.receive", "receive uplink data message");
export const upDataProcess = event("ns.up.data.process", "successfully processed uplink data message");
export const upDataForward = event("ns.up.data.forward", "forward uplink data message");
export const upDataDrop = drop("ns.up.data.drop", "drop uplink data message");
export const upJoinReceive = event("ns.up.join.receive", "receive join-request");
export const upJoinProcess = event("ns.up.join.process", "successfully processed join-request");
export const upJoinForward = event("ns.up.join.accept.forward", "forward join-accept");
export const upJoinDrop = drop("ns.up.join.drop", "drop join-request");
export const joinAttempt = event("ns.up.join.cluster.attempt", "send join-request to cluster Join Server");
export const joinSuccess = event(
  "ns.up.join.cluster.success",
  "join-request to cluster Join Server succeeded",
);
export const joinFail = event("ns.up.join.cluster.fail", "join-request to cluster Join Server failed");
export const upRejoinDrop = event("ns.up.rejoin.drop", "drop rejoin-request");
export const downDataAttempt = event(
  "ns.down.data.schedule.attempt",
  "schedule data downlink for transmission on Gateway Server",
);
export const downDataSuccess = event(
  "ns.down.data.schedule.success",
  "successfully scheduled data downlink for transmission on Gateway Server",
);
export const downDataFail = event(
  "ns.down.data.schedule.fail",
  "failed to schedule data downlink for transmission on Gateway Server",
);
export const downJoinAttempt = event(
  "ns.down.join.schedule.attempt",
  "schedule join-accept for transmission on Gateway Server",
);
export const downJoinSuccess = event(
  "ns.down.join.schedule.success",
  "successfully scheduled join-accept for transmission on Gateway Server",
);
export const downJoinFail = event(
  "ns.down.join.schedule.fail",
  "failed to schedule join-accept for transmission on Gateway Server",
);
export const transmissionSuccess = event("ns.down.transmission.success", "successfully transmitted downlink");
export const transmissionFail = event("ns.down.transmission.fail", "failed to transmit downlink");

/** The details of an event that says why something failed. */
export function failureDetails(error: unknown, correlationIds: readonly string[]): EventDetails {
  return {
    correlationIds,
    data: { typeName: "ttn.lorawan.v3.ErrorDetails", json: errorDetailsJson(error) },
  };
}

/** Tells whoever watches the gateways that heard a frame that it is of no device here. */
export function publishUnknownDevice(
  bus: EventPublisher,
  definition: EventDefinition,
  { receptions, correlationIds }: { receptions: readonly Reception[]; correlationIds: readonly string[] },
): void {
  const details = () => failureDetails(deviceNotFound(), correlationIds);
  for (const { gateway } of receptions)
    bus.publish(definition, { kind: "gateway", ids: gateway.ids }, details);
}

/** The details of an event about a frame, as the API's UplinkMessage. */
export function uplinkDetails(
  uplink: GatewayUplink,
  receptions: readonly Reception[],
  correlationIds: readonly string[],
): EventDetails {
  const json = {
    raw_payload: Buffer.from(uplink.rawPayload).toString("base64"),
    settings: { data_rate: dataRateJson(uplink.dataRate), frequency: String(uplink.frequency) },
    rx_metadata: receptions.map(receptionJson),
    received_at: new Date(uplink.receptions[0].receivedAt).toISOString(),
    correlation_ids: correlationIds,
  };
  return { correlationIds, data: { typeName: "ttn.lorawan.v3.UplinkMessage", json } };
}

function receptionJson({ gateway, timestamp, rssi, channelRssi, snr }: Reception): object {
  const { gatewayId, eui } = gateway.ids;
  return {
    gateway_ids: { gateway_id: gatewayId, ...(eui === undefined ? {} : { eui }) },
    timestamp,
    rssi,
    channel_rssi: channelRssi,
    ...(snr === undefined ? {} : { snr }),
  };
}

function dataRateJson(dataRate: DataRate): object {
  switch (dataRate.modulation) {
    case "LORA": {
      const { bandwidth, spreadingFactor, codingRate } = dataRate;
      return { lora: { bandwidth, spreading_factor: spreadingFactor, coding_rate: codingRate } };
    }
    case "FSK":
      return { fsk: { bit_rate: dataRate.bitRate } };
    case "LR_FHSS": {
      const { modulationType, operatingChannelWidth, codingRate } = dataRate;
      return {
        lrfhss: {
          modulation_type: modulationType,
          operating_channel_width: operatingChannelWidth,
          coding_rate: codingRate,
        },
      };
    }
  }
}
