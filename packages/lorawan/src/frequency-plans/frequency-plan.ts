import type { Channel } from "../bands/band.ts";
import type { BandId } from "../bands/index.ts";
import type { DataRateIndex } from "../data-rate.ts";

/** A gateway channel with one data rate. */
export interface SingleDataRateChannel {
  /** In Hz. */
  readonly frequency: number;
  readonly dataRateIndex: DataRateIndex;
}

/** How long a transmission may last. */
export interface DwellTime {
  readonly uplinks: boolean;
  readonly downlinks: boolean;
  readonly durationMs: number;
}

/** Silence between transmissions of a gateway. */
export interface TimeOffAir {
  /** As a share of the last transmission. */
  readonly fraction: number;
  readonly durationMs: number;
}

/** A radio of a gateway's concentrator. */
export interface Radio {
  readonly chipType: string;
  /** The centre frequency in Hz. */
  readonly frequency: number;
  /** In dB. */
  readonly rssiOffset: number;
  /** In Hz; only on the radio that transmits. */
  readonly tx?: { readonly minFrequency: number; readonly maxFrequency: number };
}

/** The channels that gateways and devices of one network use within a band. */
export interface FrequencyPlan {
  readonly id: string;
  readonly name: string;
  /** The plan that this one extends. */
  readonly baseId?: string;
  /** In MHz, the name of the frequency range on hardware: 433, 868, 915. */
  readonly baseFrequency: number;
  readonly bandId: BandId;
  readonly uplinkChannels: readonly Channel[];
  /** Empty where the band's own downlink channels are used. */
  readonly downlinkChannels: readonly Channel[];
  readonly loraStandardChannel?: SingleDataRateChannel;
  readonly fskChannel?: SingleDataRateChannel;
  readonly timeOffAir?: TimeOffAir;
  readonly dwellTime?: DwellTime;
  /** The network's choices for RX2 where they differ from the band's. */
  readonly rx2?: { readonly frequency?: number; readonly dataRateIndex?: DataRateIndex };
  /** In dBm, where lower than the band's. */
  readonly maxEirp?: number;
  /** What a gateway configures its concentrator with. */
  readonly radios: readonly Radio[];
  /** The radio that gives the clock. */
  readonly clockSource: number;
}
