import {
  anyPack,
  type CreateUserRequest,
  CreateUserRequestSchema,
  clone,
  create,
  NotificationReceiver,
  State,
  timestampFromMs,
  type User,
  type UserRegistry,
  UserSchema,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { CallContext, ServiceMethods } from "../../rpc/service.ts";
import { hashCosts } from "../access/secret-hash.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { type AcceptedInvitation, checkInvitation } from "../invitations/invitations.ts";
import { createEntity } from "../registries/lifecycle.ts";
import { takeAccountId } from "../storage/account-store.ts";
import { checkPassword } from "./passwords.ts";
import { invitationTokenRequired, registrationDisabled } from "./user-errors.ts";
import { receiverOf, senderOf, type UserParts, userReference } from "./user-parts.ts";

/** Admins make users as they like; everybody else registers by the rules of the configuration. */
export function createUserMethod(parts: UserParts): ServiceMethods<typeof UserRegistry>["create"] {
  return {
    requires: () => ({ kind: "handler", reason: "admins, and anyone while registration is open" }),
    async handle(request, context) {
      const entity = userReference(context, request.user?.ids?.userId);
      const invitation = await checkRegistration(parts, request, context);
      const password = request.user?.password ?? "";
      checkPassword(password, entity.id, parts.options.passwordRequirements);
      const hash = await parts.registries.hasher.hash(password, hashCosts.password);
      const message = newUser(request.user ?? create(UserSchema), parts.registries.clock.now(), {
        byAdmin: context.caller.isAdmin,
        approvalRequired: parts.options.approvalRequired,
      });
      const created = await writeUser(parts, context, { entity, message, hash, invitation });
      parts.publish("create", entity);
      return created;
    },
  };
}

async function checkRegistration(
  { registries, options }: UserParts,
  { user, invitationToken }: CreateUserRequest,
  context: CallContext,
): Promise<AcceptedInvitation | undefined> {
  const { isAdmin } = context.caller;
  checkIdAllowed(user?.ids?.userId ?? "");
  if (!isAdmin && options.invitationRequired && invitationToken === "") throw invitationTokenRequired();
  if (!isAdmin && !options.registrationEnabled) throw registrationDisabled();
  if (invitationToken === "") return undefined;
  const { invitations } = options;
  return checkInvitation({ invitations, clock: registries.clock }, context.tenantId, invitationToken);
}

interface NewUser {
  readonly entity: EntityReference;
  readonly message: User;
  readonly hash: string;
  readonly invitation: AcceptedInvitation | undefined;
}

/** The user, its password, the use of its invitation, and the e-mails that follow: all or nothing. */
async function writeUser(parts: UserParts, context: CallContext, user: NewUser): Promise<User> {
  const { registries, options, kind } = parts;
  const { entity, hash, invitation } = user;
  const owner = { tenantId: entity.tenantId, uid: registries.formatUid(entity) };
  const picture = options.pictures.prepare(owner, user.message.profilePicture, undefined);
  const message = withPicture(user.message, picture.picture);
  const validation =
    message.primaryEmailAddress === "" || message.primaryEmailAddressValidatedAt !== undefined
      ? undefined
      : await options.validations.prepare(entity, receiverOf(message));
  const notice =
    message.state === State.REQUESTED
      ? await options.notifier.prepare(approvalNotice(entity, message, senderOf(context)))
      : undefined;
  try {
    await createEntity(registries, kind, entity, {
      message,
      at: registries.clock.now(),
      alongside(writer) {
        takeAccountId(writer, entity.tenantId, entity.id, "user");
        registries.passwords.set(writer, entity.tenantId, entity.id, hash);
        picture.write(writer);
        invitation?.accept(writer, entity.id);
        validation?.write(writer);
        notice?.write(writer);
      },
    });
  } catch (error) {
    throw invitation === undefined ? error : invitation.explain(error);
  }
  notice?.committed();
  return message.profilePicture === undefined
    ? message
    : { ...message, profilePicture: options.pictures.shown(message.profilePicture) };
}

export function withPicture(message: User, picture: User["profilePicture"]): User {
  const copy = { ...message };
  delete copy.profilePicture;
  return picture === undefined ? copy : { ...copy, profilePicture: picture };
}

function approvalNotice(entity: EntityReference, message: User, senderId: string | undefined) {
  // Its password is gone already, and the token of its invitation is nobody's business.
  const request = create(CreateUserRequestSchema, { user: withPicture(message, undefined) });
  return {
    entity,
    type: "user_requested",
    data: anyPack(CreateUserRequestSchema, request),
    receivers: [NotificationReceiver.ADMINISTRATIVE_CONTACT],
    toAdmins: true,
    email: true,
    senderId,
  };
}

function newUser(
  requested: User,
  at: number,
  { byAdmin, approvalRequired }: { readonly byAdmin: boolean; readonly approvalRequired: boolean },
): User {
  const stamp = timestampFromMs(at);
  const message = {
    ...clone(UserSchema, requested),
    createdAt: stamp,
    updatedAt: stamp,
    passwordUpdatedAt: stamp,
    password: "",
    temporaryPassword: "",
    contactInfo: [],
  };
  delete message.deletedAt;
  delete message.temporaryPasswordCreatedAt;
  delete message.temporaryPasswordExpiresAt;
  if (byAdmin) {
    // An admin who creates a user approves of it; there is no telling "requested" from "not said".
    if (message.state === State.REQUESTED) message.state = State.APPROVED;
    return message;
  }
  message.admin = false;
  message.requirePasswordUpdate = false;
  message.state = approvalRequired ? State.REQUESTED : State.APPROVED;
  message.stateDescription = approvalRequired ? "an admin has yet to approve" : "";
  delete message.primaryEmailAddressValidatedAt;
  return message;
}
