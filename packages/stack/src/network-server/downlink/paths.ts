import type { DataRate, LoRaDataRate } from "@skylark/lorawan";
import type { Reception } from "../../domain/uplink.ts";

const maxPaths = 8;

/** The receptions to answer through, best first; gateways that are never to transmit are left out. */
export function rankPaths(receptions: readonly Reception[], dataRate: DataRate): readonly Reception[] {
  const allowed = receptions.filter(({ gateway }) => gateway.downlinkPathConstraint !== "NEVER");
  if (allowed.length < 2) return allowed;
  return allowed
    .map((reception) => ({ reception, strength: strengthOf(reception, dataRate) }))
    .sort((a, b) => constraintRank(a.reception) - constraintRank(b.reception) || b.strength - a.strength)
    .slice(0, maxPaths)
    .map(({ reception }) => reception);
}

function constraintRank({ gateway }: Reception): number {
  return gateway.downlinkPathConstraint === "PREFER_OTHER" ? 1 : 0;
}

/** dBm; a LoRa signal below the noise is as much weaker than the channel's RSSI as its SNR is below 0. */
function strengthOf({ channelRssi, snr }: Reception, { modulation }: DataRate): number {
  // A gateway that does not measure says 0, which would be the strongest of all.
  if (channelRssi === 0) return Number.NEGATIVE_INFINITY;
  return modulation === "LORA" && snr !== undefined ? channelRssi + Math.min(0, snr) : channelRssi;
}

/** SNR in dB that a LoRa receiver needs, by spreading factor (SX1276 data sheet, table 13). */
function demodulationFloor({ spreadingFactor, bandwidth }: LoRaDataRate): number {
  return -7.5 - 2.5 * (spreadingFactor - 7) + 3 * Math.log2(bandwidth / 125_000);
}

/** dB that the best gateway had to spare above what it needs. */
export function demodulationMargin(receptions: readonly Reception[], dataRate: DataRate): number {
  if (dataRate.modulation !== "LORA") return 0;
  let best = Number.NEGATIVE_INFINITY;
  for (const { snr } of receptions) if (snr !== undefined && snr > best) best = snr;
  return best === Number.NEGATIVE_INFINITY ? 0 : best - demodulationFloor(dataRate);
}

export function countGateways(receptions: readonly Reception[]): number {
  return new Set(receptions.map(({ gateway: { ids } }) => `${ids.tenantId}/${ids.gatewayId}`)).size;
}
