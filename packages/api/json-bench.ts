import type { DescMessage, JsonObject, MessageShape } from "@bufbuild/protobuf";
import type { ApplicationUp, Timestamp } from "./src/index.ts";
import {
  ApplicationUpSchema,
  EndDeviceSchema,
  fromJSON,
  LocationSourceSchema,
  toJSON,
  toJSONText,
} from "./src/index.ts";

/*
 * How long the JSON codec takes beside JSON.stringify and JSON.parse of a plain object that holds the same:
 * `node packages/api/json-bench.ts`. The object is the one that `toJSON` gives, so its keys and values are as cheap as
 * they can be by hand.
 */

const uplink: JsonObject = {
  end_device_ids: {
    device_id: "sensor-17",
    application_ids: { application_id: "building" },
    dev_eui: "70B3D57ED0000017",
    join_eui: "70B3D57ED0000001",
    dev_addr: "260B1234",
  },
  correlation_ids: ["gs:uplink:01J0000000000000000000000A", "ns:uplink:01J0000000000000000000000B"],
  received_at: "2026-01-02T03:04:05.678901234Z",
  uplink_message: {
    session_key_id: "AYmX0k5wq2VJYmX0k5wq2g==",
    f_port: 2,
    f_cnt: 1234,
    frm_payload: "AGcA+gFoTgJzJ4oDZQH0",
    decoded_payload: { temperature: 25, humidity: 39, pressure: 1012.2, illuminance: 500 },
    rx_metadata: ["a", "b"].map((name) => ({
      gateway_ids: { gateway_id: `gateway-${name}`, eui: "B827EBFFFE123456" },
      time: "2026-01-02T03:04:05.600Z",
      timestamp: 2463457132,
      rssi: -87,
      channel_rssi: -87,
      snr: 9.5,
      location: { latitude: 52.3702, longitude: 4.8952, altitude: 12, source: "SOURCE_REGISTRY" },
      uplink_token: "CiIKIAoUZXVpLWI4MjdlYmZmZmUxMjM0NTYSCLgn6//+EjRWEOzK3ZYJ",
      channel_index: 3,
      received_at: "2026-01-02T03:04:05.612345678Z",
    })),
    settings: {
      data_rate: { lora: { bandwidth: 125000, spreading_factor: 7, coding_rate: "4/5" } },
      frequency: "868100000",
      timestamp: 2463457132,
      time: "2026-01-02T03:04:05.600Z",
    },
    received_at: "2026-01-02T03:04:05.620Z",
    consumed_airtime: "0.061696s",
    network_ids: { net_id: "000013", ns_id: "EC656E0000000181", tenant_id: "ttn", cluster_id: "eu1" },
  },
};

const channel = (index: number): JsonObject => ({
  uplink_frequency: String(867_100_000 + index * 200_000),
  downlink_frequency: String(867_100_000 + index * 200_000),
  max_data_rate_index: 5,
  enable_uplink: true,
});
const parameters: JsonObject = {
  max_eirp: 16,
  adr_data_rate_index: 5,
  adr_nb_trans: 1,
  rx1_delay: 5,
  rx2_data_rate_index: 3,
  rx2_frequency: "869525000",
  channels: Array.from({ length: 8 }, (_, index) => channel(index)),
  adr_ack_limit_exponent: "ADR_ACK_LIMIT_64",
  adr_ack_delay_exponent: "ADR_ACK_DELAY_32",
};
const device: JsonObject = {
  ids: (uplink.end_device_ids as JsonObject) ?? {},
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-02T03:04:05.678Z",
  name: "Sensor 17",
  description: "Above the door",
  attributes: { floor: "3", room: "312" },
  version_ids: {
    brand_id: "brand",
    model_id: "model",
    hardware_version: "1.0",
    firmware_version: "1.2",
    band_id: "EU_863_870",
  },
  network_server_address: "localhost",
  application_server_address: "localhost",
  join_server_address: "localhost",
  locations: { user: { latitude: 52.3702, longitude: 4.8952, altitude: 12, source: "SOURCE_REGISTRY" } },
  lorawan_version: "MAC_V1_0_3",
  lorawan_phy_version: "PHY_V1_0_3_REV_A",
  frequency_plan_id: "EU_863_870_TTN",
  supports_join: true,
  root_keys: { app_key: { key: "0123456789ABCDEF0123456789ABCDEF" } },
  mac_settings: { supports_32_bit_f_cnt: true, rx1_delay: 5, status_time_periodicity: "86400s" },
  mac_state: {
    current_parameters: parameters,
    desired_parameters: parameters,
    lorawan_version: "MAC_V1_0_3",
    last_downlink_at: "2026-01-02T03:04:06.678Z",
  },
  session: {
    dev_addr: "260B1234",
    keys: {
      session_key_id: "AYmX0k5wq2VJYmX0k5wq2g==",
      f_nwk_s_int_key: { key: "0123456789ABCDEF0123456789ABCDEF" },
      app_s_key: { key: "FEDCBA9876543210FEDCBA9876543210" },
    },
    last_f_cnt_up: 1234,
    last_n_f_cnt_down: 17,
    started_at: "2026-01-01T00:00:00Z",
  },
  last_seen_at: "2026-01-02T03:04:05.678Z",
};

/** What one would write by hand for this one type of message: the same object, its bytes and times turned into text. */
function applicationUpByHand({
  endDeviceIds: ids,
  correlationIds,
  receivedAt,
  up,
}: ApplicationUp): JsonObject {
  if (up.case !== "uplinkMessage" || ids === undefined) throw new TypeError("another kind of message");
  const { value: uplink } = up;
  const { settings, networkIds } = uplink;
  const modulation = settings?.dataRate?.modulation;
  return {
    end_device_ids: {
      device_id: ids.deviceId,
      application_ids: { application_id: ids.applicationIds?.applicationId ?? "" },
      dev_eui: hexOf(ids.devEui),
      join_eui: hexOf(ids.joinEui),
      dev_addr: hexOf(ids.devAddr),
    },
    correlation_ids: correlationIds,
    received_at: timeOf(receivedAt),
    uplink_message: {
      session_key_id: uplink.sessionKeyId.toBase64(),
      f_port: uplink.fPort,
      f_cnt: uplink.fCnt,
      frm_payload: uplink.frmPayload.toBase64(),
      decoded_payload: uplink.decodedPayload ?? {},
      rx_metadata: uplink.rxMetadata.map((each) => ({
        gateway_ids: { gateway_id: each.gatewayIds?.gatewayId ?? "", eui: hexOf(each.gatewayIds?.eui) },
        time: timeOf(each.time),
        timestamp: each.timestamp,
        rssi: each.rssi,
        channel_rssi: each.channelRssi,
        snr: each.snr,
        location: {
          latitude: each.location?.latitude ?? 0,
          longitude: each.location?.longitude ?? 0,
          altitude: each.location?.altitude ?? 0,
          source: LocationSourceSchema.value[each.location?.source ?? 0]?.name ?? "",
        },
        uplink_token: each.uplinkToken.toBase64(),
        channel_index: each.channelIndex,
        received_at: timeOf(each.receivedAt),
      })),
      settings: {
        data_rate: {
          lora:
            modulation?.case === "lora"
              ? {
                  bandwidth: modulation.value.bandwidth,
                  spreading_factor: modulation.value.spreadingFactor,
                  coding_rate: modulation.value.codingRate,
                }
              : {},
        },
        frequency: String(settings?.frequency),
        timestamp: settings?.timestamp ?? 0,
        time: timeOf(settings?.time),
      },
      received_at: timeOf(uplink.receivedAt),
      consumed_airtime: `${Number(uplink.consumedAirtime?.seconds) + (uplink.consumedAirtime?.nanos ?? 0) / 1e9}s`,
      network_ids: {
        net_id: hexOf(networkIds?.netId),
        ns_id: hexOf(networkIds?.nsId),
        tenant_id: networkIds?.tenantId ?? "",
        cluster_id: networkIds?.clusterId ?? "",
      },
    },
  };
}

function hexOf(bytes: Uint8Array | undefined): string {
  return (bytes?.toHex() ?? "").toUpperCase();
}

function timeOf(time: Timestamp | undefined): string {
  const whole = new Date(Number(time?.seconds) * 1000).toISOString().slice(0, 19);
  const fraction = String(time?.nanos)
    .padStart(9, "0")
    .replace(/(000)+$/, "");
  return fraction === "" ? `${whole}Z` : `${whole}.${fraction}Z`;
}

/** Microseconds that a call takes: the best of several rounds, for the machine has other things to do. */
function microseconds(call: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round++) {
    const calls = 4000;
    const start = performance.now();
    for (let index = 0; index < calls; index++) kept = call();
    best = Math.min(best, ((performance.now() - start) * 1000) / calls);
  }
  return best;
}

/** What a call gave, so that no call is left out as useless. */
let kept: unknown;

function measure<Desc extends DescMessage>(name: string, schema: Desc, json: JsonObject): void {
  const message: MessageShape<Desc> = fromJSON(schema, json);
  const plain = toJSON(schema, message);
  const text = JSON.stringify(plain);
  const rows = [
    ["write", microseconds(() => toJSONText(schema, message)), microseconds(() => JSON.stringify(plain))],
    ["read", microseconds(() => fromJSON(schema, JSON.parse(text))), microseconds(() => JSON.parse(text))],
  ] as const;
  for (const [what, ours, theirs] of rows) {
    console.log(
      `${name.padEnd(14)} ${String(text.length).padStart(5)} B  ${what.padEnd(5)} ${ours.toFixed(2)} µs, ` +
        `plain object ${theirs.toFixed(2)} µs, factor ${(ours / theirs).toFixed(2)}`,
    );
  }
}

const message = fromJSON(ApplicationUpSchema, uplink);
if (JSON.stringify(applicationUpByHand(message)) !== toJSONText(ApplicationUpSchema, message)) {
  throw new Error("what is written by hand is another text");
}
const codec = microseconds(() => toJSONText(ApplicationUpSchema, message));
const byHand = microseconds(() => JSON.stringify(applicationUpByHand(message)));
console.log(
  `ApplicationUp  from the message: codec ${codec.toFixed(2)} µs, ` +
    `object made by hand ${byHand.toFixed(2)} µs, factor ${(codec / byHand).toFixed(2)}`,
);
measure("ApplicationUp", ApplicationUpSchema, uplink);
measure("EndDevice", EndDeviceSchema, device);
if (kept === undefined) throw new Error("nothing was measured");
