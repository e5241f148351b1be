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
    const other = createKeyVault(new Uint8Array(32).fill(8)).seal(secret);
    const changed = vault.seal(secret).fill(1, 20, 21);
    for (const sealed of [other, changed, vault.seal(secret).subarray(0, 20), new Uint8Array(0)]) {
      assert.throws(() => vault.open(sealed), /cannot be opened/);
    }
  });
});
