import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { getOption, hasOption } from "@bufbuild/protobuf";
import type { HttpRule } from "./gen/google/api/annotations_pb.ts";
import { http } from "./gen/google/api/annotations_pb.ts";

/** A part of a path: a word as it is, or a variable that fills a field of the request. */
export type PathSegment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "variable"; readonly field: string };

/** One verb and path under which a method can be called. */
export interface HttpBinding {
  readonly method: DescMethod;
  readonly verb: "GET" | "PUT" | "POST" | "DELETE" | "PATCH";
  /** As the schema has it, below `/api/v3`. */
  readonly template: string;
  readonly segments: readonly PathSegment[];
  /** The body is the request; otherwise the query fills it. */
  readonly hasBody: boolean;
}

/** The HTTP bindings of a service's methods, in the schema's order; none for a method of gRPC alone. */
export function httpBindings(service: DescService): readonly HttpBinding[] {
  return service.methods.flatMap((method) => {
    if (!hasOption(method, http)) return [];
    const rule = getOption(method, http);
    return [rule, ...rule.additionalBindings].map((each) => binding(method, each));
  });
}

function binding(method: DescMethod, { pattern, body }: HttpRule): HttpBinding {
  if (pattern.case === undefined || pattern.case === "custom") {
    throw new TypeError(`${method.parent.name}.${method.name} is bound to no verb`);
  }
  // The whole body or none: no method of the API binds a single field to it.
  if (body !== "" && body !== "*") {
    throw new TypeError(`${method.parent.name}.${method.name} binds its body to a field`);
  }
  return {
    method,
    verb: pattern.case.toUpperCase() as HttpBinding["verb"],
    template: pattern.value,
    segments: parseTemplate(pattern.value),
    hasBody: body === "*",
  };
}

/** Splits `/applications/{application_ids.application_id}/rights`. */
export function parseTemplate(template: string): readonly PathSegment[] {
  return template
    .slice(1)
    .split("/")
    .map((text) => {
      const variable = /^\{([a-z0-9_.]+)\}$/.exec(text);
      if (variable?.[1] !== undefined) return { kind: "variable", field: variable[1] };
      if (!/^[a-zA-Z0-9_-]+$/.test(text)) throw new TypeError(`cannot read ${text} of ${template}`);
      return { kind: "literal", text };
    });
}
