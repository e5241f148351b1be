import type { RandomBytes } from "../../clock/clock.ts";

/** Without what looks alike; 64 characters, so that each byte gives one without preference. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789abcdefg";

/** 24 letters and digits: some 130 bits, and within the rules for passwords that users choose. */
export function generatePassword(randomBytes: RandomBytes): string {
  return `S7${[...randomBytes(22)].map((byte) => alphabet.charAt(byte & 63)).join("")}`;
}
