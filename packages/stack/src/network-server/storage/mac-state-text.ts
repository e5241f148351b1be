import { LRUCache } from "lru-cache";
import type { DeviceChannel, MACParameters, MACState } from "../device.ts";

/** The text of a MAC state as stored. Channels are tuples: a device of US902-928 has 72 of them, twice. */
export function formatMACState(state: MACState): string {
  return JSON.stringify({ ...state, current: packed(state.current), desired: packed(state.desired) });
}

type PackedChannel = readonly [number, number, number, number, 0 | 1];
type PackedParameters = Omit<MACParameters, "channels"> & { readonly channels: readonly PackedChannel[] };

function packed(parameters: MACParameters): PackedParameters {
  return {
    ...parameters,
    channels: parameters.channels.map((channel) => [
      channel.uplinkFrequency,
      channel.downlinkFrequency,
      channel.minDataRateIndex,
      channel.maxDataRateIndex,
      channel.enableUplink ? 1 : 0,
    ]),
  };
}

function unpacked(parameters: PackedParameters): MACParameters {
  return {
    ...parameters,
    channels: parameters.channels.map(
      ([uplinkFrequency, downlinkFrequency, minDataRateIndex, maxDataRateIndex, enabled]): DeviceChannel => ({
        uplinkFrequency,
        downlinkFrequency,
        minDataRateIndex,
        maxDataRateIndex,
        enableUplink: enabled === 1,
      }),
    ),
  };
}

const parsed = new LRUCache<string, MACState>({ max: 4096 });

/** Equal texts give the same object: fleets share their few distinct states instead of holding one for each device. */
export function parseMACState(text: string): MACState {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const raw = JSON.parse(text) as Omit<MACState, "current" | "desired"> & {
    readonly current: PackedParameters;
    readonly desired: PackedParameters;
  };
  const state = { ...raw, current: unpacked(raw.current), desired: unpacked(raw.desired) };
  parsed.set(text, state);
  return state;
}
