import { SkylarkError, statusCodes } from "../errors/errors.ts";
import type { Authority, Caller, EntityReferenceInTenant, Requirement } from "./service.ts";

/**
 * For calls and connections that last: calls back once, as soon as the caller no longer meets what was required of it
 * at the beginning. Returns what ends it.
 */
export function watchRequirement(
  authority: Pick<Authority, "requireStill" | "watch">,
  caller: Caller,
  requirement: Requirement,
  onLost: (error: SkylarkError) => void,
): () => void {
  let isOver = false;
  const recheck = (): void => {
    (async () => authority.requireStill(caller, requirement))().catch((error: unknown) => {
      if (isOver || !isRefusal(error)) return;
      end();
      onLost(error);
    });
  };
  const endWatch = authority.watch(caller, entitiesOf(requirement), recheck);
  const end = (): void => {
    isOver = true;
    endWatch();
  };
  // What changed between the check at the beginning and now was told nobody.
  recheck();
  return end;
}

function entitiesOf(requirement: Requirement): readonly EntityReferenceInTenant[] {
  switch (requirement.kind) {
    case "rights":
    case "anyRight":
      return [requirement.entity];
    case "allOf":
      return requirement.requirements.flatMap(entitiesOf);
    default:
      return [];
  }
}

/** An overloaded store says nothing about rights. */
function isRefusal(error: unknown): error is SkylarkError {
  const passing: readonly unknown[] = [statusCodes.unavailable, statusCodes.resourceExhausted];
  return error instanceof SkylarkError && !passing.includes(error.code);
}
