import {
  create,
  type Invitation,
  InvitationSchema,
  Right,
  timestampFromMs,
  UserInvitationRegistry,
} from "@skylark/api";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";
import {
  type CallContext,
  implement,
  type Requirement,
  type ServiceImplementation,
} from "../../rpc/service.ts";
import { brokenConstraint } from "../../store/staged-transaction.ts";
import { stale } from "../../store/store-errors.ts";
import { knownCaller } from "../access/authority.ts";
import { formatBase32 } from "../access/base32.ts";
import { tokenDigest } from "../access/token.ts";
import type { Mailer } from "../mail/mailer.ts";
import { invitationLetter } from "../mail/templates.ts";
import type { Registries } from "../registries/registries.ts";
import type { InvitationRow, InvitationStore } from "./invitation-store.ts";
import { invitationNotFound } from "./invitations.ts";

const errors = defineErrors("pkg/identityserver");
const storage = defineErrors("pkg/identityserver/store");
const noInviteRights = errors.permissionDenied("no_invite_rights", "the caller has no right to invite");
const alreadySent = storage.alreadyExists("invitation_already_sent", "this address was invited already");

const bySendInvites: Requirement = {
  kind: "handler",
  reason: "RIGHT_SEND_INVITES, with an error of its own",
};

export interface InvitationRegistryOptions extends Pick<Registries, "store" | "clock" | "randomBytes"> {
  readonly invitations: InvitationStore;
  readonly mailer: Mailer;
  readonly tokenLifetimeMs: number;
}

/** Only the answer to Send shows the token; the store keeps its digest. */
export function userInvitationRegistry(options: InvitationRegistryOptions): ServiceImplementation {
  const { store, invitations } = options;
  return implement(UserInvitationRegistry, {
    send: {
      requires: () => bySendInvites,
      async handle({ email }, context) {
        requireInviteRight(context);
        const token = formatBase32(options.randomBytes(32));
        const row = await sendInvitation(options, context, email, token);
        return { ...messageOf(row), token };
      },
    },
    list: {
      requires: () => bySendInvites,
      async handle(page, context) {
        requireInviteRight(context);
        const { items, total } = await invitations.list(context.tenantId, page);
        context.setTotalCount(total);
        return { invitations: items.map(messageOf) };
      },
    },
    delete: {
      requires: () => bySendInvites,
      async handle({ email }, context) {
        requireInviteRight(context);
        try {
          await store.transact((writer) => invitations.delete(writer, context.tenantId, email));
        } catch (error) {
          if (error instanceof SkylarkError && error.definition === stale.definition)
            throw invitationNotFound();
          throw error;
        }
        return {};
      },
    },
  });
}

function requireInviteRight({ caller }: CallContext): void {
  if (!knownCaller(caller).universalRights.has(Right.SEND_INVITES)) throw noInviteRights();
}

async function sendInvitation(
  { store, clock, invitations, mailer, tokenLifetimeMs }: InvitationRegistryOptions,
  { tenantId, caller }: CallContext,
  email: string,
  token: string,
): Promise<InvitationRow> {
  const now = clock.now();
  const expiresAt = now + tokenLifetimeMs;
  const row = {
    tenantId,
    email,
    createdAt: now,
    updatedAt: now,
    expiresAt,
    acceptedAt: undefined,
    acceptedBy: undefined,
  };
  const receiver = { name: "", address: email, admin: false };
  const sender = knownCaller(caller).entity;
  const letter = invitationLetter(
    { network: mailer.network(tenantId), receiver },
    { token, lifetimeMs: tokenLifetimeMs, senderId: sender?.type === "user" ? sender.id : "" },
  );
  try {
    await store.transact((writer) => {
      invitations.insert(writer, row, tokenDigest(token));
      mailer.queue(writer, { tenantId, template: "invitation", receiver, letter });
    });
  } catch (error) {
    if (brokenConstraint(error) !== undefined) throw alreadySent();
    throw error;
  }
  return row;
}

function messageOf({
  email,
  createdAt,
  updatedAt,
  expiresAt,
  acceptedAt,
  acceptedBy,
}: InvitationRow): Invitation {
  return create(InvitationSchema, {
    email,
    createdAt: timestampFromMs(createdAt),
    updatedAt: timestampFromMs(updatedAt),
    expiresAt: timestampFromMs(expiresAt),
    ...(acceptedAt === undefined ? {} : { acceptedAt: timestampFromMs(acceptedAt) }),
    ...(acceptedBy === undefined ? {} : { acceptedBy: { userId: acceptedBy } }),
  });
}
