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
  const recheck = async (): Promise<void> => {
    try {
      await authority.requireStill(caller, requirement);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (isOver) return;
      end();
      onLost(error);
    }
  };
  const endWatch = authority.watch(caller, entitiesOf(requirement), recheck);
  const end = (): void => {
    isOver = true;
    endWatch();
  };
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

const passingFaults: readonly number[] = [
  statusCodes.unavailable,
  statusCodes.resourceExhausted,
  statusCodes.deadlineExceeded,
];

/** An overloaded store says nothing about rights. */
export function isRefusal(error: unknown): error is SkylarkError {
  return error instanceof SkylarkError && !passingFaults.includes(error.code);
}
