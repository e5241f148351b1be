const invalid = 255;
const sextets = new Uint8Array(256).fill(invalid);
for (let value = 0; value < 64; value++) {
  sextets["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charCodeAt(value)] = value;
}
const padding = 0x3d;

/**
 * Decodes bytes `start` to `end` of `from` into `out`, padding optional. Gives the length, or -1 for what is not base64 or
 * does not fit. Node's own decoder skips what it does not know, and a frame with holes in it must not pass.
 */
export function decodeBase64(from: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let last = end;
  if (last > start && from[last - 1] === padding) last--;
  if (last > start && from[last - 1] === padding) last--;
  if (last !== end && (end - start) % 4 !== 0) return -1;
  const rest = (last - start) & 3;
  if (rest === 1) return -1;
  const length = (((last - start) * 3) / 4) | 0;
  if (length > out.length) return -1;
  let written = 0;
  let position = start;
  for (const whole = last - rest; position < whole; position += 4) {
    const a = sextets[from[position]!]!;
    const b = sextets[from[position + 1]!]!;
    const c = sextets[from[position + 2]!]!;
    const d = sextets[from[position + 3]!]!;
    if ((a | b | c | d) > 63) return -1;
    out[written++] = (a << 2) | (b >> 4);
    out[written++] = (b << 4) | (c >> 2);
    out[written++] = (c << 6) | d;
  }
  if (rest !== 0) {
    const a = sextets[from[position]!]!;
    const b = sextets[from[position + 1]!]!;
    const c = rest === 3 ? sextets[from[position + 2]!]! : 0;
    if ((a | b | c) > 63) return -1;
    out[written++] = (a << 2) | (b >> 4);
    if (rest === 3) out[written++] = (b << 4) | (c >> 2);
  }
  return written;
}
