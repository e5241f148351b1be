import type { Brand } from "../brand.ts";
import { LoRaWANError } from "../error.ts";
import type { DevAddr } from "./dev-addr.ts";
import type { DevAddrPrefix } from "./dev-addr-prefix.ts";

/** The 24-bit identifier of a network, as an unsigned number. */
export type NetID = Brand<number, "NetID">;

/** The class of a NetID, which decides how many bits of a DevAddr belong to the network. */
export type NetIDType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

// TS002-1.1.0 §6.1.2, table 3: bits of NwkID in a DevAddr by NetID type. The type itself takes `type + 1` bits.
const nwkIdBitsByType = [6, 6, 9, 11, 12, 13, 15, 17] as const;

/** Takes an unsigned 24-bit number as a NetID. */
export function netID(value: number): NetID {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffff) {
    throw new LoRaWANError("invalid_identifier", "expected a NetID of 24 bits");
  }
  return value as NetID;
}

/** Parses 6 hexadecimal digits of either case. */
export function parseNetID(text: string): NetID {
  if (!/^[0-9A-Fa-f]{6}$/.test(text)) {
    throw new LoRaWANError("invalid_identifier", "expected a NetID of 6 hexadecimal digits");
  }
  return Number.parseInt(text, 16) as NetID;
}

/** Formats as 6 upper-case hexadecimal digits. */
export function formatNetID(id: NetID): string {
  return id.toString(16).padStart(6, "0").toUpperCase();
}

/** The type of a NetID: its three most significant bits. */
export function netIDType(id: NetID): NetIDType {
  return (id >>> 21) as NetIDType;
}

/** The part of a NetID that appears in the addresses of its devices. */
export function nwkId(id: NetID): number {
  return id & (2 ** nwkIdBitsByType[netIDType(id)] - 1);
}

/** How many bits of a DevAddr a network of this type assigns freely. */
export function nwkAddrBits(type: NetIDType): number {
  return 32 - (type + 1) - nwkIdBitsByType[type];
}

/** Builds a device address in the block of a network. */
export function makeDevAddr(id: NetID, nwkAddr: number): DevAddr {
  const type = netIDType(id);
  const free = nwkAddrBits(type);
  if (!Number.isInteger(nwkAddr) || nwkAddr < 0 || nwkAddr >= 2 ** free) {
    throw new LoRaWANError("invalid_identifier", `expected a NwkAddr of ${free} bits`);
  }
  // Type n is written as n ones and a zero, in front of everything else.
  const typePrefix = 0xffffffff << (32 - type);
  return (((type === 0 ? 0 : typePrefix) | (nwkId(id) << free) | nwkAddr) >>> 0) as DevAddr;
}

/** The block of device addresses that belongs to a network. */
export function devAddrPrefix(id: NetID): DevAddrPrefix {
  return { devAddr: makeDevAddr(id, 0), length: 32 - nwkAddrBits(netIDType(id)) };
}
