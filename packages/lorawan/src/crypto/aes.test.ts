import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { LoRaWANError } from "../error.ts";
import { formatHex, parseHex } from "../hex.ts";
import { aesDecryptBlock, aesEncryptBlock, expandKey } from "./aes.ts";
import { aesKey, parseAESKey } from "./aes-key.ts";
import { cmac } from "./cmac.ts";
import { unwrapKey, wrapKey } from "./key-wrap.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

test("AES agrees with the vectors of FIPS-197 and SP 800-38A both ways", () => {
  const vectors = [
    [
      "000102030405060708090A0B0C0D0E0F",
      "00112233445566778899AABBCCDDEEFF",
      "69C4E0D86A7B0430D8CDB78070B4C55A",
    ],
    [
      "2B7E151628AED2A6ABF7158809CF4F3C",
      "3243F6A8885A308D313198A2E0370734",
      "3925841D02DC09FBDC118597196A0B32",
    ],
    [
      "2B7E151628AED2A6ABF7158809CF4F3C",
      "6BC1BEE22E409F96E93D7E117393172A",
      "3AD77BB40D7A3660A89ECAF32466EF97",
    ],
  ] as const;
  for (const [key, plain, encrypted] of vectors) {
    const schedule = expandKey(parseAESKey(key));
    assert.equal(formatHex(aesEncryptBlock(schedule, parseHex(plain))), encrypted);
    assert.equal(formatHex(aesDecryptBlock(schedule, parseHex(encrypted))), plain);
  }
});

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });

test("AES agrees with node:crypto for any key and block, and decryption undoes it", () => {
  fc.assert(
    fc.property(sixteen, sixteen, (key, block) => {
      const schedule = expandKey(aesKey(key));
      const reference = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false).update(block);
      const encrypted = aesEncryptBlock(schedule, block);
      assert.deepEqual(encrypted, new Uint8Array(reference));
      assert.deepEqual(aesDecryptBlock(schedule, encrypted), block);
    }),
  );
});

test("CMAC agrees with the vectors of RFC 4493", () => {
  const schedule = expandKey(parseAESKey("2b7e151628aed2a6abf7158809cf4f3c"));
  const message =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
  const tags: readonly [length: number, tag: string][] = [
    [0, "BB1D6929E95937287FA37D129B756746"],
    [16, "070A16B46B4D4144F79BDD9DD04A287C"],
    [40, "DFA66747DE9AE63030CA32611497C827"],
    [64, "51F0BEBF7E3B9D92FC49741779363CFE"],
  ];
  for (const [length, tag] of tags) {
    assert.equal(formatHex(cmac(schedule, parseHex(message.slice(0, 2 * length)))), tag);
  }
});

test("a key is wrapped as RFC 3394 §4.1 shows and unwrapped again", () => {
  const kek = expandKey(parseAESKey("000102030405060708090A0B0C0D0E0F"));
  const key = parseHex("00112233445566778899AABBCCDDEEFF");
  const wrapped = wrapKey(kek, key);
  assert.equal(formatHex(wrapped), "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5");
  assert.deepEqual(unwrapKey(kek, wrapped), key);
});

test("a wrapped key is refused when altered, cut or unwrapped by another key", () => {
  const kek = expandKey(parseAESKey("000102030405060708090A0B0C0D0E0F"));
  const wrapped = wrapKey(kek, new Uint8Array(32).fill(7));
  assert.deepEqual(unwrapKey(kek, wrapped), new Uint8Array(32).fill(7));
  const failed = (code: string) => (error: unknown) => error instanceof LoRaWANError && error.code === code;
  for (let i = 0; i < wrapped.length; i++) {
    const altered = wrapped.slice();
    altered[i]! ^= 0x10;
    assert.throws(() => unwrapKey(kek, altered), failed("integrity_check_failed"));
  }
  assert.throws(() => unwrapKey(kek, wrapped.subarray(1)), failed("invalid_key"));
  assert.throws(() => wrapKey(kek, new Uint8Array(8)), failed("invalid_key"));
  const other = expandKey(parseAESKey("FF0102030405060708090A0B0C0D0E0F"));
  assert.throws(() => unwrapKey(other, wrapped), failed("integrity_check_failed"));
});

test("the error of a bad key does not repeat it", () => {
  assert.throws(
    () => parseAESKey("00112233445566778899AABBCCDDEEF"),
    (error) =>
      error instanceof LoRaWANError && error.code === "invalid_key" && !error.message.includes("00112233"),
  );
  assert.throws(() => aesKey(new Uint8Array(15)), LoRaWANError);
});
