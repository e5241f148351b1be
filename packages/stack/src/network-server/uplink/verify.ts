import {
  findUplinkDataRateIndex,
  hasMaxFCntGap,
  ignoresOversizedUplinks,
  maxMACPayloadSize,
  uplinkMIC11,
  usesLegacyMIC,
} from "@skylark/lorawan";
import type { GatewayUplink } from "../../domain/uplink.ts";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import type { SessionState } from "../device.ts";
import { dataRateNotFound, uplinkChannelNotFound } from "../errors.ts";
import { unansweredChannelIndex } from "../mac/new-channel.ts";
import { regionOf } from "../region.ts";
import { type CounterVerdict, fingerprintOf, judgeCounter } from "./frame-counter.ts";
import type { MatchableDevice, MatchedFrame } from "./match.ts";

const errors = defineErrors("pkg/networkserver");
const unverifiedMIC = errors.invalidArgument(
  "mic_mismatch",
  "MIC of the network that serves the device is wrong",
);
const tooLong = errors.invalidArgument("payload", "the frame is longer than its data rate allows");
const commandsTwice = errors.invalidArgument("f_opts_with_port_0", "the frame has both FOpts and FPort 0");
const fCntTooLow = errors.invalidArgument(
  "f_cnt_too_low",
  "FCnt `{f_cnt}` is lower than minimum of `{min_f_cnt}`",
);
const fCntGap = errors.invalidArgument(
  "f_cnt_gap",
  "FCnt `{f_cnt}` is too far ahead of the last one, `{last_f_cnt}`",
);
const repeatedTooOften = errors.alreadyExists("duplicate_uplink", "duplicate uplink");

/** A frame that its device has sent, on a channel and at a data rate that it has. */
export interface VerifiedFrame<Device extends MatchableDevice> extends MatchedFrame<Device> {
  readonly channelIndex: number;
  readonly dataRateIndex: number;
  readonly fingerprint: number;
}

export type Verification<Device extends MatchableDevice> =
  | { readonly frame: VerifiedFrame<Device>; readonly refusedBecause?: never }
  | { readonly frame?: never; readonly refusedBecause: SkylarkError };

/** Checks everything about a matched frame but its counter, which is judged when its turn comes. */
export function verifyFrame<Device extends MatchableDevice>(
  matched: MatchedFrame<Device>,
  uplink: Pick<GatewayUplink, "frequency" | "dataRate" | "rawPayload">,
): Verification<Device> {
  const { mac } = matched.sessionState;
  const { band } = regionOf(matched.device.settings);
  // TS001-1.0.4 §4.3.1.6: such a frame is to be ignored.
  if (matched.frame.fPort === 0 && matched.frame.fOpts.length > 0) return { refusedBecause: commandsTwice() };
  const channelIndex = channelIndexOf(mac, uplink.frequency);
  if (channelIndex < 0) return { refusedBecause: uplinkChannelNotFound() };
  const dataRateIndex = findUplinkDataRateIndex(band, uplink.dataRate);
  if (dataRateIndex === undefined) return { refusedBecause: dataRateNotFound() };
  if (
    ignoresOversizedUplinks(mac.macVersion) &&
    uplink.rawPayload.length - 5 > maxMACPayloadSize(band, dataRateIndex)
  ) {
    return { refusedBecause: tooLong() };
  }
  if (!usesLegacyMIC(mac.macVersion) && !hasServingMIC(matched, { channelIndex, dataRateIndex })) {
    return { refusedBecause: unverifiedMIC() };
  }
  const fingerprint = fingerprintOf(matched.message);
  const { frame, message, device, slot, sessionState, fCnt } = matched;
  return {
    frame: { frame, message, device, slot, sessionState, fCnt, channelIndex, dataRateIndex, fingerprint },
  };
}

function channelIndexOf(mac: SessionState["mac"], frequency: number): number {
  const { channels } = mac.current;
  for (let index = 0; index < channels.length; index++) {
    if (channels[index]!.uplinkFrequency === frequency) return index;
  }
  return unansweredChannelIndex(mac, frequency);
}

// LoRaWAN 1.1 §4.4.1.
function hasServingMIC<Device extends MatchableDevice>(
  { frame, message, fCnt, sessionState: { session, mac } }: MatchedFrame<Device>,
  { channelIndex, dataRateIndex }: { readonly channelIndex: number; readonly dataRateIndex: number },
): boolean {
  const confFCnt = frame.fCtrl.ack ? (mac.lastConfirmedFCnt ?? 0) & 0xffff : 0;
  const mic = uplinkMIC11({
    fNwkSIntKey: session.fNwkSIntKey,
    sNwkSIntKey: session.sNwkSIntKey,
    devAddr: frame.devAddr,
    fCnt,
    message,
    confFCnt,
    txDr: dataRateIndex,
    txCh: channelIndex,
  });
  return mic === frame.mic;
}

/** Judges the counter of a frame against the session as it is now. */
export function judgeFrame<Device extends MatchableDevice>(
  verified: VerifiedFrame<Device>,
  { counters, mac }: SessionState,
): CounterVerdict {
  const { settings } = verified.device;
  return judgeCounter(
    counters,
    {
      fCnt: verified.fCnt,
      fingerprint: verified.fingerprint,
      confirmed: verified.frame.mType === "confirmedUp",
    },
    {
      resetsFCnt: settings.resetsFCnt,
      nbTrans: mac.current.nbTrans,
      ...(hasMaxFCntGap(mac.macVersion) ? { maxFCntGap: regionOf(settings).band.maxFCntGap } : {}),
    },
  );
}

/** Why a frame with this verdict is dropped; undefined when it is not. */
export function refusalOf(
  verdict: CounterVerdict,
  fCnt: number,
  { counters }: SessionState,
): SkylarkError | undefined {
  switch (verdict) {
    case "tooLow":
      return fCntTooLow({ f_cnt: fCnt, min_f_cnt: counters.fCntUp + 1 });
    case "gapTooLarge":
      return fCntGap({ f_cnt: fCnt, last_f_cnt: counters.fCntUp });
    case "tooManyTransmissions":
      return repeatedTooOften();
    default:
      return undefined;
  }
}
