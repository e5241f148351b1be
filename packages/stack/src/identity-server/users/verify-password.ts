import { timestampFromMs } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { isStale } from "../../store/staged-transaction.ts";
import { hashCosts, type SecretHasher } from "../access/secret-hash.ts";
import { isPlainId } from "../entity.ts";
import { updateEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import { createTemporaryPasswordStore } from "./temporary-password-store.ts";

export interface VerifiedPassword {
  /** Of a login with a temporary password, which now has to be followed by a new one. */
  readonly isTemporary: boolean;
}

export type PasswordSources = Pick<
  Registries,
  "users" | "passwords" | "hasher" | "store" | "clock" | "entityChanged" | "restoreWindowMs"
>;

/** What a stranger's password is held against, so that it takes as long as with a user's. */
const unknownUsers = new WeakMap<SecretHasher, Promise<string>>();

function unknownUserHash(hasher: SecretHasher): Promise<string> {
  let hash = unknownUsers.get(hasher);
  if (hash === undefined) {
    hash = hasher.hash("of nobody", hashCosts.password);
    unknownUsers.set(hasher, hash);
    // Made anew when there were too many logins at the time.
    hash.catch(() => unknownUsers.delete(hasher));
  }
  return hash;
}

/**
 * For logins: whether there is such a user with this password, or with this temporary password. A temporary one logs
 * in once, and the user has to choose a new password then. Takes as long for a user that does not exist.
 */
export async function verifyPassword(
  sources: PasswordSources,
  tenantId: string,
  userId: string,
  password: string,
): Promise<VerifiedPassword | undefined> {
  const { users, passwords, hasher } = sources;
  const stored = isPlainId(userId) ? await users.entities.get(tenantId, userId) : undefined;
  const isKnown = stored !== undefined && stored.deletedAt === undefined;
  const hash = isKnown ? await passwords.hashOf(tenantId, userId) : undefined;
  const matches = await hasher.verify(password, hash ?? (await unknownUserHash(hasher)));
  if (hash !== undefined && matches) return { isTemporary: false };
  if (!isKnown) return undefined;
  return useTemporaryPassword(sources, { tenantId, type: "user", id: userId }, password);
}

async function useTemporaryPassword(
  sources: PasswordSources,
  user: EntityReference,
  password: string,
): Promise<VerifiedPassword | undefined> {
  const { store, clock, hasher, users } = sources;
  const temporaryPasswords = createTemporaryPasswordStore(store);
  const temporary = await temporaryPasswords.get(user.tenantId, user.id);
  if (temporary === undefined || temporary.loginUsed || temporary.expiresAt <= clock.now()) return undefined;
  if (!(await hasher.verify(password, temporary.hash))) return undefined;
  try {
    await updateEntity(sources, users, user, async (message, at, also) => {
      also((writer) => temporaryPasswords.useLogin(writer, user.tenantId, user.id, temporary.hash));
      return { ...message, updatedAt: timestampFromMs(at), requirePasswordUpdate: true };
    });
  } catch (error) {
    if (isStale(error)) return undefined;
    throw error;
  }
  return { isTemporary: true };
}
