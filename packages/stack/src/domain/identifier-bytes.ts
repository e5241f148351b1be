import { type DevAddr, devAddr, type EUI64, formatHex, parseEUI64, parseHex } from "@skylark/lorawan";

/** The API has identifiers as bytes, most significant first; empty where there is none. */
export function euiOfBytes(bytes: Uint8Array | undefined): EUI64 | undefined {
  return bytes === undefined || bytes.length === 0 ? undefined : parseEUI64(formatHex(bytes));
}

export function bytesOfEui(eui: EUI64): Uint8Array<ArrayBuffer> {
  return parseHex(eui);
}

export function devAddrOfBytes(bytes: Uint8Array | undefined): DevAddr | undefined {
  if (bytes === undefined || bytes.length !== 4) return undefined;
  return devAddr(new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0));
}

export function bytesOfDevAddr(address: DevAddr): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, address);
  return bytes;
}
