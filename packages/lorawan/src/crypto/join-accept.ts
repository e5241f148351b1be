import { LoRaWANError } from "../error.ts";
import { aesDecryptBlock, aesEncryptBlock, type KeySchedule } from "./aes.ts";

function requireBlocks(bytes: Uint8Array): void {
  if (bytes.length !== 16 && bytes.length !== 32) {
    throw new LoRaWANError(
      bytes.length < 16 ? "too_short" : "too_long",
      "a join-accept has 16 or 32 bytes after its MHDR",
    );
  }
}

/**
 * Encrypts payload and MIC of a join-accept, as the network does, with AppKey (1.0.x), NwkKey (1.1)
 * or JSEncKey (answer to a rejoin-request). The AES decryption is used, so that devices need encryption only.
 */
export function encryptJoinAccept(schedule: KeySchedule, payloadWithMIC: Uint8Array): Uint8Array {
  requireBlocks(payloadWithMIC);
  const out = new Uint8Array(payloadWithMIC.length);
  for (let offset = 0; offset < out.length; offset += 16)
    aesDecryptBlock(schedule, payloadWithMIC, out, offset);
  return out;
}

/** Decrypts payload and MIC of a join-accept, as the device does. */
export function decryptJoinAccept(schedule: KeySchedule, encrypted: Uint8Array): Uint8Array {
  requireBlocks(encrypted);
  const out = new Uint8Array(encrypted.length);
  for (let offset = 0; offset < out.length; offset += 16) aesEncryptBlock(schedule, encrypted, out, offset);
  return out;
}
