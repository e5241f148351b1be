import type { JsonObject } from "@bufbuild/protobuf";
import type { OpenAPIOptions } from "./openapi/openapi.ts";

/** The OpenAPI document of services. What it takes is loaded when it is asked for: most processes never are. */
export async function describeAPI(options: Omit<OpenAPIOptions, "comments">): Promise<JsonObject> {
  const [{ openAPIDocument }, { comments }] = await Promise.all([
    import("./openapi/openapi.ts"),
    import("./openapi/comments.ts"),
  ]);
  return openAPIDocument({ ...options, comments });
}
