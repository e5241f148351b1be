import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { defineErrors } from "../errors/errors.ts";

const errors = defineErrors("skylark/key-vault");
const sealBroken = errors.dataLoss(
  "seal_broken",
  "a stored key cannot be opened with this installation's key",
);

const version = 1;
const nonceLength = 12;
const tagLength = 16;

/** Encrypts keys at rest with the key of the installation. */
export interface KeyVault {
  seal(secret: Uint8Array): Uint8Array;
  /** Throws `seal_broken` when the bytes were not sealed by this installation. */
  open(sealed: Uint8Array): Uint8Array;
}

/** AES-256-GCM under a key derived from the installation's; sealed form is version, nonce, ciphertext, tag. */
export function createKeyVault(installationKey: Uint8Array): KeyVault {
  const derived = hkdfSync("sha256", installationKey, new Uint8Array(0), "skylark keys at rest", 32);
  const key = createSecretKey(Buffer.from(derived));
  return {
    seal(secret) {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([Uint8Array.of(version), nonce, body, cipher.getAuthTag()]);
    },
    open(sealed) {
      try {
        if (sealed[0] !== version) throw new Error("unknown version");
        const nonce = sealed.subarray(1, 1 + nonceLength);
        const decipher = createDecipheriv("aes-256-gcm", key, nonce);
        decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
        const body = sealed.subarray(1 + nonceLength, sealed.length - tagLength);
        return new Uint8Array(Buffer.concat([decipher.update(body), decipher.final()]));
      } catch {
        throw sealBroken();
      }
    },
  };
}
