import { timeOnAirUs } from "@skylark/lorawan";
import type { ApplicationUplink, VerifiedUplink } from "../../domain/application-uplink.ts";
import type { DeviceState } from "../device.ts";
import type { DeviceEntry } from "../device-entry.ts";
import { countGateways, demodulationMargin } from "../downlink/paths.ts";
import type { UplinkFacts } from "../mac/behaviour.ts";
import type { Round } from "./deduplicator.ts";
import type { VerifiedFrame } from "./verify.ts";

/** A verified frame that waits for its copies, while its payload is being decoded. */
export interface WaitingFrame {
  readonly verified: VerifiedFrame<DeviceEntry>;
  readonly round: Round;
  /** `ns:uplink:<ULID>`. */
  readonly correlationId: string;
  readonly decoded: Promise<unknown>;
}

/** When the uplink ended, as the first gateway to say so tells. */
export function earliest({ receptions }: Round): number {
  let at = receptions[0]!.receivedAt;
  for (const { receivedAt } of receptions) if (receivedAt < at) at = receivedAt;
  return at;
}

const noPayload = new Uint8Array(0);

/** What the application is told before all gateways have reported. */
export function verifiedUplink(
  { frame, fCnt, sessionState }: WaitingFrame["verified"],
  receivedAt: number,
): VerifiedUplink {
  const { ids, sessionKeyId } = sessionState.session;
  const frmPayload = frame.fPort === 0 ? noPayload : frame.frmPayload;
  const confirmed = frame.mType === "confirmedUp";
  return frame.fPort === undefined
    ? { ids, sessionKeyId, fCnt, frmPayload, confirmed, receivedAt }
    : { ids, sessionKeyId, fPort: frame.fPort, fCnt, frmPayload, confirmed, receivedAt };
}

/** The same with what all gateways said. */
export function applicationUplink(
  { verified, round, correlationId }: WaitingFrame,
  packetErrorRate: number | undefined,
): ApplicationUplink {
  const { frequency, dataRate, rawPayload } = round.uplink;
  const { frame, fCnt, sessionState, device } = verified;
  const { ids, sessionKeyId } = sessionState.session;
  const { fPort } = frame;
  const uplink = {
    ids,
    sessionKeyId,
    fCnt,
    frmPayload: fPort === 0 ? noPayload : frame.frmPayload,
    confirmed: frame.mType === "confirmedUp",
    receivedAt: earliest(round),
    frequency,
    dataRate,
    consumedAirtimeUs: timeOnAirUs({ dataRate, payloadLength: rawPayload.length }),
    receptions: round.receptions,
    correlationIds: [...round.correlationIds, correlationId],
  };
  return {
    ...uplink,
    ...(fPort === undefined ? {} : { fPort }),
    ...(packetErrorRate === undefined ? {} : { packetErrorRate }),
    ...lastBattery(device.state),
  };
}

function lastBattery({ status }: DeviceState): Pick<ApplicationUplink, "lastBatteryPercentage"> {
  if (status?.batteryPercentage === undefined) return {};
  const { batteryPercentage: value, fCnt, receivedAt } = status;
  return { lastBatteryPercentage: { value, fCnt, receivedAt } };
}

/** What MAC commands may depend on. */
export function factsOf({ verified, round }: Pick<WaitingFrame, "verified" | "round">): UplinkFacts {
  const { receptions, uplink } = round;
  const gpsAt = receptions.find(({ gpsTime }) => gpsTime !== undefined)?.gpsTime;
  return {
    fCnt: verified.fCnt,
    receivedAt: earliest(round),
    ...(gpsAt === undefined ? {} : { gpsAt }),
    dataRateIndex: verified.dataRateIndex,
    demodulationMargin: demodulationMargin(receptions, uplink.dataRate),
    gatewayCount: countGateways(receptions),
    settings: verified.device.settings,
  };
}
