import { type DevAddr, type DevAddrPrefix, devAddr, devAddrPrefix, type NetID } from "@skylark/lorawan";
import type { RandomBytes } from "../../clock/clock.ts";

/** Gives addresses out of the network's blocks; many devices may get the same, the MIC tells them apart. */
export interface DeviceAddresses {
  readonly prefixes: readonly DevAddrPrefix[];
  generate(): DevAddr;
  owns(address: DevAddr): boolean;
}

export function createDeviceAddresses(
  netId: NetID,
  prefixes: readonly DevAddrPrefix[],
  random: RandomBytes,
): DeviceAddresses {
  const blocks = prefixes.length > 0 ? prefixes : [devAddrPrefix(netId)];
  return {
    prefixes: blocks,
    owns: (address) =>
      blocks.some(({ devAddr: base, length }) => length === 0 || (address ^ base) >>> (32 - length) === 0),
    generate() {
      const bytes = random(8);
      const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
      const { devAddr: base, length } = blocks[view.getUint32(4) % blocks.length]!;
      const free = length === 0 ? 0xffffffff : length >= 32 ? 0 : 0xffffffff >>> length;
      return devAddr((base | (view.getUint32(0) & free)) >>> 0);
    },
  };
}
