import { createHash } from "node:crypto";
import { create, State, timestampFromMs, type User, UserSchema } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { idTaken } from "../errors.ts";
import { registryEvents } from "../events.ts";
import { createEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import { takeAccountId } from "../storage/account-store.ts";
import type { ExternalUser } from "./external-user-store.ts";
import type { ProviderUser } from "./openid-provider.ts";

const errors = defineErrors("skylark/openid");
const unknownUser = errors.permissionDenied(
  "unknown_user",
  "who logged in at the provider is no user here, and new ones are not allowed",
);
const deletedUser = errors.permissionDenied("deleted_user", "the user who logs in so was deleted");
const noFreeId = errors.resourceExhausted(
  "no_free_id",
  "no user ID could be derived from what the provider says",
);

export interface ExternalUserRules {
  readonly tenantId: string;
  readonly registerUsers: boolean;
  readonly linkByEmail: boolean;
}

/** The user of ours that someone at the provider is; one that is linked, one with the same address, or a new one. */
export async function resolveExternalUser(
  registries: Registries,
  rules: ExternalUserRules,
  provided: ProviderUser,
): Promise<string> {
  const { credentials, users, store, clock } = registries;
  const { tenantId } = rules;
  const external = { tenantId, issuer: provided.issuer, subject: provided.subject };
  const linked = await credentials.externalUsers.userIdOf(external);
  if (linked !== undefined) {
    const stored = await users.entities.get(tenantId, linked);
    if (stored === undefined || stored.deletedAt !== undefined) throw deletedUser();
    return linked;
  }
  const known = rules.linkByEmail ? await userOfEmail(registries, tenantId, provided) : undefined;
  if (known !== undefined) {
    await store.transact((writer) => credentials.externalUsers.insert(writer, external, known, clock.now()));
    return known;
  }
  if (!rules.registerUsers) throw unknownUser();
  return register(registries, external, provided);
}

/** Both sides vouch for the address; else someone could have written another's into an account and waited. */
async function userOfEmail(
  { credentials, users }: Registries,
  tenantId: string,
  { email, emailVerified }: ProviderUser,
): Promise<string | undefined> {
  if (!emailVerified || email === "") return undefined;
  const ids = await credentials.externalUsers.userIdsOfEmail(tenantId, email);
  const [id] = ids;
  if (id === undefined || ids.length > 1) return undefined;
  const stored = await users.entities.get(tenantId, id);
  const isValidated = stored?.message.primaryEmailAddressValidatedAt !== undefined;
  return isValidated && stored.deletedAt === undefined ? id : undefined;
}

async function register(
  registries: Registries,
  external: ExternalUser,
  provided: ProviderUser,
): Promise<string> {
  const { users, credentials, clock, events } = registries;
  const { tenantId } = external;
  // Nobody gets the address of another user for saying so elsewhere; a user does not need one.
  const others = await credentials.externalUsers.userIdsOfEmail(tenantId, provided.email);
  const person = others.length === 0 ? provided : { ...provided, email: "" };
  for (const id of idCandidates(provided)) {
    const entity: EntityReference = { tenantId, type: "user", id };
    const at = clock.now();
    try {
      checkIdAllowed(id);
      await createEntity(registries, users, entity, {
        message: newUser(id, person, at),
        at,
        alongside(writer) {
          takeAccountId(writer, tenantId, id, "user");
          credentials.externalUsers.insert(writer, external, id, at);
        },
      });
    } catch (error) {
      if (!isTaken(error)) throw error;
      // The same person may have logged in twice at once.
      const linked = await credentials.externalUsers.userIdOf(external);
      if (linked !== undefined) return linked;
      continue;
    }
    events.publish(registryEvents.user.create, { kind: "user", tenantId, userId: id });
    return id;
  }
  throw noFreeId();
}

const mostNumberedIds = 20;
const longestId = 36;

/** What people would choose, then the same numbered, then one that only this person has. */
export function* idCandidates({
  issuer,
  subject,
  preferredUsername,
  email,
}: ProviderUser): Generator<string> {
  const unique = createHash("sha256").update(`${issuer} ${subject}`).digest("hex").slice(0, 8);
  const wished = idOf(preferredUsername.split("@", 1)[0] ?? "") || idOf(email.split("@", 1)[0] ?? "");
  const base = wished.length >= 2 ? wished : `user-${unique}`;
  yield base;
  for (let number = 2; number <= mostNumberedIds; number++) yield withSuffix(base, String(number));
  yield withSuffix(base, unique);
}

/** The rules for identifiers: lower-case letters, digits and single dashes between them. */
function idOf(text: string): string {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const dashed = plain.replace(/[^a-z0-9]+/g, "-").slice(0, longestId);
  return dashed.replace(/^-+|-+$/g, "");
}

function withSuffix(base: string, suffix: string): string {
  return `${base.slice(0, longestId - suffix.length - 1).replace(/-+$/, "")}-${suffix}`;
}

function isTaken(error: unknown): boolean {
  if (!(error instanceof SkylarkError)) return false;
  return (
    error.definition === idTaken.definition || error.name === "pkg/identityserver/blocklist:forbidden_id"
  );
}

function newUser(userId: string, { name, email, emailVerified }: ProviderUser, at: At): User {
  const stamp = timestampFromMs(at);
  const address = /^[^\s@]{1,64}@[^\s@]{1,190}$/.test(email) ? email : "";
  return create(UserSchema, {
    ids: { userId },
    name: [...name].slice(0, 50).join(""),
    primaryEmailAddress: address,
    state: State.APPROVED,
    createdAt: stamp,
    updatedAt: stamp,
    ...(emailVerified && address !== "" ? { primaryEmailAddressValidatedAt: stamp } : {}),
  });
}
