import type { Clock } from "../../clock/clock.ts";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";
import type { Writer } from "../../store/store.ts";
import { stale } from "../../store/store-errors.ts";
import { tokenDigest } from "../access/token.ts";
import type { InvitationStore } from "./invitation-store.ts";

const storage = defineErrors("pkg/identityserver/store");
export const invitationNotFound = storage.notFound("invitation_not_found", "invitation not found");
const invitationExpired = storage.failedPrecondition("invitation_expired", "the invitation expired");
const invitationUsed = storage.failedPrecondition(
  "invitation_already_used",
  "the invitation was used already",
);

/** An invitation that a new user came with, checked; `accept` belongs into the transaction that makes the user. */
export interface AcceptedInvitation {
  accept(writer: Writer, userId: string): void;
  /** What a transaction's failure means when the invitation is the reason. */
  explain(error: unknown): unknown;
}

/** Throws what is wrong with the token, which itself is in none of the errors. */
export async function checkInvitation(
  { invitations, clock }: { readonly invitations: InvitationStore; readonly clock: Clock },
  tenantId: string,
  token: string,
): Promise<AcceptedInvitation> {
  const row = await invitations.findByToken(tenantId, tokenDigest(token));
  if (row === undefined) throw invitationNotFound();
  if (row.acceptedAt !== undefined) throw invitationUsed();
  if (row.expiresAt <= clock.now()) throw invitationExpired();
  return {
    accept: (writer, userId) => invitations.accept(writer, row, userId, clock.now()),
    explain: (error) =>
      error instanceof SkylarkError && error.definition === stale.definition ? invitationUsed() : error,
  };
}
