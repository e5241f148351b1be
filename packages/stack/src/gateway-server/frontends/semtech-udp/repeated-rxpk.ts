import type { PushData } from "./codec.ts";
import type { Rxpk } from "./rxpk.ts";

/**
 * Takes out frames that one datagram has several times, as a gateway does whose neighbouring channels heard the same
 * transmission; the strongest stays. Gives how many were taken out.
 */
export function dropRepeats(data: PushData): number {
  if (data.count < 2) return 0;
  const rxpks = data.rxpks as Rxpk[];
  let kept = 0;
  for (let index = 0; index < data.count; index++) {
    const rxpk = rxpks[index]!;
    const same = rxpk.crcStatus === 1 ? findSame(rxpks, kept, rxpk) : -1;
    const target = same < 0 ? kept++ : same;
    if (same >= 0 && rxpk.signals[0]!.rssi <= rxpks[same]!.signals[0]!.rssi) continue;
    rxpks[index] = rxpks[target]!;
    rxpks[target] = rxpk;
  }
  const dropped = data.count - kept;
  data.count = kept;
  return dropped;
}

function findSame(rxpks: readonly Rxpk[], count: number, rxpk: Rxpk): number {
  for (let index = 0; index < count; index++) {
    const other = rxpks[index]!;
    if (other.crcStatus !== 1 || other.payloadLength !== rxpk.payloadLength) continue;
    if (samePayload(other, rxpk)) return index;
  }
  return -1;
}

function samePayload(a: Rxpk, b: Rxpk): boolean {
  for (let index = 0; index < a.payloadLength; index++) {
    if (a.payload[index] !== b.payload[index]) return false;
  }
  return true;
}
