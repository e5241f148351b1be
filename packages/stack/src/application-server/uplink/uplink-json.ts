import { type DataRate, timeOnAirUs } from "@skylark/lorawan";
import type { AcceptedJoin, ApplicationUplink } from "../../domain/application-uplink.ts";
import type { EndDeviceProfile } from "../../domain/end-device-profile.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import type { ConnectedGateway, Reception } from "../../domain/uplink.ts";
import {
  endDeviceIdsJson,
  formatDuration,
  formatTimestamp,
  locationJson,
  profileMembers,
} from "./json-text.ts";
import { encodeTokenIdentifiers, formatUplinkToken } from "./uplink-token.ts";

/** What the Application Server adds to what the Network Server gave. */
export interface UplinkContents {
  readonly frmPayload: Uint8Array;
  /** A JSON object, where the formatter gave one. */
  readonly decodedPayload: string | undefined;
  readonly warnings: readonly string[];
  readonly profile: EndDeviceProfile;
  /** With payload crypto skipped: the members `app_s_key` and `last_a_f_cnt_down`, each with a leading comma. */
  readonly cryptoMembers: string;
  /** Of this network: `network_ids` with a leading comma, or nothing. */
  readonly networkMember: string;
}

const messageStarts = new WeakMap<EndDeviceIdentifiers, string>();

/** What was put together of parts stays a tree of them: as one piece it is smaller, and one object instead of thirty. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

/** `{"end_device_ids":…,"correlation_ids":` of every message about this session. */
export function messageStart(ids: EndDeviceIdentifiers): string {
  const known = messageStarts.get(ids);
  if (known !== undefined) return known;
  const text = flat(`{"end_device_ids":${endDeviceIdsJson(ids)},"correlation_ids":`);
  messageStarts.set(ids, text);
  return text;
}

/** An ApplicationUp with an uplink_message. */
export function uplinkMessageJson(
  uplink: ApplicationUplink,
  contents: UplinkContents,
  receivedAt: number,
  correlationId: string,
): string {
  const correlationIds = JSON.stringify(uplink.correlationIds);
  const separator = correlationIds.length > 2 ? "," : "";
  return (
    `${messageStart(uplink.ids)}${correlationIds.slice(0, -1)}${separator}"${correlationId}"],` +
    `"received_at":"${formatTimestamp(receivedAt)}","uplink_message":{${uplinkMembers(uplink, contents)}}}`
  );
}

function uplinkMembers(uplink: ApplicationUplink, contents: UplinkContents): string {
  const { fPort, sessionKeyId, packetErrorRate } = uplink;
  const { frmPayload, decodedPayload, warnings } = contents;
  let text = sessionKeyId.length === 0 ? "" : `"session_key_id":"${sessionKeyId.toBase64()}",`;
  if (fPort !== undefined && fPort !== 0) text += `"f_port":${fPort},`;
  if (uplink.fCnt !== 0) text += `"f_cnt":${uplink.fCnt},`;
  if (frmPayload.length > 0) text += `"frm_payload":"${frmPayload.toBase64()}",`;
  if (decodedPayload !== undefined) text += `"decoded_payload":${decodedPayload},`;
  if (warnings.length > 0) text += `"decoded_payload_warnings":${JSON.stringify(warnings)},`;
  text += `"rx_metadata":${receptionsJson(uplink.receptions)},"settings":${settingsJson(uplink)}`;
  text += `,"received_at":"${formatTimestamp(uplink.receivedAt)}"${contents.cryptoMembers}`;
  if (uplink.confirmed) text += `,"confirmed":true`;
  text += `,"consumed_airtime":"${formatDuration(uplink.consumedAirtimeUs)}"`;
  if (packetErrorRate !== undefined && packetErrorRate !== 0)
    text += `,"packet_error_rate":${packetErrorRate}`;
  text += profileMembers(contents.profile) + contents.networkMember;
  if (uplink.lastBatteryPercentage !== undefined) text += batteryMember(uplink.lastBatteryPercentage);
  return text;
}

function batteryMember(battery: NonNullable<ApplicationUplink["lastBatteryPercentage"]>): string {
  const fCnt = battery.fCnt === 0 ? "" : `"f_cnt":${battery.fCnt},`;
  const receivedAt = formatTimestamp(battery.receivedAt);
  return `,"last_battery_percentage":{${fCnt}"value":${battery.value},"received_at":"${receivedAt}"}`;
}

/** Of every join-request. */
const joinRequestLength = 23;

/** How a join-request came in, in the members that an uplink has for it. */
export function joinReceptionJson({ reception, receivedAt }: AcceptedJoin): string {
  const { receptions, dataRate } = reception;
  const airtimeUs = timeOnAirUs({ dataRate, payloadLength: joinRequestLength });
  return (
    `{"rx_metadata":${receptionsJson(receptions)},"settings":${settingsJson(reception)}` +
    `,"received_at":"${formatTimestamp(receivedAt)}","consumed_airtime":"${formatDuration(airtimeUs)}"}`
  );
}

const dataRateTexts = new WeakMap<DataRate, string>();

/** The `data_rate` with the older `coding_rate` beside it, as the MQTT page shows it. */
function dataRateMembers(dataRate: DataRate): string {
  const known = dataRateTexts.get(dataRate);
  if (known !== undefined) return known;
  const text = formatDataRateMembers(dataRate);
  dataRateTexts.set(dataRate, text);
  return text;
}

function formatDataRateMembers(dataRate: DataRate): string {
  switch (dataRate.modulation) {
    case "LORA": {
      const { bandwidth, spreadingFactor, codingRate } = dataRate;
      const coding = codingRate === undefined ? "" : `,"coding_rate":${JSON.stringify(codingRate)}`;
      return `"data_rate":{"lora":{"bandwidth":${bandwidth},"spreading_factor":${spreadingFactor}${coding}}}${coding}`;
    }
    case "FSK":
      return `"data_rate":{"fsk":{"bit_rate":${dataRate.bitRate}}}`;
    case "LR_FHSS": {
      const { modulationType, operatingChannelWidth, codingRate } = dataRate;
      const coding = `"coding_rate":${JSON.stringify(codingRate)}`;
      const modulation = modulationType === 0 ? "" : `"modulation_type":${modulationType},`;
      return `"data_rate":{"lrfhss":{${modulation}"operating_channel_width":${operatingChannelWidth},${coding}}},${coding}`;
    }
  }
}

function settingsJson({ dataRate, frequency, receptions }: AcceptedJoin["reception"]): string {
  let text = `{${dataRateMembers(dataRate)},"frequency":"${frequency}"`;
  const first = receptions[0];
  if (first !== undefined) {
    if (first.timestamp !== 0) text += `,"timestamp":${first.timestamp}`;
    if (first.time !== undefined) text += `,"time":"${formatTimestamp(first.time)}"`;
    if (first.channelIndex !== undefined) text += `,"gateway_channel_index":${first.channelIndex}`;
  }
  return `${text}}`;
}

/** What is said of a gateway in each of its receptions, made once per connection. */
interface GatewayTexts {
  /** `{"gateway_ids":…` */
  readonly start: string;
  /** `location` and `downlink_path_constraint`, each with a leading comma. */
  readonly members: string;
  readonly tokenIdentifiers: (Buffer | undefined)[];
}

const gatewayTexts = new WeakMap<ConnectedGateway, GatewayTexts>();

function gatewayTextsOf(gateway: ConnectedGateway): GatewayTexts {
  const known = gatewayTexts.get(gateway);
  if (known !== undefined) return known;
  const { ids, publicLocation, downlinkPathConstraint } = gateway;
  const eui = ids.eui === undefined ? "" : `,"eui":"${ids.eui}"`;
  let members = publicLocation === undefined ? "" : `,"location":${locationJson(publicLocation)}`;
  if (downlinkPathConstraint !== "NONE") {
    members += `,"downlink_path_constraint":"DOWNLINK_PATH_CONSTRAINT_${downlinkPathConstraint}"`;
  }
  const start = `{"gateway_ids":{"gateway_id":${JSON.stringify(ids.gatewayId)}${eui}}`;
  const texts: GatewayTexts = { start, members, tokenIdentifiers: [] };
  gatewayTexts.set(gateway, texts);
  return texts;
}

function tokenOf(texts: GatewayTexts, reception: Reception): string {
  const { gateway, antennaIndex } = reception;
  let identifiers = texts.tokenIdentifiers[antennaIndex];
  if (identifiers === undefined) {
    identifiers = encodeTokenIdentifiers(gateway.ids.gatewayId, gateway.ids.eui, antennaIndex);
    texts.tokenIdentifiers[antennaIndex] = identifiers;
  }
  return formatUplinkToken(identifiers, reception);
}

function receptionsJson(receptions: readonly Reception[]): string {
  let text = "[";
  for (let i = 0; i < receptions.length; i++) {
    if (i > 0) text += ",";
    text += receptionJson(receptions[i]!);
  }
  return `${text}]`;
}

function receptionJson(reception: Reception): string {
  const texts = gatewayTextsOf(reception.gateway);
  let text = texts.start;
  if (reception.antennaIndex !== 0) text += `,"antenna_index":${reception.antennaIndex}`;
  if (reception.time !== undefined) text += `,"time":"${formatTimestamp(reception.time)}"`;
  if (reception.timestamp !== 0) text += `,"timestamp":${reception.timestamp}`;
  if (reception.fineTimestampNs !== undefined && reception.fineTimestampNs !== 0) {
    text += `,"fine_timestamp":"${reception.fineTimestampNs}"`;
  }
  if (reception.rssi !== 0) text += `,"rssi":${reception.rssi}`;
  if (reception.signalRssi !== undefined) text += `,"signal_rssi":${reception.signalRssi}`;
  if (reception.channelRssi !== 0) text += `,"channel_rssi":${reception.channelRssi}`;
  if (reception.snr !== undefined && reception.snr !== 0) text += `,"snr":${reception.snr}`;
  if (reception.frequencyOffset !== undefined && reception.frequencyOffset !== 0) {
    text += `,"frequency_offset":"${reception.frequencyOffset}"`;
  }
  text += texts.members;
  if (reception.gateway.downlinkPathConstraint !== "NEVER") {
    text += `,"uplink_token":"${tokenOf(texts, reception)}"`;
  }
  if (reception.channelIndex !== undefined && reception.channelIndex !== 0) {
    text += `,"channel_index":${reception.channelIndex}`;
  }
  if (reception.gpsTime !== undefined) text += `,"gps_time":"${formatTimestamp(reception.gpsTime)}"`;
  return `${text},"received_at":"${formatTimestamp(reception.receivedAt)}"}`;
}
