import { defineErrors } from "../errors/errors.ts";

const errors = defineErrors("skylark/store");

/** A constraint of the schema, e.g. `gateways.eui`, does not allow the change. */
export const conflict = errors.alreadyExists("conflict", "`{constraint}` already holds this value");

/** Someone else changed the row in between. */
export const stale = errors.aborted("stale", "the entity was changed by another request, try again");

/** The disk is full, the file is damaged, or the database cannot be reached. */
export const unavailable = errors.unavailable("unavailable", "the store is unavailable");

/** A second process, or a second start, wants the same file. */
export const inUse = errors.failedPrecondition(
  "in_use",
  "the data directory `{directory}` is in use by another process",
);

/** The file is no database, or is another user's. */
export const cannotOpen = errors.failedPrecondition(
  "cannot_open",
  "the store `{path}` cannot be opened: {reason}; let this user own it, or bring it back from a backup",
);

/** The database was written by a newer release. */
export const newerSchema = errors.failedPrecondition(
  "newer_schema",
  "the store's schema `{owner}` has version {found}, newer than version {known} that this release knows",
);
