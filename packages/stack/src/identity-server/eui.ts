import { type EUI64, parseEUI64 } from "@skylark/lorawan";

/** The API's eight bytes, big endian, as the identifier; undefined when absent. */
export function formatEui(bytes: Uint8Array | undefined): EUI64 | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  return parseEUI64(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex"));
}

export function euiBytes(eui: EUI64): Uint8Array {
  return new Uint8Array(Buffer.from(eui, "hex"));
}
