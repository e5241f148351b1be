import { type DescMessage, type MessageShape, validate } from "@skylark/api";
import type { At } from "../clock/clock.ts";
import { defineErrors } from "../errors/errors.ts";

const invalidField = defineErrors("skylark/account").invalidArgument("invalid_field", "`{field}`: {reason}");

/** Throws what is wrong with a message that did not come over the API, which says the same in another form. */
export function checkRules<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  at: At,
): void {
  let violation = validate(schema, message, at);
  if (violation === undefined) return;
  while (violation.cause !== undefined) violation = violation.cause;
  throw invalidField({ field: violation.field, reason: violation.reason });
}
