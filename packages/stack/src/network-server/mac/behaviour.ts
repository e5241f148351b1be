import type { MACAnswer, MACCommandName, MACRequest, macCommands } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import type { DeviceSettings, DeviceStatus, MACState } from "../device.ts";
import type { Region } from "../region.ts";

/** The uplink that MAC commands came in, as far as handling them depends on it. */
export interface UplinkFacts {
  readonly fCnt: number;
  readonly receivedAt: At;
  /** When a gateway with a GPS received it, milliseconds since the Unix epoch. */
  readonly gpsAt?: At;
  readonly dataRateIndex: number;
  /** dB that the best gateway had to spare. */
  readonly demodulationMargin: number;
  readonly gatewayCount: number;
  readonly settings: DeviceSettings;
}

/** What the decision to ask something of a device depends on. */
export interface AskFacts {
  readonly mac: MACState;
  readonly settings: DeviceSettings;
  readonly region: Region;
  readonly now: At;
  readonly fCntUp: number;
  readonly dataRateIndex: number;
  readonly sessionStartedAt: At;
  readonly statusTimePeriodicityMs: number;
  readonly statusCountPeriodicity: number;
}

export interface AnswerOutcome {
  readonly mac: MACState;
  readonly status?: DeviceStatus;
}

/** What the network asks and the device answers. */
export interface NetworkBehaviour<N extends MACCommandName> {
  /** What to ask now, nothing when the device does as desired. */
  readonly request: (facts: AskFacts) => readonly MACRequest<N>[];
  /** Marks what was asked, where an unanswered request is not simply asked again. */
  readonly asked?: (mac: MACState, facts: AskFacts) => MACState;
  /** `requests` are all of this name that await an answer, in the order sent. */
  readonly handleAnswer: (
    mac: MACState,
    answer: MACAnswer<N>,
    requests: readonly MACRequest<N>[],
    uplink: UplinkFacts,
  ) => AnswerOutcome;
  /** One answer settles every request of this name instead of the first one. */
  readonly answersBlock?: boolean;
  /** TS001-1.0.4 §5: the device repeats the answer until it hears a class A downlink, so one has to follow. */
  readonly isSticky?: boolean;
}

/** What the device asks or announces. */
export interface DeviceBehaviour<N extends MACCommandName> {
  readonly handleRequest: (
    mac: MACState,
    request: MACRequest<N>,
    uplink: UplinkFacts,
  ) => { readonly mac: MACState; readonly answer?: MACAnswer<N> };
}

/** A command that this network does not act on: read past, and never sent. */
export interface IgnoredBehaviour {
  readonly ignoredBecause: string;
}

export type MACBehaviour<N extends MACCommandName> =
  | IgnoredBehaviour
  | ((typeof macCommands)[N]["initiatedBy"] extends "network" ? NetworkBehaviour<N> : DeviceBehaviour<N>);

/** The network's parameters for the device become what the device does. */
export function accept(mac: MACState, parameters: Partial<MACState["current"]>): AnswerOutcome {
  return { mac: { ...mac, current: { ...mac.current, ...parameters } } };
}

/** Remembers that the device will not do it, so that it is not asked with each downlink of the session. */
export function refuse(mac: MACState, what: string): AnswerOutcome {
  return mac.refused.includes(what) ? { mac } : { mac: { ...mac, refused: [...mac.refused, what] } };
}
