import { State } from "@skylark/api";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";

const errors = defineErrors("pkg/identityserver");
const clientRejected = errors.permissionDenied("oauth_client_rejected", "OAuth client was rejected");
const clientSuspended = errors.permissionDenied("oauth_client_suspended", "OAuth client was suspended");

/** Whether tokens of an OAuth client are good for anything. */
export interface ClientStanding {
  readonly state: State;
  readonly stateDescription: string;
}

/** The error for a client that may not act; undefined when it may. */
export function clientStandingError({ state, stateDescription }: ClientStanding): SkylarkError | undefined {
  const attributes: Record<string, string> = stateDescription === "" ? {} : { description: stateDescription };
  if (state === State.REJECTED) return clientRejected(attributes);
  if (state === State.SUSPENDED) return clientSuspended(attributes);
  return undefined;
}
