import { createHash } from "node:crypto";
import type { UserAccess } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { ServiceMethods } from "../../rpc/service.ts";
import { isStale } from "../../store/staged-transaction.ts";
import { formatBase32 } from "../access/base32.ts";
import { loginTokenAlreadyUsed, loginTokenExpired, loginTokenNotFound } from "../credential-errors.ts";
import { readEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";

const errors = defineErrors("pkg/identityserver");
const loginTokensDisabled = errors.failedPrecondition("login_tokens_disabled", "login tokens are disabled");
const loginTokensStillValid = errors.alreadyExists(
  "login_tokens_still_valid",
  "login tokens that were created before can still be used",
);

/** One that got lost need not keep its user out. */
const mostActiveTokens = 5;
/** How long it is known why a token does not work any more. */
const rememberedMs = 24 * 3_600_000;

export interface LoginTokenOptions {
  readonly enabled: boolean;
  readonly lifetimeMs: number;
  /** Writes to the user; undefined while no mail can be sent. */
  readonly send: ((user: EntityReference, token: string, lifetimeMs: number) => void) | undefined;
}

type Parts = Pick<Registries, "credentials" | "store" | "clock" | "users" | "randomBytes">;

/** Admins get the token, of users that are no admins; everybody else has it sent to the user. */
export function createLoginTokenMethod(
  registries: Parts,
  options: LoginTokenOptions,
): ServiceMethods<typeof UserAccess>["createLoginToken"] {
  return {
    requires: () => ({
      kind: "handler",
      reason: "anyone; the token itself is for the user, or for an admin",
    }),
    async handle({ userIds, skipEmail }, context) {
      if (!options.enabled) throw loginTokensDisabled();
      const { isAdmin } = context.caller;
      const entity: EntityReference = {
        tenantId: context.tenantId,
        type: "user",
        id: userIds?.userId ?? "",
      };
      const user = await findUser(registries, entity, isAdmin);
      // Strangers are not told who is a user here.
      if (user === undefined) return {};
      const isShown = isAdmin && !user.admin;
      const send = isAdmin && skipEmail ? undefined : options.send;
      if (!isShown && send === undefined) return {};
      const token = await createToken(registries, entity, options.lifetimeMs);
      if (token === undefined) {
        if (isAdmin) throw loginTokensStillValid();
        return {};
      }
      send?.(entity, token, options.lifetimeMs);
      return isShown ? { token } : {};
    },
  };
}

async function findUser({ users }: Parts, entity: EntityReference, isAdmin: boolean) {
  if (isAdmin) return (await readEntity(users, entity)).message;
  const stored = await users.entities.get(entity.tenantId, entity.id);
  return stored?.deletedAt === undefined ? stored?.message : undefined;
}

/** Undefined while there are enough of them. */
async function createToken(
  { credentials, store, clock, randomBytes }: Parts,
  { tenantId, id }: EntityReference,
  lifetimeMs: number,
): Promise<string | undefined> {
  const createdAt = clock.now();
  const active = await credentials.loginTokens.countActive(tenantId, id, createdAt);
  if (active >= mostActiveTokens) return undefined;
  const token = formatBase32(randomBytes(32));
  await store.transact((writer) => {
    credentials.loginTokens.deleteExpired(writer, tenantId, createdAt - rememberedMs);
    credentials.loginTokens.insert(writer, {
      tenantId,
      digest: digestOf(token),
      userId: id,
      createdAt,
      expiresAt: createdAt + lifetimeMs,
      usedAt: undefined,
    });
  });
  return token;
}

/** The user whom a token logs in; it does so once. */
export async function useLoginToken(
  { credentials, store, clock }: Pick<Registries, "credentials" | "store" | "clock">,
  tenantId: string,
  token: string,
): Promise<string> {
  const found = await credentials.loginTokens.find(tenantId, digestOf(token));
  if (found === undefined) throw loginTokenNotFound();
  const now = clock.now();
  if (found.expiresAt <= now) throw loginTokenExpired();
  if (found.usedAt !== undefined) throw loginTokenAlreadyUsed();
  try {
    await store.transact((writer) => credentials.loginTokens.use(writer, found, now));
  } catch (error) {
    throw isStale(error) ? loginTokenAlreadyUsed() : error;
  }
  return found.userId;
}

function digestOf(token: string): Uint8Array {
  return createHash("sha256").update("skylark login ").update(token).digest();
}
