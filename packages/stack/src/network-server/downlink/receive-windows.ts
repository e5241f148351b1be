import {
  type Band,
  bandDataRate,
  maxMACPayloadSize,
  rx1ChannelIndex,
  rx1DataRateIndex,
} from "@skylark/lorawan";
import type { ReceiveWindow } from "../../domain/downlink.ts";
import type { MACParameters } from "../device.ts";
import { hasFixedChannels } from "../region.ts";

/** A receive window with how long a frame may be in it. */
export interface SizedWindow extends ReceiveWindow {
  /** Bytes of FHDR, FPort and FRMPayload together. */
  readonly maxMACPayloadSize: number;
}

export interface AnsweredUplink {
  readonly frequency: number;
  readonly channelIndex: number;
  readonly dataRateIndex: number;
}

/** RX1 and RX2 after a data uplink, as the device has them set. */
export function receiveWindows(
  band: Band,
  parameters: MACParameters,
  uplink: AnsweredUplink,
): readonly SizedWindow[] {
  return windowsAt(band, parameters, uplink, parameters.rx1Delay * 1000);
}

/** RX1 and RX2 of a join-accept. */
export function joinAcceptWindows(
  band: Band,
  parameters: MACParameters,
  uplink: AnsweredUplink,
): readonly SizedWindow[] {
  // The limits on length are those of data frames.
  return windowsAt(band, parameters, uplink, band.joinAcceptDelay1Ms).map((window) => ({
    ...window,
    maxMACPayloadSize: Number.POSITIVE_INFINITY,
  }));
}

function windowsAt(
  band: Band,
  parameters: MACParameters,
  uplink: AnsweredUplink,
  delayMs: number,
): readonly SizedWindow[] {
  const rx1 = rx1DataRateIndex(band, uplink.dataRateIndex, parameters.rx1DataRateOffset);
  return [
    {
      window: 1,
      delayMs,
      frequency: rx1Frequency(band, parameters, uplink),
      dataRate: bandDataRate(band, rx1),
      maxMACPayloadSize: maxMACPayloadSize(band, rx1),
    },
    {
      window: 2,
      // TS001-1.0.4 §3.3.2: RX2 opens one second after RX1.
      delayMs: delayMs + 1000,
      frequency: parameters.rx2Frequency,
      dataRate: bandDataRate(band, parameters.rx2DataRateIndex),
      maxMACPayloadSize: maxMACPayloadSize(band, parameters.rx2DataRateIndex),
    },
  ];
}

function rx1Frequency(
  band: Band,
  parameters: MACParameters,
  { frequency, channelIndex }: AnsweredUplink,
): number {
  if (hasFixedChannels(band)) {
    return band.downlinkChannels[rx1ChannelIndex(band, channelIndex)]?.frequency ?? frequency;
  }
  return parameters.channels[channelIndex]?.downlinkFrequency ?? frequency;
}

/**
 * How long a frame may be: what RX1 takes, unless only RX2 takes more. The windows that a frame of some length
 * fits are chosen when it is built.
 */
export function longestMACPayload(windows: readonly SizedWindow[]): number {
  return Math.max(...windows.map((window) => window.maxMACPayloadSize));
}

export function windowsThatFit(
  windows: readonly SizedWindow[],
  macPayloadLength: number,
): readonly SizedWindow[] {
  return windows.filter((window) => macPayloadLength <= window.maxMACPayloadSize);
}
