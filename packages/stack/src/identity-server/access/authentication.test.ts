import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Right } from "@skylark/api";
import { ManualClock } from "../../clock/manual-clock.ts";
import type { ApiKeyRecord } from "../storage/api-key-store.ts";
import { createAuthenticator } from "./authentication.ts";
import { createSecretHasher, hashCosts } from "./secret-hash.ts";
import { generateApiKeyToken } from "./token.ts";

test("no key of an entity that was purged is remembered for who takes its identifier", async () => {
  const hasher = createSecretHasher();
  const keys = new Map<string, ApiKeyRecord>();
  const authenticator = createAuthenticator({
    clock: new ManualClock(),
    hasher,
    apiKeys: { get: async (_, id) => keys.get(id) },
    accessTokens: { get: async () => undefined },
    sessions: { get: async () => undefined },
    loadUser: async () => undefined,
    loadClient: async () => undefined,
    adminsHoldAllRights: false,
    accessChanged: () => {},
  });
  const entities = ["app1", "app2"].map((id) => ({ tenantId: "default", type: "application", id }) as const);
  const tokens = await Promise.all(
    entities.map(async (entity) => {
      const { id, secret, text } = generateApiKeyToken(randomBytes);
      const secretHash = await hasher.hash(secret, hashCosts.randomSecret);
      const rights = [Right.APPLICATION_INFO];
      const record = { id, entity, name: "", rights, secretHash, createdAt: 0, updatedAt: 0, version: 1 };
      keys.set(id, { ...record, expiresAt: undefined });
      await authenticator.authenticateToken("default", text);
      return text;
    }),
  );
  keys.clear();
  const [purged, other] = tokens as [string, string];
  authenticator.entityPurged({ tenantId: "default", type: "application", id: "app1" });
  await assert.rejects(async () => authenticator.authenticateToken("default", purged), {
    name: "pkg/identityserver:api_key_not_found",
  });
  await authenticator.authenticateToken("default", other);
});
