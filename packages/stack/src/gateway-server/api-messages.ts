import type { DataRate } from "@skylark/lorawan";
import type { At } from "../clock/clock.ts";
import type { GatewayIdentifiers } from "../domain/identifiers.ts";
import type { GatewayUplink, Location, Reception } from "../domain/uplink.ts";
import { errorDetailsJson } from "../errors/error-details.ts";
import type { EventDetails } from "../events/events.ts";
import type { GatewayStatus } from "./gateway-status.ts";
import type { Transmission } from "./link.ts";

/*
 * Messages of the API in their JSON form, for events.
 */

function formatTime(at: At): string {
  const whole = Math.floor(at);
  const nanoseconds = Math.round((at - whole) * 1e6);
  const text = new Date(whole).toISOString();
  return nanoseconds === 0 ? text : `${text.slice(0, -1)}${String(nanoseconds).padStart(6, "0")}Z`;
}

function message(name: string, json: unknown): EventDetails["data"] & object {
  return { typeName: `ttn.lorawan.v3.${name}`, json };
}

function bytesJson(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

export function gatewayIdsJson(ids: GatewayIdentifiers): object {
  return { gateway_id: ids.gatewayId, ...(ids.eui === undefined ? {} : { eui: ids.eui }) };
}

function dataRateJson(dataRate: DataRate): object {
  switch (dataRate.modulation) {
    case "LORA":
      return {
        lora: {
          bandwidth: dataRate.bandwidth,
          spreading_factor: dataRate.spreadingFactor,
          ...(dataRate.codingRate === undefined ? {} : { coding_rate: dataRate.codingRate }),
        },
      };
    case "FSK":
      return { fsk: { bit_rate: dataRate.bitRate } };
    case "LR_FHSS":
      return {
        lrfhss: {
          modulation_type: dataRate.modulationType,
          operating_channel_width: dataRate.operatingChannelWidth,
          coding_rate: dataRate.codingRate,
        },
      };
  }
}

function receptionJson(reception: Reception): object {
  const { time, gpsTime, fineTimestampNs, frequencyOffset, gateway } = reception;
  return {
    gateway_ids: gatewayIdsJson(gateway.ids),
    antenna_index: reception.antennaIndex,
    timestamp: reception.timestamp,
    rssi: reception.rssi,
    channel_rssi: reception.channelRssi,
    signal_rssi: reception.signalRssi,
    snr: reception.snr,
    channel_index: reception.channelIndex,
    received_at: formatTime(reception.receivedAt),
    ...(time === undefined ? {} : { time: formatTime(time) }),
    ...(gpsTime === undefined ? {} : { gps_time: formatTime(gpsTime) }),
    ...(fineTimestampNs === undefined ? {} : { fine_timestamp: String(fineTimestampNs) }),
    ...(frequencyOffset === undefined ? {} : { frequency_offset: String(frequencyOffset) }),
    ...(gateway.publicLocation === undefined ? {} : { location: locationJson(gateway.publicLocation) }),
  };
}

export function gatewayUplinkMessage(uplink: GatewayUplink, bandId: string): EventDetails["data"] & object {
  const [first] = uplink.receptions;
  return message("GatewayUplinkMessage", {
    band_id: bandId,
    message: {
      raw_payload: bytesJson(uplink.rawPayload),
      settings: {
        data_rate: dataRateJson(uplink.dataRate),
        frequency: String(uplink.frequency),
        timestamp: first.timestamp,
        ...(first.time === undefined ? {} : { time: formatTime(first.time) }),
      },
      rx_metadata: uplink.receptions.map(receptionJson),
      received_at: formatTime(first.receivedAt),
      crc_status: true,
      correlation_ids: [uplink.correlationId],
    },
  });
}

function statusJson(status: GatewayStatus): object {
  return {
    ...(status.time === undefined ? {} : { time: formatTime(status.time) }),
    ...(status.bootAt === undefined ? {} : { boot_time: formatTime(status.bootAt) }),
    versions: status.versions,
    antenna_locations: status.antennaLocations.map(locationJson),
    ip: status.ip,
    metrics: status.metrics,
  };
}

/** Altitude and accuracy are whole metres in the API. */
function locationJson({ altitude, accuracy, ...place }: Location): object {
  return {
    ...place,
    ...(altitude === undefined ? {} : { altitude: Math.round(altitude) }),
    ...(accuracy === undefined ? {} : { accuracy: Math.round(accuracy) }),
  };
}

export function statusMessage(status: GatewayStatus): EventDetails["data"] & object {
  return message("GatewayStatus", statusJson(status));
}

export function downlinkMessage(
  { phyPayload, dataRate, frequency, timestamp, power }: Transmission,
  correlationIds: readonly string[],
): EventDetails["data"] & object {
  return message("DownlinkMessage", {
    raw_payload: bytesJson(phyPayload),
    scheduled: {
      data_rate: dataRateJson(dataRate),
      frequency: String(frequency),
      timestamp,
      downlink: { tx_power: power, invert_polarization: dataRate.modulation === "LORA" },
    },
    correlation_ids: correlationIds,
  });
}

export function txAcknowledgmentMessage(
  result: string,
  correlationIds: readonly string[],
): EventDetails["data"] & object {
  return message("TxAcknowledgment", { result, correlation_ids: correlationIds });
}

export function errorMessage(error: unknown): EventDetails["data"] & object {
  return message("ErrorDetails", errorDetailsJson(error));
}
