import type { Counters } from "../device.ts";

/** The 32-bit counters that a device's 16 bits may stand for, likeliest first. */
export function possibleFCnts(
  last: number,
  fCnt16: number,
  options: { readonly supports32Bit: boolean; readonly resets: boolean },
): readonly number[] {
  if (last < 0 || !options.supports32Bit) return [fCnt16];
  const high = last - (last & 0xffff);
  const sameRound = high + fCnt16;
  if (sameRound >= last) return options.resets && high > 0 ? [sameRound, fCnt16] : [sameRound];
  const nextRound = sameRound + 0x10000;
  // The counter of this round is tried as well, so that a replayed frame is known for what it is.
  const known = nextRound > 0xffffffff ? [sameRound] : [nextRound, sameRound];
  return options.resets && high > 0 ? [...known, fCnt16] : known;
}

export type CounterVerdict =
  | "new"
  /** The device has started over and its session with it. */
  | "restarted"
  /** The last frame once more, to be answered again but not delivered again. */
  | "retransmission"
  /** The last frame once more, beyond what the device was told to send. */
  | "tooManyTransmissions"
  | "tooLow"
  | "gapTooLarge";

export interface CountedFrame {
  readonly fCnt: number;
  readonly fingerprint: number;
  readonly confirmed: boolean;
}

export interface CounterRules {
  readonly resetsFCnt: boolean;
  /** Absent for versions without one. */
  readonly maxFCntGap?: number;
  readonly nbTrans: number;
}

/** Devices of LoRaWAN before 1.0.4 choose themselves how often they repeat a confirmed uplink; more is suspicious. */
export const maxConfirmedTransmissions = 15;

export function judgeCounter(counters: Counters, frame: CountedFrame, rules: CounterRules): CounterVerdict {
  const last = counters.fCntUp;
  // The session may have been in use before it was registered here, so its first frame may have any counter.
  if (last < 0) return "new";
  if (frame.fCnt > last) {
    const isTooFar = rules.maxFCntGap !== undefined && frame.fCnt - last > rules.maxFCntGap;
    return isTooFar ? "gapTooLarge" : "new";
  }
  if (frame.fCnt === last && frame.fingerprint === counters.lastFrame) {
    const limit = frame.confirmed ? maxConfirmedTransmissions : rules.nbTrans;
    return counters.transmissions < limit ? "retransmission" : "tooManyTransmissions";
  }
  return rules.resetsFCnt ? "restarted" : "tooLow";
}

/** FNV-1a over a frame without its MIC, which of LoRaWAN 1.1 depends on the channel and so differs in repetitions. */
export function fingerprintOf(message: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < message.length; index++) {
    hash = Math.imul(hash ^ message[index]!, 0x01000193);
  }
  return hash >>> 0;
}
