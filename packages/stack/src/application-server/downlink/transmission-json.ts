import { type DataRate, timeOnAirUs } from "@skylark/lorawan";
import type { TransmissionReport } from "../../domain/downlink.ts";

/** How a frame went on air, as V2 shows it: the API has no message for this. */
export function transmissionJson({ phyPayload, reservation }: TransmissionReport, fCnt: number): string {
  const { gatewayIds, window, powerDBm } = reservation;
  const { dataRate, frequency } = window;
  // TS002 §2: downlinks of LoRa carry no checksum.
  const crc = dataRate.modulation !== "LORA";
  const airtimeUs = timeOnAirUs({ dataRate, payloadLength: phyPayload.length, crc });
  return JSON.stringify({
    payload: phyPayload.toBase64(),
    gateway_id: gatewayIds.gatewayId,
    config: {
      modulation: dataRate.modulation,
      ...modulationMembers(dataRate),
      airtime: Math.round(airtimeUs * 1000),
      counter: fCnt || undefined,
      frequency,
      power: Math.round(powerDBm),
    },
  });
}

function modulationMembers(dataRate: DataRate): { readonly data_rate?: string; readonly bit_rate?: number } {
  switch (dataRate.modulation) {
    case "LORA":
      return { data_rate: `SF${dataRate.spreadingFactor}BW${dataRate.bandwidth / 1000}` };
    case "FSK":
      return { bit_rate: dataRate.bitRate };
    default:
      return {};
  }
}
