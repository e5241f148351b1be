import assert from "node:assert/strict";
import { test } from "node:test";
import { useNonces } from "./nonces.ts";
import { freshNonces, type Nonces } from "./storage/device-store.ts";

const rules = { macVersion: "MAC_V1_0_2", resetsJoinNonces: false, devNonceLimit: 3 } as const;

function useAll(devNonces: readonly number[], options: Parameters<typeof useNonces>[2] = rules): Nonces {
  return devNonces.reduce((nonces, devNonce) => useNonces(nonces, devNonce, options), freshNonces);
}

test("refuses a random DevNonce that was used, as far back as it remembers", () => {
  const nonces = useAll([5, 3, 9, 1]);
  assert.deepEqual(nonces.usedDevNonces, [3, 9, 1]);
  assert.equal(nonces.lastJoinNonce, 4);
  assert.throws(() => useNonces(nonces, 9, rules), { name: "pkg/joinserver:reuse_dev_nonce" });
  assert.equal(useNonces(nonces, 5, rules).lastJoinNonce, 5);
});

test("wants DevNonces of LoRaWAN 1.0.4 and 1.1 to count up", () => {
  for (const macVersion of ["MAC_V1_0_4", "MAC_V1_1"] as const) {
    const options = { ...rules, macVersion };
    const nonces = useAll([0, 1, 7], options);
    assert.equal(nonces.lastDevNonce, 7);
    for (const devNonce of [7, 3]) {
      assert.throws(() => useNonces(nonces, devNonce, options), {
        name: "pkg/joinserver:dev_nonce_too_small",
      });
    }
  }
});

test("takes any DevNonce of a device that resets them, and still counts JoinNonce up", () => {
  for (const macVersion of ["MAC_V1_0_2", "MAC_V1_1"] as const) {
    const nonces = useAll([4, 4, 1], { ...rules, macVersion, resetsJoinNonces: true });
    assert.equal(nonces.lastJoinNonce, 3);
  }
});

test("never lets JoinNonce wrap", () => {
  assert.throws(() => useNonces({ ...freshNonces, lastJoinNonce: 0xffffff }, 1, rules), {
    name: "pkg/joinserver:join_nonce_too_high",
  });
});
