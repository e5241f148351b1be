import { State, type User } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { Logger } from "../../log/log.ts";
import type { CallContext } from "../../rpc/service.ts";
import type { Writer } from "../../store/store.ts";
import { knownCaller } from "../access/authority.ts";
import type { EmailValidations } from "../contacts/email-validations.ts";
import { changedFields, registryEvents } from "../events.ts";
import type { InvitationStore } from "../invitations/invitation-store.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { NotificationDelivery } from "../notifications/notifier.ts";
import type { Pictures } from "../pictures/pictures.ts";
import { pathsToRead } from "../registries/field-masks.ts";
import type { Registries } from "../registries/registries.ts";
import { knownStatement } from "../storage/rows.ts";
import type { PasswordRequirements } from "./passwords.ts";
import type { TemporaryPasswordStore } from "./temporary-password-store.ts";
import { lastAdmin } from "./user-errors.ts";

export interface UserRegistryOptions {
  readonly registrationEnabled: boolean;
  readonly approvalRequired: boolean;
  readonly invitationRequired: boolean;
  readonly passwordRequirements: PasswordRequirements;
  /** Option `is.profile-picture.use-gravatar`. */
  readonly useGravatar: boolean;
  readonly temporaryPasswords: TemporaryPasswordStore;
  readonly log: Logger;
  readonly invitations: InvitationStore;
  readonly validations: EmailValidations;
  readonly notifier: NotificationDelivery;
  readonly mailer: Mailer;
  readonly pictures: Pictures;
  /** What is kept of a user elsewhere goes with it. */
  readonly onPurge: (entity: EntityReference) => Alongside;
}

type Alongside = Parameters<Registries["store"]["transact"]>[0];

/** What the methods of the registry share. */
export interface UserParts {
  readonly registries: Registries;
  readonly options: UserRegistryOptions;
  readonly kind: Registries["users"];
  publish(verb: keyof typeof registryEvents.user, entity: EntityReference, changed?: readonly string[]): void;
  /**
   * Without an admin nobody could appoint another. Answers with what makes the transaction `stale` when the others
   * leave meanwhile.
   */
  checkAdminLeft(entity: EntityReference, leaving: User): Promise<(writer: Writer) => void>;
}

const otherAdmins = `FROM users WHERE tenant_id = ? AND admin = 1 AND state = ? AND deleted_at IS NULL AND user_id <> ?`;
const otherAdmin = knownStatement(`SELECT user_id ${otherAdmins} LIMIT 1`);
const expectOtherAdmin = knownStatement(
  `UPDATE users SET version = version WHERE tenant_id = ? AND user_id = (SELECT MIN(user_id) ${otherAdmins})`,
);

export function createUserParts(registries: Registries, options: UserRegistryOptions): UserParts {
  const kind = registries.users;
  return {
    registries,
    options,
    kind,
    publish: (verb, { tenantId, id }, changed) =>
      registries.events.publish(
        registryEvents.user[verb],
        { kind: "user", tenantId, userId: id },
        changedFields(changed),
      ),
    async checkAdminLeft(entity, leaving) {
      if (!isActiveAdmin(leaving)) return () => {};
      const { tenantId, id } = entity;
      const [other] = await registries.store.query(otherAdmin, tenantId, State.APPROVED, id);
      if (other === undefined) throw lastAdmin({ user_id: id });
      return (writer) => writer.runExpectingRow(expectOtherAdmin, tenantId, tenantId, State.APPROVED, id);
    },
  };
}

export function isActiveAdmin(user: User): boolean {
  return user.admin && user.state === State.APPROVED;
}

export function userReference(context: CallContext, id: string | undefined): EntityReference {
  return { tenantId: context.tenantId, type: "user", id: id ?? "" };
}

/** What a client never sees. */
const hiddenFields = ["password", "temporary_password"];

export function readableUserPaths(paths: readonly string[] | undefined): readonly string[] {
  return pathsToRead(paths).filter((path) => !hiddenFields.includes(path));
}

/** The user who calls, for notifications. */
export function senderOf({ caller }: CallContext): string | undefined {
  const { entity } = knownCaller(caller);
  return entity?.type === "user" ? entity.id : undefined;
}

export function receiverOf(user: User) {
  const { name, primaryEmailAddress, admin } = user;
  return { userId: user.ids?.userId ?? "", name, address: primaryEmailAddress, admin };
}
