import { defineErrors, type SkylarkError } from "../../errors/errors.ts";

const errors = defineErrors("pkg/networkserver");
const fieldValueError = errors.invalidArgument("field_value", "invalid value of field `{field}`");
const fieldIsZero = errors.invalidArgument("field_is_zero", "field `{name}` is zero");
const fieldNotZero = errors.invalidArgument("field_not_zero", "field `{name}` is not zero");

export function invalidField(field: string, cause?: Error): SkylarkError {
  return cause === undefined ? fieldValueError({ field }) : fieldValueError({ field }, { cause });
}

/** The field has to be given. */
export function missingField(field: string): SkylarkError {
  return invalidField(field, fieldIsZero({ name: field }));
}

/** The field must not be given. */
export function unwantedField(field: string): SkylarkError {
  return invalidField(field, fieldNotZero({ name: field }));
}
