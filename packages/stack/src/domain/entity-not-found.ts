import { defineErrors } from "../errors/errors.ts";

/** What clients know as the answer of a registry that does not have what they ask for. */
export const entityNotFound = defineErrors("pkg/redis").notFound("not_found", "entity not found");
