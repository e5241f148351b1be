import { randomFillSync } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const pairs: readonly string[] = Array.from(
  { length: 1024 },
  (_, index) => alphabet.charAt(index >> 5) + alphabet.charAt(index & 31),
);

const pool = new Uint16Array(4096);
let position = pool.length;
let lastTime = -1;
let lastPrefix = "";

/** A ULID: 10 characters of time and 16 of randomness in Crockford's base 32; from a pool, since one is made per message. */
export function ulid(now: number = Date.now()): string {
  if (now !== lastTime) {
    lastTime = now;
    lastPrefix = timePrefix(now);
  }
  if (position + 8 > pool.length) {
    randomFillSync(pool);
    position = 0;
  }
  let text = lastPrefix;
  for (let pair = 0; pair < 8; pair++) text += pairs[pool[position++]! & 1023];
  return text;
}

function timePrefix(now: number): string {
  let rest = Math.floor(now);
  let text = "";
  for (let digit = 0; digit < 10; digit++) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
