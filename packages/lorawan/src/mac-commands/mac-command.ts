import type { Layout } from "../layout.ts";

/** A MAC command as data: its identifier, who begins the exchange, and what either message holds. */
export interface MACCommandDefinition {
  readonly cid: number;
  readonly initiatedBy: "device" | "network";
  readonly request: Layout<unknown>;
  /** Absent where the request is not answered. */
  readonly answer?: Layout<unknown>;
}

/** States a MAC command in one place. */
export function macCommand<const D extends MACCommandDefinition>(definition: D): D {
  return definition;
}
