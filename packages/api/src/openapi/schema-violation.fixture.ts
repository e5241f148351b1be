import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/**
 * Where a JSON value is not of the kind that a JSON Schema says; undefined when it is. Limits of length and size are
 * left out: they are rules of requests, which messages made up by a test do not keep.
 */
export function violationOf(
  value: JsonValue,
  schema: JsonObject,
  components: JsonObject,
  at = "",
): string | undefined {
  if (typeof schema.$ref === "string") {
    const target = components[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)];
    return violationOf(value, target as JsonObject, components, at);
  }
  if (schema.type === undefined) return undefined;
  if (!isOfType(value, schema)) return `${at}: ${JSON.stringify(value)} is no ${String(schema.type)}`;
  if (Array.isArray(value)) {
    return firstOf(
      value.map((each, index) => violationOf(each, object(schema.items), components, `${at}[${index}]`)),
    );
  }
  if (typeof value === "object" && value !== null) return objectViolation(value, schema, components, at);
  return typeof value === "string" ? textViolation(value, schema, at) : undefined;
}

function objectViolation(
  value: JsonObject,
  schema: JsonObject,
  components: JsonObject,
  at: string,
): string | undefined {
  const properties = object(schema.properties);
  return firstOf(
    Object.entries(value).map(([name, each]) => {
      const known = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties;
      if (known === undefined) return `${at}.${name} is not in the schema`;
      return known === true ? undefined : violationOf(each, object(known), components, `${at}.${name}`);
    }),
  );
}

function isOfType(value: JsonValue, { type, enum: names }: JsonObject): boolean {
  switch (type) {
    case "string":
      // An enum shows a number that it has no name for.
      return typeof value === "string" || (names !== undefined && typeof value === "number");
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

/** Digits of hexadecimal numbers, of 64-bit numbers, of durations and of addresses with a length. */
const formsOfTheCodec = /^\^(\[0-9A-Fa-f\]\{|-?\??\[0-9\]|\[\+-\]\?)/;

function textViolation(text: string, schema: JsonObject, at: string): string | undefined {
  const { pattern } = schema;
  if (typeof pattern !== "string" || !formsOfTheCodec.test(pattern)) return undefined;
  return new RegExp(pattern, "u").test(text) ? undefined : `${at}: ${JSON.stringify(text)} is not ${pattern}`;
}

function firstOf(violations: readonly (string | undefined)[]): string | undefined {
  return violations.find((violation) => violation !== undefined);
}

function object(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
