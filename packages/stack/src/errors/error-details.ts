import { SkylarkError } from "./errors.ts";

/** An error as `ErrorDetails` of the API in JSON: causes as far as they are named, nothing of an error that is not. */
export function errorDetailsJson(error: unknown): Record<string, unknown> {
  if (!(error instanceof SkylarkError)) {
    return { namespace: "pkg/errors", name: "internal", message_format: "internal error", code: 13 };
  }
  const { namespace, name, messageFormat, code } = error.definition;
  const details = error.details.map(({ type, value }) => ({
    "@type": `type.googleapis.com/${type}`,
    ...value,
  }));
  return {
    namespace,
    name,
    message_format: messageFormat,
    ...(Object.keys(error.attributes).length > 0 && { attributes: error.attributes }),
    code,
    ...(error.cause instanceof SkylarkError && { cause: errorDetailsJson(error.cause) }),
    ...(details.length > 0 && { details }),
  };
}
