import { NotificationReceiver, timestampFromMs, type UserRegistry } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { SkylarkError, statusCodes } from "../../errors/errors.ts";
import { defineEvent } from "../../events/events.ts";
import { anyone, type ServiceMethods } from "../../rpc/service.ts";
import { knownCaller } from "../access/authority.ts";
import { userLogout } from "../access/credential-stores.ts";
import { hashCosts } from "../access/secret-hash.ts";
import { passwordChanged } from "../events.ts";
import { temporaryPasswordLetter } from "../mail/templates.ts";
import type { PreparedNotification } from "../notifications/notifier.ts";
import { readEntity, updateEntity } from "../registries/lifecycle.ts";
import { generatePassword } from "./generate-password.ts";
import { checkPassword } from "./passwords.ts";
import {
  oldPassword,
  passwordEqualsOld,
  temporaryPasswordExpired,
  temporaryPasswordStillValid,
} from "./user-errors.ts";
import { receiverOf, senderOf, type UserParts, userReference } from "./user-parts.ts";
import { matchPassword } from "./verify-password.ts";

const wrongPassword = defineEvent(
  "user.update.incorrect_password",
  "fail to update user password: incorrect password",
  ["RIGHT_USER_INFO"],
);

type Methods = ServiceMethods<typeof UserRegistry>;

/** The old password is all that it takes, as who forgot it cannot log in with the temporary one before. */
export function updatePasswordMethod(parts: UserParts): Methods["updatePassword"] {
  return {
    requires: () => anyone,
    async handle({ userIds, old, new: password, revokeAllAccess }, context) {
      const { registries, options, kind } = parts;
      const entity = userReference(context, userIds?.userId);
      const { tenantId, id } = entity;
      checkPassword(password, id, options.passwordRequirements);
      if (old === password) throw passwordEqualsOld();
      await checkOldPassword(parts, entity, old);
      const hash = await registries.hasher.hash(password, hashCosts.password);
      const logout = revokeAllAccess ? userLogout(registries, tenantId, id) : undefined;
      let notice: PreparedNotification | undefined;
      await updateEntity(registries, kind, entity, async (stored, at, also) => {
        const stamp = timestampFromMs(at);
        const next = { ...stored, updatedAt: stamp, passwordUpdatedAt: stamp, requirePasswordUpdate: false };
        delete next.temporaryPasswordCreatedAt;
        delete next.temporaryPasswordExpiresAt;
        const told = await options.notifier.prepare(passwordNotice(entity, senderOf(context)));
        notice = told;
        also((writer) => {
          registries.passwords.set(writer, tenantId, id, hash);
          options.temporaryPasswords.delete(writer, tenantId, id);
          logout?.write(writer);
          told.write(writer);
        });
        return next;
      });
      logout?.committed();
      notice?.committed();
      registries.events.publish(passwordChanged, { kind: "user", tenantId, userId: id });
      return {};
    },
  };
}

function passwordNotice(entity: EntityReference, senderId: string | undefined) {
  const receivers = [NotificationReceiver.COLLABORATOR];
  return { entity, type: "password_changed", receivers, email: true, senderId };
}

/** Whoever asks does not learn who is a user here. */
async function checkOldPassword(
  { registries }: UserParts,
  entity: EntityReference,
  old: string,
): Promise<void> {
  const { isKnownUser, isOwn, temporary } = await matchPassword(registries, entity, old);
  if (isOwn) return;
  if (temporary !== undefined && temporary.expiresAt > registries.clock.now()) return;
  const { tenantId, id } = entity;
  if (isKnownUser) registries.events.publish(wrongPassword, { kind: "user", tenantId, userId: id });
  throw temporary === undefined ? oldPassword() : temporaryPasswordExpired();
}

const temporaryPasswordLastsMs = 3_600_000;

/** Anyone may ask; the password goes to the user's e-mail address, and nobody is asked twice within its lifetime. */
export function createTemporaryPasswordMethod(parts: UserParts): Methods["createTemporaryPassword"] {
  return {
    requires: () => anyone,
    async handle({ userIds }, context) {
      const entity = userReference(context, userIds?.userId);
      const sent = sendTemporaryPassword(parts, entity);
      if (knownCaller(context.caller).entity !== undefined) await sent;
      // A stranger learns neither from the answer nor from how long it takes who is a user here.
      else sent.catch((error: unknown) => noteFailure(parts, error));
      return {};
    },
  };
}

function noteFailure({ options: { log } }: UserParts, error: unknown): void {
  const isOfRequest = error instanceof SkylarkError && error.code !== statusCodes.internal;
  log[isOfRequest ? "debug" : "error"]("no temporary password was sent", { error });
}

async function sendTemporaryPassword(parts: UserParts, entity: EntityReference): Promise<void> {
  const { registries, options, kind, publish } = parts;
  const { tenantId, id } = entity;
  await checkNoneValid(parts, entity);
  const password = generatePassword(registries.randomBytes);
  const hash = await registries.hasher.hash(password, hashCosts.password);
  await updateEntity(registries, kind, entity, async (stored, at, also) => {
    await checkNoneValid(parts, entity);
    const expiresAt = at + temporaryPasswordLastsMs;
    const receiver = receiverOf(stored);
    const letter = temporaryPasswordLetter(
      { network: options.mailer.network(tenantId), receiver },
      { userId: id, password, lifetimeMs: temporaryPasswordLastsMs },
    );
    also((writer) => {
      options.temporaryPasswords.set(writer, tenantId, id, { hash, expiresAt });
      options.mailer.queue(writer, { tenantId, template: "temporary_password", receiver, letter });
    });
    return {
      ...stored,
      updatedAt: timestampFromMs(at),
      temporaryPasswordCreatedAt: timestampFromMs(at),
      temporaryPasswordExpiresAt: timestampFromMs(expiresAt),
    };
  });
  publish("update", entity, [
    "temporary_password",
    "temporary_password_created_at",
    "temporary_password_expires_at",
  ]);
}

/** Before anything is hashed: asking again costs a look-up. */
async function checkNoneValid(
  { registries, options, kind }: UserParts,
  entity: EntityReference,
): Promise<void> {
  await readEntity(kind, entity);
  const temporary = await options.temporaryPasswords.get(entity.tenantId, entity.id);
  if (temporary !== undefined && temporary.expiresAt > registries.clock.now())
    throw temporaryPasswordStillValid();
}
