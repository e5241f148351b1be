import { clone, State, timestampFromMs, type User, UserSchema } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Writer } from "../../store/store.ts";
import { hashCosts } from "../access/secret-hash.ts";
import { checkIdAllowed } from "../blocklist.ts";
import type { Registries } from "../registries/registries.ts";
import { takeAccountId } from "../storage/account-store.ts";
import { checkPassword, type PasswordRequirements } from "../users/passwords.ts";

const noPassword = defineErrors("skylark/tenancy").invalidArgument(
  "initial_user_without_password",
  "the initial user needs a password",
);

export interface InitialUser {
  readonly tenantId: string;
  readonly requested: User;
  readonly at: At;
}

/** Prepares the first admin of a new tenant; what it gives back creates them in the tenant's own transaction. */
export async function prepareInitialUser(
  { hasher, passwords, users }: Pick<Registries, "hasher" | "passwords" | "users">,
  rules: PasswordRequirements,
  { tenantId, requested, at }: InitialUser,
): Promise<(writer: Writer) => void> {
  const userId = requested.ids?.userId ?? "";
  // `admin` is what an installation calls its own.
  if (userId !== "admin") checkIdAllowed(userId);
  if (requested.password === "") throw noPassword();
  checkPassword(requested.password, userId, rules);
  const hash = await hasher.hash(requested.password, hashCosts.password);
  const stamp = timestampFromMs(at);
  const user: User = {
    ...clone(UserSchema, requested),
    password: "",
    temporaryPassword: "",
    admin: true,
    state: State.APPROVED,
    createdAt: stamp,
    updatedAt: stamp,
    passwordUpdatedAt: stamp,
  };
  delete user.deletedAt;
  return (writer) => {
    takeAccountId(writer, tenantId, userId, "user");
    users.entities.insert(writer, tenantId, userId, user, at);
    passwords.set(writer, tenantId, userId, hash);
  };
}
