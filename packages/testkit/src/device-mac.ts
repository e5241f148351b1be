import type { DeviceParameters } from "./device-parameters.ts";
import type { DeviceRegion } from "./device-region.ts";

/** LoRaWAN versions that a simulated device can have. */
export type LoRaWANVersion = "1.0.0" | "1.0.1" | "1.0.2" | "1.0.3" | "1.0.4" | "1.1.0";

/** What the MAC commands of a downlink act on, besides the parameters. */
export interface MACState {
  readonly version: LoRaWANVersion;
  readonly region: DeviceRegion;
  readonly parameters: DeviceParameters;
  /** 0 external power, 1 to 254 a level, 255 unknown. */
  readonly battery: number;
  /** SNR of the downlink, for DevStatusAns. */
  readonly downlinkSnr: number;
  /** RekeyInd or ResetInd of LoRaWAN 1.1 still awaits its confirmation. */
  indicationPending: boolean;
  readonly answers: PendingAnswer[];
  onLinkCheck(margin: number, gateways: number): void;
  /** GPS milliseconds at the end of the uplink that asked. */
  onDeviceTime(gpsMs: number): void;
}

/** An answer for the next uplink. */
export interface PendingAnswer {
  readonly bytes: Uint8Array;
  /** Repeated in every uplink until a downlink arrives (TS001-1.0.4 §5). */
  readonly sticky: boolean;
}

/** A MAC command that arrived, by its identifier. */
export interface ReceivedCommand {
  readonly cid: number;
  readonly payload: Uint8Array;
}

// Lengths of what the network sends, by command identifier (LoRaWAN 1.1 §5 and TS001-1.0.4 §5).
const payloadLengths: Readonly<Record<number, number>> = {
  1: 1,
  2: 2,
  3: 4,
  4: 1,
  5: 4,
  6: 0,
  7: 5,
  8: 1,
  9: 1,
  10: 4,
  11: 1,
  12: 1,
  13: 5,
  14: 2,
  15: 1,
  16: 0,
  17: 4,
  18: 3,
  19: 3,
  32: 1,
};

/** Splits the commands of a downlink; stops at the first that is unknown or cut off, and tells so. */
export function splitCommands(bytes: Uint8Array): { commands: ReceivedCommand[]; rest?: Uint8Array } {
  const commands: ReceivedCommand[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const cid = bytes[offset]!;
    const end = offset + 1 + (payloadLengths[cid] ?? bytes.length);
    if (end > bytes.length) return { commands, rest: bytes.subarray(offset) };
    commands.push({ cid, payload: bytes.subarray(offset + 1, end) });
    offset = end;
  }
  return { commands };
}

const frequencyOf = (bytes: Uint8Array, offset: number): number =>
  (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16)) * 100;

function inRange({ frequencyRange: [lowest, highest] }: DeviceRegion, frequency: number): boolean {
  return frequency >= lowest && frequency <= highest;
}

function answer(state: MACState, bytes: readonly number[], sticky = false): void {
  state.answers.push({ bytes: Uint8Array.from(bytes), sticky });
}

type Handler = (state: MACState, payload: Uint8Array) => void;

function rxParamSetup(state: MACState, payload: Uint8Array): void {
  const { region, parameters } = state;
  const offset = (payload[0]! >>> 4) & 7;
  const dataRate = payload[0]! & 15;
  const frequency = frequencyOf(payload, 1);
  const channelAck = inRange(region, frequency);
  const dataRateAck = region.dataRates[dataRate] !== undefined;
  const offsetAck = offset <= region.maxRx1DROffset;
  if (channelAck && dataRateAck && offsetAck) {
    parameters.rx1DROffset = offset;
    parameters.rx2DataRate = dataRate;
    parameters.rx2Frequency = frequency;
  }
  answer(state, [0x05, (offsetAck ? 4 : 0) | (dataRateAck ? 2 : 0) | (channelAck ? 1 : 0)], true);
}

function newChannel(state: MACState, payload: Uint8Array): void {
  const { region, parameters } = state;
  // RP002-1.0.4 §2.5: devices with a fixed channel plan ignore this command.
  if (!region.dynamicChannels) return;
  const index = payload[0]!;
  const frequency = frequencyOf(payload, 1);
  const minDataRate = payload[4]! & 15;
  const maxDataRate = payload[4]! >>> 4;
  const frequencyAck =
    index >= region.defaultChannels.length && index < 16 && (frequency === 0 || inRange(region, frequency));
  const [lowest, highest] = region.uplinkDataRates;
  const dataRateAck = minDataRate <= maxDataRate && minDataRate >= lowest && maxDataRate <= highest;
  if (frequencyAck && dataRateAck) {
    parameters.channels[index] =
      frequency === 0 ? undefined : { frequency, downlinkFrequency: frequency, minDataRate, maxDataRate };
    parameters.enabled[index] = frequency !== 0;
  }
  answer(state, [0x07, (dataRateAck ? 2 : 0) | (frequencyAck ? 1 : 0)]);
}

function dlChannel(state: MACState, payload: Uint8Array): void {
  const { region, parameters } = state;
  if (!region.dynamicChannels) return;
  const channel = parameters.channels[payload[0]!];
  const frequency = frequencyOf(payload, 1);
  const frequencyAck = inRange(region, frequency);
  if (channel !== undefined && frequencyAck) {
    parameters.channels[payload[0]!] = { ...channel, downlinkFrequency: frequency };
  }
  answer(state, [0x0a, (channel === undefined ? 0 : 2) | (frequencyAck ? 1 : 0)], true);
}

function indicationConfirmed(state: MACState): void {
  state.indicationPending = false;
}

const handlers: Readonly<Record<number, Handler>> = {
  1: indicationConfirmed,
  2: (state, payload) => state.onLinkCheck(payload[0]!, payload[1]!),
  4: (state, payload) => {
    state.parameters.maxDutyCycle = payload[0]! & 15;
    answer(state, [0x04]);
  },
  5: rxParamSetup,
  6: (state) => {
    const margin = Math.max(-32, Math.min(31, Math.round(state.downlinkSnr)));
    answer(state, [0x06, state.battery, margin & 0x3f]);
  },
  7: newChannel,
  8: (state, payload) => {
    state.parameters.rx1DelayMs = Math.max(1, payload[0]! & 15) * 1000;
    answer(state, [0x08], true);
  },
  10: dlChannel,
  11: indicationConfirmed,
  12: (state, payload) => {
    state.parameters.adrAckLimit = 2 ** (payload[0]! >>> 4);
    state.parameters.adrAckDelay = 2 ** (payload[0]! & 15);
    answer(state, [0x0c]);
  },
  13: (state, payload) => {
    const seconds = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true);
    state.onDeviceTime(seconds * 1000 + (payload[4]! * 1000) / 256);
  },
};

/** Obeys the commands of one downlink, in order, and collects the answers for the next uplink. */
export function handleCommands(state: MACState, commands: readonly ReceivedCommand[]): void {
  for (let i = 0; i < commands.length; i++) {
    const { cid, payload } = commands[i]!;
    if (cid !== 3) {
      handlers[cid]?.(state, payload);
      continue;
    }
    // LoRaWAN 1.0.2 and 1.1 §5.3: adjacent LinkADRReq form one block, taken or refused as a whole.
    const block = [payload];
    const inBlocks = state.version !== "1.0.0" && state.version !== "1.0.1";
    while (inBlocks && commands[i + 1]?.cid === 3) block.push(commands[++i]!.payload);
    linkADR(state, block);
  }
}

function linkADR(state: MACState, block: readonly Uint8Array[]): void {
  const { region, parameters } = state;
  const mask = block.reduce<boolean[] | undefined>(
    (current, request) => current && withMask(current, request, state),
    [...parameters.enabled],
  );
  const last = block.at(-1)!;
  const keeps = state.version === "1.0.4" || state.version === "1.1.0";
  const dataRate = keeps && last[0]! >>> 4 === 15 ? parameters.dataRate : last[0]! >>> 4;
  const power = keeps && (last[0]! & 15) === 15 ? parameters.txPowerIndex : last[0]! & 15;
  const maskAck = mask?.some((on) => on) ?? false;
  const carried =
    maskAck &&
    parameters.channels.some(
      (channel, i) =>
        channel && mask?.[i] && dataRate >= channel.minDataRate && dataRate <= channel.maxDataRate,
    );
  const dataRateAck =
    region.dataRates[dataRate] !== undefined &&
    dataRate <= region.uplinkDataRates[1] &&
    (carried || !maskAck);
  const powerAck = power <= region.maxTxPowerIndex;
  if (mask !== undefined && maskAck && dataRateAck && powerAck) {
    parameters.enabled = mask;
    parameters.dataRate = dataRate;
    parameters.txPowerIndex = power;
    const nbTrans = last[3]! & 15;
    if (nbTrans > 0) parameters.nbTrans = nbTrans;
    else if (!keeps) parameters.nbTrans = 1;
  }
  const status = (powerAck ? 4 : 0) | (dataRateAck ? 2 : 0) | (maskAck ? 1 : 0);
  for (const _ of block) answer(state, [0x03, status]);
}

/** RP002-1.0.4 §2.4 and §2.5: what ChMaskCntl makes of ChMask; undefined when the device must refuse. */
function withMask(
  enabled: boolean[],
  request: Uint8Array,
  { region, parameters }: MACState,
): boolean[] | undefined {
  const bits = request[1]! | (request[2]! << 8);
  const control = (request[3]! >>> 4) & 7;
  const next = [...enabled];
  const put = (first: number, count: number, on: (bit: number) => boolean): boolean => {
    for (let bit = 0; bit < count; bit++) {
      if (on(bit) && parameters.channels[first + bit] === undefined) return false;
      if (parameters.channels[first + bit] !== undefined) next[first + bit] = on(bit);
    }
    return true;
  };
  const bit = (index: number): boolean => (bits & (1 << index)) !== 0;
  if (region.dynamicChannels) {
    if (control === 0) return put(0, 16, bit) ? next : undefined;
    return control === 6 ? parameters.channels.map((channel) => channel !== undefined) : undefined;
  }
  if (control < 4) return put(16 * control, 16, bit) ? next : undefined;
  if (control === 4) return put(64, 8, bit) ? next : undefined;
  if (control === 5) {
    put(0, 64, (index) => bit(index >>> 3));
    put(64, 8, bit);
    return next;
  }
  put(0, 64, () => control === 6);
  return put(64, 8, bit) ? next : undefined;
}
