import { Right, State } from "@skylark/api";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import type { RightSet } from "./right-sets.ts";

const errors = defineErrors("pkg/identityserver");
const userRequested = errors.permissionDenied("user_requested", "user account approval is pending");
const userRejected = errors.permissionDenied("user_rejected", "user account was rejected");
const userSuspended = errors.permissionDenied("user_suspended", "user account was suspended");

/** What a user may do in general. */
export interface UserStanding {
  readonly admin: boolean;
  readonly state: State;
  readonly stateDescription: string;
  /** The e-mail address has yet to be validated before the user may do more than change it. */
  readonly emailAddressPending?: boolean;
}

/** Whether an account is an admin's, and may act as one. */
export function isActingAdmin({ admin, state }: Pick<UserStanding, "admin" | "state">): boolean {
  return admin && state === State.APPROVED;
}

interface Restriction {
  readonly permitted: RightSet;
  readonly warning: string;
  readonly error: (attributes: Record<string, string>) => SkylarkError;
}

const restrictions: ReadonlyMap<State, Restriction> = new Map<State, Restriction>([
  [
    State.REQUESTED,
    {
      permitted: new Set([Right.USER_INFO, Right.USER_SETTINGS_BASIC, Right.USER_DELETE] as const),
      warning: "Restricted rights while account pending",
      error: userRequested,
    },
  ],
  [
    State.REJECTED,
    {
      permitted: new Set([Right.USER_INFO, Right.USER_DELETE] as const),
      warning: "Restricted rights after account rejection",
      error: userRejected,
    },
  ],
  [
    State.SUSPENDED,
    {
      permitted: new Set([Right.USER_INFO] as const),
      warning: "Restricted rights after account suspension",
      error: userSuspended,
    },
  ],
]);

const whileAddressPending: RightSet = new Set([
  Right.USER_INFO,
  Right.USER_SETTINGS_BASIC,
  Right.USER_DELETE,
]);
const addressPendingWarning = "Restricted rights until email address validated";

/** What the state of an account leaves of its rights; undefined permits everything. */
export function accountStanding(user: UserStanding): {
  readonly permitted: RightSet | undefined;
  readonly warnings: readonly string[];
} {
  const restriction = restrictions.get(user.state);
  const pending = user.emailAddressPending === true;
  if (restriction === undefined) {
    return pending
      ? { permitted: whileAddressPending, warnings: [addressPendingWarning] }
      : { permitted: undefined, warnings: [] };
  }
  const reason = user.stateDescription === "" ? "" : `: ${user.stateDescription}`;
  const warnings = [...(pending ? [addressPendingWarning] : []), restriction.warning + reason];
  const { permitted } = restriction;
  return { permitted: pending ? permitted.intersection(whileAddressPending) : permitted, warnings };
}

/** The error for an account that may not act; undefined when it may. */
export function standingError(user: UserStanding): SkylarkError | undefined {
  const attributes: Record<string, string> =
    user.stateDescription === "" ? {} : { description: user.stateDescription };
  return restrictions.get(user.state)?.error(attributes);
}
