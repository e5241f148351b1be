import type { EUI64 } from "@skylark/lorawan";
import type { JoinEUIPrefix } from "./config.ts";

/** Whether a JoinEUI lies in one of the blocks. */
export function coversJoinEui(prefixes: readonly JoinEUIPrefix[], joinEui: EUI64): boolean {
  const value = BigInt(`0x${joinEui}`);
  return prefixes.some(
    (prefix) => (value ^ BigInt(`0x${prefix.joinEui}`)) >> BigInt(64 - prefix.length) === 0n,
  );
}
