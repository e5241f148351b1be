import type { SkylarkError } from "../errors/errors.ts";
import { conflict, stale, unavailable } from "./store-errors.ts";

/** Why one item of a batch failed, in a form that crosses threads. */
export interface ItemFailure {
  readonly kind: "conflict" | "stale" | "unavailable" | "internal";
  readonly detail: string;
}

/** https://www.sqlite.org/rescode.html: primary result codes that say that the database, not the statement, is at fault. */
const databaseFaults = new Set([5, 6, 7, 8, 10, 11, 13, 14, 15, 26]);
const constraintFault = 19;

/** Thrown inside a transaction when an operation did not change exactly one row. */
export class UnexpectedRowCount extends Error {}

export function failureOf(error: unknown): ItemFailure {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof UnexpectedRowCount) return { kind: "stale", detail };
  const primary = resultCode(error) & 0xff;
  if (primary === constraintFault) return { kind: "conflict", detail: constraintName(detail) };
  return { kind: databaseFaults.has(primary) ? "unavailable" : "internal", detail };
}

/** The error that the caller of `write`, `transact` or `query` gets. */
export function errorOf(failure: ItemFailure): SkylarkError | Error {
  switch (failure.kind) {
    case "conflict":
      return conflict({ constraint: failure.detail });
    case "stale":
      return stale();
    case "unavailable":
      return unavailable({}, { cause: new Error(failure.detail) });
    case "internal":
      return new Error(`store: ${failure.detail}`);
  }
}

function resultCode(error: unknown): number {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return 0;
  return Number(error.errcode);
}

/** `UNIQUE constraint failed: gateways.eui` names `gateways.eui`; a foreign key has no name. */
function constraintName(message: string): string {
  const match = /constraint failed: (.*)$/s.exec(message);
  return match?.[1] ?? message.replace(/ constraint failed$/, "").toLowerCase();
}
