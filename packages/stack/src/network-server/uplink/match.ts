import { type DataUplink, legacyDataMIC, usesLegacyMIC } from "@skylark/lorawan";
import type { DeviceSettings, DeviceState, SessionState } from "../device.ts";
import type { SessionSlot } from "../storage/device-store.ts";
import { possibleFCnts } from "./frame-counter.ts";

/** A data frame as it came in. */
export interface ReceivedFrame {
  readonly frame: DataUplink;
  /** The frame without its MIC: what the MIC covers. */
  readonly message: Uint8Array;
}

/** What matching needs to know of a device. */
export interface MatchableDevice {
  readonly settings: DeviceSettings;
  readonly state: DeviceState;
}

/** A frame whose session is known by the (half of the) MIC that needs no more than the session's key. */
export interface MatchedFrame<Device extends MatchableDevice> extends ReceivedFrame {
  readonly device: Device;
  readonly slot: SessionSlot;
  readonly sessionState: SessionState;
  /** 32 bits. */
  readonly fCnt: number;
}

/** Finds the session of a frame among the devices that share its address. */
export function matchFrame<Device extends MatchableDevice>(
  devices: readonly Device[],
  received: ReceivedFrame,
): MatchedFrame<Device> | undefined {
  const only = devices.length === 1 ? devices[0]! : undefined;
  if (only !== undefined && only.state.pending === undefined) {
    return matchSession(only, "current", received);
  }
  for (const { device, slot } of likeliestFirst(devices, received)) {
    const matched = matchSession(device, slot, received);
    if (matched !== undefined) return matched;
  }
  return undefined;
}

interface Candidate<Device> {
  readonly device: Device;
  readonly slot: SessionSlot;
}

/** Sessions that the counter continues, nearest first; then those that wait for their first frame; then the rest. */
function likeliestFirst<Device extends MatchableDevice>(
  devices: readonly Device[],
  { frame }: ReceivedFrame,
): readonly Candidate<Device>[] {
  const continued: (Candidate<Device> & { readonly last: number })[] = [];
  const waiting: Candidate<Device>[] = [];
  const rest: Candidate<Device>[] = [];
  for (const device of devices) {
    const { current, pending } = device.state;
    if (current?.session.devAddr === frame.devAddr) {
      const last = current.counters.fCntUp & 0xffff;
      if (last <= frame.fCnt || current.counters.fCntUp < 0)
        continued.push({ device, slot: "current", last });
      else rest.push({ device, slot: "current" });
    }
    // A device that has not used its session yet has nothing to acknowledge.
    if (pending?.session.devAddr === frame.devAddr && !frame.fCtrl.ack) {
      waiting.push({ device, slot: "pending" });
    }
  }
  continued.sort((a, b) => b.last - a.last);
  return [...continued, ...waiting, ...rest];
}

function matchSession<Device extends MatchableDevice>(
  device: Device,
  slot: SessionSlot,
  received: ReceivedFrame,
): MatchedFrame<Device> | undefined {
  const sessionState = device.state[slot];
  const { frame, message } = received;
  if (sessionState === undefined || sessionState.session.devAddr !== frame.devAddr) return undefined;
  const { session, counters, mac } = sessionState;
  const { settings } = device;
  const isLegacy = usesLegacyMIC(mac.macVersion);
  const candidates = possibleFCnts(counters.fCntUp, frame.fCnt, {
    supports32Bit: settings.supports32BitFCnt,
    resets: settings.resetsFCnt,
  });
  for (const fCnt of candidates) {
    const mic = legacyDataMIC(session.fNwkSIntKey, {
      direction: "uplink",
      devAddr: frame.devAddr,
      fCnt,
      message,
    });
    // LoRaWAN 1.1 §4.4.1: the second half of the MIC is the first half of this one.
    const isMatch = isLegacy ? mic === frame.mic : mic >>> 16 === (frame.mic & 0xffff);
    if (isMatch) return { frame, message, device, slot, sessionState, fCnt };
  }
  return undefined;
}
