import { Right, type RightKind } from "@skylark/api";

/** What a method answers to who may not call it, where its handler decides and not `requires`. */
export type Refusal =
  /** A right on an entity of the request is needed; `field` is one that is not public. */
  | {
      readonly kind: "right";
      readonly right: Right;
      readonly on: RightKind;
      readonly field?: string;
      /** The error without credentials, where it is not that of having no rights. */
      readonly anonymous?: string;
    }
  /** For admins; others get the error. */
  | { readonly kind: "admin"; readonly error: string }
  /** Anybody gets an answer about what is theirs. */
  | { readonly kind: "own"; readonly anonymous?: "unauthenticated" }
  /** What any caller is answered at present. */
  | { readonly kind: "nobody"; readonly code: number; readonly error: string };

const hidden = (on: RightKind, right: Right, field: string): Refusal => ({
  kind: "right",
  on,
  right,
  field,
  anonymous: "unauthenticated",
});
const right = (on: RightKind, needed: Right): Refusal => ({ kind: "right", on, right: needed });
const adminsPurge = (entities: string): Refusal => ({
  kind: "admin",
  error: `pkg/identityserver:admins_purge_${entities}`,
});
const own: Refusal = { kind: "own", anonymous: "unauthenticated" };

export const refusals: Readonly<Record<string, Refusal>> = {
  "ApplicationRegistry.Get": hidden("application", Right.APPLICATION_INFO, "description"),
  "ApplicationRegistry.Restore": right("application", Right.APPLICATION_DELETE),
  "ApplicationRegistry.Purge": adminsPurge("applications"),
  "ApplicationAccess.ListRights": own,
  "GatewayAccess.ListRights": own,
  "UserAccess.ListRights": own,
};
