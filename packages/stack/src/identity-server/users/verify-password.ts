import { timestampFromMs } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { isStale } from "../../store/staged-transaction.ts";
import { hashCosts, type SecretHasher } from "../access/secret-hash.ts";
import { isPlainId } from "../entity.ts";
import { updateEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import { createTemporaryPasswordStore, type TemporaryPassword } from "./temporary-password-store.ts";

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

/** What a password is to whom it was given for. */
export interface PasswordMatch {
  readonly isKnownUser: boolean;
  readonly isOwn: boolean;
  /** Set when it is this one; it may have expired. */
  readonly temporary: TemporaryPassword | undefined;
}

/** Takes as long for a user that does not exist, and for one that has no temporary password. */
export async function matchPassword(
  { users, passwords, hasher, store }: PasswordSources,
  { tenantId, id }: EntityReference,
  password: string,
): Promise<PasswordMatch> {
  const stored = isPlainId(id) ? await users.entities.get(tenantId, id) : undefined;
  const isKnownUser = stored !== undefined && stored.deletedAt === undefined;
  const hash = isKnownUser ? await passwords.hashOf(tenantId, id) : undefined;
  const matches = async (known: string | undefined): Promise<boolean> => {
    const isRight = await hasher.verify(password, known ?? (await unknownUserHash(hasher)));
    return known !== undefined && isRight;
  };
  if (await matches(hash)) return { isKnownUser, isOwn: true, temporary: undefined };
  const temporary = await createTemporaryPasswordStore(store).get(tenantId, id);
  const isTemporary = await matches(isKnownUser ? temporary?.hash : undefined);
  return { isKnownUser, isOwn: false, temporary: isTemporary ? temporary : undefined };
}

/**
 * For logins: whether there is such a user with this password, or with this temporary password. A temporary one logs
 * in once, and the user has to choose a new password then.
 */
export async function verifyPassword(
  sources: PasswordSources,
  tenantId: string,
  userId: string,
  password: string,
): Promise<VerifiedPassword | undefined> {
  const user: EntityReference = { tenantId, type: "user", id: userId };
  const { isOwn, temporary } = await matchPassword(sources, user, password);
  if (isOwn) return { isTemporary: false };
  return temporary === undefined ? undefined : useTemporaryPassword(sources, user, temporary);
}

async function useTemporaryPassword(
  sources: PasswordSources,
  user: EntityReference,
  temporary: TemporaryPassword,
): Promise<VerifiedPassword | undefined> {
  const { store, clock, users } = sources;
  if (temporary.loginUsed || temporary.expiresAt <= clock.now()) return undefined;
  const temporaryPasswords = createTemporaryPasswordStore(store);
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
