import type { DataRate, DataRateIndex } from "../data-rate.ts";
import type { PHYVersion } from "../versions.ts";
import type { ChannelMaskPlan } from "./channel-mask.ts";

/** A channel: frequency in Hz and the data rates that may be used on it. */
export interface Channel {
  readonly frequency: number;
  readonly minDR: DataRateIndex;
  readonly maxDR: DataRateIndex;
}

/** A data rate of a band with the longest MACPayload it may carry. */
export interface BandDataRate {
  readonly dataRate: DataRate;
  /** M of the regional parameters: bytes of FHDR, FPort and FRMPayload together. */
  readonly maxMACPayloadSize: number;
  /** The same while a dwell time limit is on; 0 where the data rate may then not be used. */
  readonly maxMACPayloadSizeDwellTime: number;
}

/** A part of the band with one rule for its use. */
export interface SubBand {
  /** In Hz, both ends included. */
  readonly minFrequency: number;
  readonly maxFrequency: number;
  /** The share of time in which one may transmit, 1 for no limit. */
  readonly dutyCycle: number;
  /** In dBm. */
  readonly maxEirp: number;
}

/** Parameters of the second receive window. */
export interface Rx2Parameters {
  readonly frequency: number;
  readonly dataRateIndex: DataRateIndex;
}

/** Parameters of class B beacons. */
export interface Beacon {
  readonly dataRateIndex: DataRateIndex;
  readonly codingRate: string;
  /** In Hz; several where the beacon hops. */
  readonly frequencies: readonly number[];
}

/** A channel on which relays listen for devices (TS011). */
export interface RelayWORChannel {
  readonly frequency: number;
  readonly ackFrequency: number;
  readonly dataRateIndex: DataRateIndex;
}

/** What relays use in this band by default (TS011). */
export interface RelayParameters {
  readonly worChannels: readonly RelayWORChannel[];
  readonly forwardDelayMs: number;
  readonly receiveDelayMs: number;
  readonly servedRelayBackoff: number;
}

/** The properties of a band that are plain data. */
export interface BandParameters {
  readonly uplinkChannels: readonly Channel[];
  readonly downlinkChannels: readonly Channel[];
  readonly maxUplinkChannels: number;
  readonly maxDownlinkChannels: number;
  /** By data rate index; undefined where the index is reserved. */
  readonly dataRates: readonly (BandDataRate | undefined)[];
  /** Whether the coding rate is part of what tells data rates apart. */
  readonly strictCodingRate: boolean;
  /** The coding rate of LoRa in this band. */
  readonly codingRate: string;
  /** RX1 data rate index by uplink data rate index and RX1DROffset; a second table counts under downlink dwell time. */
  readonly rx1DataRates: readonly (readonly DataRateIndex[] | undefined)[];
  readonly rx1DataRatesDwellTime?: readonly (readonly DataRateIndex[] | undefined)[];
  /** RX1 is on the downlink channel of the uplink's index, or of its index modulo this. */
  readonly rx1ChannelModulo?: number;
  readonly defaultRx2: Rx2Parameters;
  /** What each TXPower index subtracts, in dB: 0 or negative. */
  readonly txPowerOffsets: readonly number[];
  /** In dBm. */
  readonly maxEirp: number;
  readonly subBands: readonly SubBand[];
  /** The highest data rate that adaptive data rate uses. */
  readonly maxADRDataRateIndex: DataRateIndex;
  readonly supportsDynamicADR: boolean;
  /** Whether devices of the band obey TxParamSetupReq. */
  readonly supportsTxParamSetup: boolean;
  /** Absent where a join-accept carries no CFList. */
  readonly cfListType?: "frequencies" | "channelMasks";
  /** Hz for each step of a frequency in frames. */
  readonly freqMultiplier: number;
  readonly channelMask: ChannelMaskPlan;
  readonly beacon: Beacon;
  /** In Hz. */
  readonly pingSlotFrequencies: readonly number[];
  /** The dwell time limits a device assumes when it starts, where the band has them. */
  readonly bootDwellTime: { readonly uplinks?: boolean; readonly downlinks?: boolean };
  readonly relay?: RelayParameters;
  readonly receiveDelay1Ms: number;
  readonly receiveDelay2Ms: number;
  readonly joinAcceptDelay1Ms: number;
  readonly joinAcceptDelay2Ms: number;
  readonly maxFCntGap: number;
  /** Uplinks without a downlink after which a device asks for one. */
  readonly adrAckLimit: number;
  /** Further uplinks after which it lowers its data rate. */
  readonly adrAckDelay: number;
  readonly minRetransmitTimeoutMs: number;
  readonly maxRetransmitTimeoutMs: number;
}

/** A regional band as one version of the regional parameters has it. */
export interface Band extends BandParameters {
  readonly id: string;
  readonly phyVersion: PHYVersion;
}

/** A band in all its versions: as it began, and what each version changed. */
export interface BandDefinition extends BandParameters {
  readonly id: string;
  readonly introducedIn: PHYVersion;
  readonly since: { readonly [V in PHYVersion]?: Partial<BandParameters> };
}

/** What nearly all bands share (TS001-1.0.4 §5, RP002-1.0.4 table 3). */
export const sharedParameters = {
  receiveDelay1Ms: 1000,
  receiveDelay2Ms: 2000,
  joinAcceptDelay1Ms: 5000,
  joinAcceptDelay2Ms: 6000,
  maxFCntGap: 16384,
  adrAckLimit: 64,
  adrAckDelay: 32,
  minRetransmitTimeoutMs: 1000,
  maxRetransmitTimeoutMs: 3000,
} as const;

/** The relay timing that all bands share since RP002-1.0.4. */
export const sharedRelayParameters = {
  forwardDelayMs: 50,
  receiveDelayMs: 18_000,
  servedRelayBackoff: 8,
} as const;

/** States a band in one place: as introduced, then what later versions override. */
export function defineBand<const D extends BandDefinition>(definition: D): D {
  return definition;
}

/** A LoRa data rate of a band with its M. */
export function lora(spreadingFactor: number, bandwidth: number, maxMACPayloadSize: number): BandDataRate {
  return {
    dataRate: { modulation: "LORA", spreadingFactor, bandwidth, codingRate: "4/5" },
    maxMACPayloadSize,
    maxMACPayloadSizeDwellTime: maxMACPayloadSize,
  };
}

/** An FSK data rate of a band with its M. */
export function fsk(bitRate: number, maxMACPayloadSize: number): BandDataRate {
  return {
    dataRate: { modulation: "FSK", bitRate },
    maxMACPayloadSize,
    maxMACPayloadSizeDwellTime: maxMACPayloadSize,
  };
}

/** An LR-FHSS data rate of a band with its M. */
export function lrFhss(
  operatingChannelWidth: number,
  codingRate: string,
  maxMACPayloadSize: number,
): BandDataRate {
  return {
    dataRate: { modulation: "LR_FHSS", modulationType: 0, operatingChannelWidth, codingRate },
    maxMACPayloadSize,
    maxMACPayloadSizeDwellTime: maxMACPayloadSize,
  };
}

/** ETSI limits are radiated power over a dipole (ERP); a band's limits are over an isotropic antenna. */
export const erpToEirp = 2.15;
