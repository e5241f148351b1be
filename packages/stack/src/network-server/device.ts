import type { DevAddr, KeySchedule, MACVersion, PHYVersion } from "@skylark/lorawan";
import type { At } from "../clock/clock.ts";
import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";

/** A channel as the device has it; a `downlinkFrequency` apart from the uplink's comes from DlChannelReq. */
export interface DeviceChannel {
  /** Hz; 0 where the device has no channel of this index. */
  readonly uplinkFrequency: number;
  readonly downlinkFrequency: number;
  readonly minDataRateIndex: number;
  readonly maxDataRateIndex: number;
  readonly enableUplink: boolean;
}

/** What MAC commands change. */
export interface MACParameters {
  /** Seconds, 1 to 15. */
  readonly rx1Delay: number;
  readonly rx1DataRateOffset: number;
  readonly rx2DataRateIndex: number;
  /** Hz. */
  readonly rx2Frequency: number;
  /** The device sends at most 1/2^this of the time. */
  readonly maxDutyCycle: number;
  readonly nbTrans: number;
  readonly txPowerIndex: number;
  readonly channels: readonly DeviceChannel[];
}

/** A MAC command of the network that the device has not answered yet, with its fields as they went out. */
export interface PendingRequest {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** MAC state of one session; replaced as a whole, so that equal states of many devices can be one object. */
export interface MACState {
  readonly macVersion: MACVersion;
  /** What the device does now, as far as it has confirmed. */
  readonly current: MACParameters;
  /** What the network wants it to do. */
  readonly desired: MACParameters;
  readonly pendingRequests: readonly PendingRequest[];
  /** How many downlinks with requests in a row went unanswered. */
  readonly unansweredTimes?: number;
  /** Names of MAC commands that the device refused in this session: not asked again. */
  readonly refused: readonly string[];
  /** FCntDown of a confirmed downlink that waits for the device's ACK bit. */
  readonly pendingConfirmedFCnt?: number;
  /** FCntDown of the last confirmed downlink; uplinks of LoRaWAN 1.1 that acknowledge it are signed with it, repetitions too. */
  readonly lastConfirmedFCnt?: number;
  /** When the device was last asked for its status. */
  readonly statusAskedAt?: At;
  readonly statusAskedFCntUp?: number;
}

/** The part of a session that never changes; one frozen object, so that what is derived from it can be kept by it. */
export interface Session {
  readonly ids: EndDeviceIdentifiers & { readonly devAddr: DevAddr };
  readonly devAddr: DevAddr;
  readonly sessionKeyId: Uint8Array;
  readonly startedAt: At;
  /** With LoRaWAN 1.0.x all three are one object. */
  readonly fNwkSIntKey: KeySchedule;
  readonly sNwkSIntKey: KeySchedule;
  readonly nwkSEncKey: KeySchedule;
}

export interface Counters {
  /** Of the last accepted uplink; -1 before the first. */
  readonly fCntUp: number;
  readonly lastUplinkAt: At;
  /** Fingerprint of the last uplink, to know its retransmissions. */
  readonly lastFrame: number;
  /** How often the last uplink was transmitted. */
  readonly transmissions: number;
  /** Lowest NFCntDown not used yet; of both kinds of downlink with LoRaWAN 1.0.x. */
  readonly nextNFCntDown: number;
  /** Lowest AFCntDown not used yet; LoRaWAN 1.1 only. */
  readonly nextAFCntDown: number;
}

export const freshCounters: Counters = {
  fCntUp: -1,
  lastUplinkAt: 0,
  lastFrame: 0,
  transmissions: 0,
  nextNFCntDown: 0,
  nextAFCntDown: 0,
};

export interface SessionState {
  readonly session: Session;
  readonly counters: Counters;
  readonly mac: MACState;
}

/** What a device answered to DevStatusReq. */
export interface DeviceStatus {
  /** 0 to 100; absent when the device could not tell or has external power. */
  readonly batteryPercentage?: number;
  readonly externalPower: boolean;
  /** dB, -32 to 31. */
  readonly margin: number;
  readonly fCnt: number;
  readonly receivedAt: At;
}

export interface DeviceState {
  readonly current?: SessionState;
  /** From a join-accept, until the device uses it. */
  readonly pending?: SessionState;
  readonly status?: DeviceStatus;
}

/** What the owner registered, as far as the Network Server acts on it. */
export interface DeviceSettings {
  readonly macVersion: MACVersion;
  readonly phyVersion: PHYVersion;
  readonly frequencyPlanId: string;
  readonly supportsJoin: boolean;
  readonly resetsFCnt: boolean;
  readonly supports32BitFCnt: boolean;
  readonly scheduleDownlinks: boolean;
  /** How the device comes from its maker, where that differs from the band. */
  readonly factory: Partial<Omit<MACParameters, "channels">> & { readonly frequencies?: readonly number[] };
  /** What its owner wants, where that differs from the frequency plan. */
  readonly wanted: Partial<Omit<MACParameters, "channels">>;
  readonly statusTimePeriodicityMs?: number;
  readonly statusCountPeriodicity?: number;
}
