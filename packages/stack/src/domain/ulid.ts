import { randomFillSync } from "node:crypto";

const alphabet = Buffer.from("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
const randomLength = 16;

const pool = new Uint8Array(16_384);
let position = pool.length;
/** The text under construction: written as bytes, so that the string is flat and made in one step. */
const text = Buffer.alloc(26);
let lastTime = -1;

/** A ULID: 10 characters of time and 16 of randomness in Crockford's base 32; from a pool, since some are made per message. */
export function ulid(now: number = Date.now()): string {
  if (now !== lastTime) writeTime(now);
  if (position + randomLength > pool.length) {
    randomFillSync(pool);
    position = 0;
  }
  for (let index = 10; index < 26; index++) text[index] = alphabet[pool[position++]! & 31]!;
  return text.toString("latin1");
}

function writeTime(now: number): void {
  lastTime = now;
  let rest = Math.floor(now);
  for (let digit = 9; digit >= 0; digit--) {
    text[digit] = alphabet[rest % 32]!;
    rest = Math.floor(rest / 32);
  }
}

const values = new Map([...alphabet].map((code, value) => [String.fromCharCode(code), value]));

/** The time that a ULID begins with; undefined when the text is none. */
export function timeOfUlid(text: string): number | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)) return undefined;
  let time = 0;
  for (let index = 0; index < 10; index++) time = time * 32 + (values.get(text[index] ?? "") ?? 0);
  return time;
}
