import { LoRaWANError } from "../error.ts";
import { type DevAddr, formatDevAddr, parseDevAddr } from "./dev-addr.ts";

/** A block of device addresses: those that share their first `length` bits with `devAddr`. */
export interface DevAddrPrefix {
  readonly devAddr: DevAddr;
  readonly length: number;
}

function mask(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

/** Parses the form `26000000/7`; bits beyond the length are cleared. */
export function parseDevAddrPrefix(text: string): DevAddrPrefix {
  const parts = /^([0-9A-Fa-f]{8})\/([0-9]{1,2})$/.exec(text);
  const length = Number(parts?.[2]);
  if (parts === null || length > 32) {
    throw new LoRaWANError("invalid_identifier", "expected a DevAddr prefix such as 26000000/7");
  }
  return { devAddr: ((parseDevAddr(parts[1]!) & mask(length)) >>> 0) as DevAddr, length };
}

/** Formats as `26000000/7`. */
export function formatDevAddrPrefix(prefix: DevAddrPrefix): string {
  return `${formatDevAddr(prefix.devAddr)}/${prefix.length}`;
}

/** Whether an address lies in the block. */
export function matchesDevAddrPrefix(prefix: DevAddrPrefix, address: DevAddr): boolean {
  return ((address ^ prefix.devAddr) & mask(prefix.length)) === 0;
}
