import {
  anyPack,
  assign,
  create,
  EntityStateChangedNotificationSchema,
  NotificationReceiver,
  pick,
  Right,
  timestampFromMs,
  timestampMs,
  type User,
  type UserRegistry,
  UserSchema,
} from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { type CallContext, type ServiceMethods, user as userRights } from "../../rpc/service.ts";
import type { Writer } from "../../store/store.ts";
import type { Caller } from "../access/authentication.ts";
import { knownCaller } from "../access/authority.ts";
import { withImplied } from "../access/right-sets.ts";
import { insufficientRights } from "../access/rights-resolver.ts";
import { hashCosts } from "../access/secret-hash.ts";
import type { PreparedNotification } from "../notifications/notifier.ts";
import { coversPath, pathsToWrite } from "../registries/field-masks.ts";
import { updateEntity } from "../registries/lifecycle.ts";
import { addressKey } from "../storage/email-addresses.ts";
import { withPicture } from "./create-user.ts";
import { shownUser } from "./shown-user.ts";
import { invalidEmail, passwordInUpdate, updateAdminField } from "./user-errors.ts";
import {
  isActiveAdmin,
  readableUserPaths,
  receiverOf,
  senderOf,
  type UserParts,
  userReference,
} from "./user-parts.ts";

const adminFields = [
  "admin",
  "state",
  "state_description",
  "require_password_update",
  "primary_email_address_validated_at",
  "password_updated_at",
  "temporary_password",
  "temporary_password_created_at",
  "temporary_password_expires_at",
];

/** Of a temporary password that an admin sets, unless the admin says otherwise. */
const temporaryPasswordLastsMs = 36 * 3_600_000;

export function updateUserMethod(parts: UserParts): ServiceMethods<typeof UserRegistry>["update"] {
  return {
    requires: ({ user: changed }) => userRights(changed?.ids?.userId, Right.USER_SETTINGS_BASIC),
    async handle({ user, fieldMask }, context) {
      const { registries, kind, publish } = parts;
      const entity = userReference(context, user?.ids?.userId);
      const change = await readChange(parts, context, user ?? create(UserSchema), fieldMask?.paths);
      let notice: PreparedNotification | undefined;
      const message = await updateEntity(registries, kind, entity, async (stored, at, also) => {
        const changed = await changedUser(parts, { entity, stored, change, at });
        for (const write of changed.alongside) also(write);
        notice = changed.notice;
        return changed.message;
      });
      notice?.committed();
      publish("update", entity, change.paths);
      return pick(UserSchema, shownUser(parts, message), readableUserPaths(change.paths));
    },
  };
}

/** What an update asks for, checked. */
interface UserChange {
  readonly source: User;
  readonly paths: readonly string[];
  readonly byAdmin: boolean;
  /** Throws for another address than the user has, unless the caller may do whatever the user may. */
  readonly checkAddressIsCallers: () => void;
  readonly senderId: string | undefined;
  readonly temporaryPasswordHash: string | undefined;
}

async function readChange(
  { registries }: UserParts,
  context: CallContext,
  source: User,
  mask: readonly string[] | undefined,
): Promise<UserChange> {
  let paths = pathsToWrite(mask);
  const byAdmin = context.caller.isAdmin;
  if (coversPath(paths, "password")) throw passwordInUpdate();
  const restricted = adminFields.find((field) => coversPath(paths, field));
  if (restricted !== undefined && !byAdmin) throw updateAdminField({ field: restricted });
  if (coversPath(paths, "primary_email_address") && source.primaryEmailAddress === "") {
    throw invalidEmail({ email: "" });
  }
  if (coversPath(paths, "contact_info")) {
    context.warn("contact info is deprecated and not written; set the primary e-mail address");
    paths = paths.filter((path) => !coversPath([path], "contact_info"));
  }
  // A picture is replaced as a whole.
  paths = paths.map((path) => (coversPath([path], "profile_picture") ? "profile_picture" : path));
  const setsTemporary = coversPath(paths, "temporary_password") && source.temporaryPassword !== "";
  return {
    source,
    paths,
    byAdmin,
    checkAddressIsCallers() {
      if (byAdmin || carriesWholeAccount(knownCaller(context.caller))) return;
      const entity = userReference(context, source.ids?.userId);
      throw insufficientRights(entity, registries.formatUid(entity), new Set([Right.USER_SETTINGS_BASIC]), [
        Right.USER_ALL,
      ]);
    },
    senderId: senderOf(context),
    temporaryPasswordHash: setsTemporary
      ? await registries.hasher.hash(source.temporaryPassword, hashCosts.password)
      : undefined,
  };
}

interface ChangedUser {
  readonly message: User;
  readonly alongside: readonly ((writer: Writer) => void)[];
  readonly notice: PreparedNotification | undefined;
}

interface ChangeOfStored {
  readonly entity: EntityReference;
  readonly stored: User;
  readonly change: UserChange;
  readonly at: At;
}

async function changedUser(parts: UserParts, given: ChangeOfStored): Promise<ChangedUser> {
  const { entity, stored, change, at } = given;
  const { paths } = change;
  const alongside: ((writer: Writer) => void)[] = [];
  const written = paths.filter(
    (path) => path !== "profile_picture" && !path.startsWith("temporary_password"),
  );
  let message: User = {
    ...assign(UserSchema, stored, change.source, written),
    updatedAt: timestampFromMs(at),
  };
  if (coversPath(paths, "state") && !coversPath(paths, "state_description")) message.stateDescription = "";
  if (!isActiveAdmin(message)) alongside.push(await parts.checkAdminLeft(entity, stored));
  if (coversPath(paths, "profile_picture")) {
    const owner = { tenantId: entity.tenantId, uid: parts.registries.formatUid(entity) };
    const picture = parts.options.pictures.prepare(
      owner,
      change.source.profilePicture,
      stored.profilePicture,
    );
    message = withPicture(message, picture.picture);
    alongside.push((writer) => picture.write(writer));
  }
  if (paths.some((path) => path.startsWith("temporary_password"))) {
    const temporary = temporaryPasswordChange(parts, given, message);
    message = temporary.message;
    alongside.push(temporary.write);
  }
  const validated = await addressChange(parts, given, message);
  if (validated.write !== undefined) alongside.push(validated.write);
  message = validated.message;
  const notice = coversPath(paths, "state") ? await stateNotice(parts, given, message) : undefined;
  if (notice !== undefined) alongside.push((writer) => notice.write(writer));
  return { message, alongside, notice };
}

/**
 * Whoever reads a user's e-mail can have a new password sent there, so that a key or a token with some rights of the
 * user would become all of them. What the state of the account takes away does not matter here.
 */
function carriesWholeAccount({ session, apiKey, accessToken }: Caller): boolean {
  const rights = apiKey?.rights ?? accessToken?.rights ?? [];
  return session !== undefined || withImplied(rights).has(Right.USER_ALL);
}

/** An address that an admin enters is believed as much as the one before it; any other has to be validated. */
async function addressChange(
  { options }: UserParts,
  { entity, stored, change: { paths, byAdmin, checkAddressIsCallers } }: ChangeOfStored,
  message: User,
): Promise<{ readonly message: User; readonly write?: (writer: Writer) => void }> {
  if (!paths.includes("primary_email_address")) return { message };
  const isSame = addressKey(message.primaryEmailAddress) === addressKey(stored.primaryEmailAddress);
  if (!isSame) checkAddressIsCallers();
  const next = { ...message };
  if (!byAdmin && !isSame) delete next.primaryEmailAddressValidatedAt;
  if (next.primaryEmailAddressValidatedAt !== undefined) return { message: next };
  const validation = await options.validations.prepare(entity, receiverOf(next));
  return validation === undefined
    ? { message: next }
    : { message: next, write: (writer) => validation.write(writer) };
}

function temporaryPasswordChange(
  { options }: UserParts,
  { entity, change, at }: ChangeOfStored,
  message: User,
): { readonly message: User; readonly write: (writer: Writer) => void } {
  const { source, paths, temporaryPasswordHash: hash } = change;
  const { tenantId, id } = entity;
  const next = { ...message };
  if (hash === undefined) {
    delete next.temporaryPasswordCreatedAt;
    delete next.temporaryPasswordExpiresAt;
    return { message: next, write: (writer) => options.temporaryPasswords.delete(writer, tenantId, id) };
  }
  const named = paths.includes("temporary_password_expires_at")
    ? source.temporaryPasswordExpiresAt
    : undefined;
  const expiresAt = named === undefined ? at + temporaryPasswordLastsMs : timestampMs(named);
  next.temporaryPasswordCreatedAt = timestampFromMs(at);
  next.temporaryPasswordExpiresAt = timestampFromMs(expiresAt);
  return {
    message: next,
    write: (writer) => options.temporaryPasswords.set(writer, tenantId, id, { hash, expiresAt }),
  };
}

function stateNotice(
  { options }: UserParts,
  { entity, change }: ChangeOfStored,
  { state, stateDescription }: User,
): Promise<PreparedNotification> {
  const data = create(EntityStateChangedNotificationSchema, { state, stateDescription });
  return options.notifier.prepare({
    entity,
    type: "entity_state_changed",
    data: anyPack(EntityStateChangedNotificationSchema, data),
    receivers: [NotificationReceiver.COLLABORATOR],
    email: true,
    senderId: change.senderId,
  });
}
