/** A shared empty view, so that absent fields cost no allocation. */
export const noBytes: Uint8Array = new Uint8Array(0);

// LoRaWAN is little-endian on the wire. Reading past the end yields 0: callers check lengths first.

export function readUint16(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8);
}

export function readUint24(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16);
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>>
    0
  );
}

export function writeUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
}

export function writeUint24(bytes: Uint8Array, offset: number, value: number): void {
  writeUint16(bytes, offset, value);
  bytes[offset + 2] = value >>> 16;
}

export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  writeUint24(bytes, offset, value);
  bytes[offset + 3] = value >>> 24;
}
