import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createKeyVault } from "./key-vault.ts";

const vault = createKeyVault(new Uint8Array(32).fill(7));
const secret = Uint8Array.from({ length: 16 }, (_, index) => index);

describe("key vault", () => {
  it("opens what it sealed, and seals the same key differently each time", () => {
    const sealed = vault.seal(secret);
    assert.deepEqual(vault.open(sealed), secret);
    assert.notDeepEqual(vault.seal(secret), sealed);
    assert.equal(Buffer.from(sealed).includes(Buffer.from(secret)), false);
  });

  it("does not open what another installation sealed, nor what was changed or cut", () => {
    const sealed = vault.seal(secret);
    const flipped = (at: number) =>
      Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
    const broken = [
      createKeyVault(new Uint8Array(32).fill(8)).seal(secret),
      ...Array.from(sealed, (_, at) => flipped(at)),
      ...Array.from(sealed, (_, length) => sealed.subarray(0, length)),
    ];
    for (const bytes of broken) assert.throws(() => vault.open(bytes), /cannot be opened/);
  });
});
