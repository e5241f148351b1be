import { SkylarkError } from "../errors/errors.ts";

/** An error as the API's `ErrorDetails` in JSON; what is not meant for callers becomes an unknown error. */
export function errorDetailsJson(error: unknown): Record<string, unknown> {
  if (!(error instanceof SkylarkError)) {
    return { namespace: "skylark", name: "internal", message_format: "internal error", code: 13 };
  }
  const { namespace, name, messageFormat, code } = error.definition;
  return {
    namespace,
    name,
    message_format: messageFormat,
    ...(Object.keys(error.attributes).length > 0 && { attributes: error.attributes }),
    code,
    ...(error.cause instanceof SkylarkError && { cause: errorDetailsJson(error.cause) }),
  };
}
