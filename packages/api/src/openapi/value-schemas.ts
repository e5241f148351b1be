import type { DescEnum, DescField, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { getOption, hasOption, isFieldSet, ScalarType } from "@bufbuild/protobuf";
import type { FieldRules } from "../gen/skylark/api/options_pb.ts";
import {
  dev_addr_prefixes,
  enum_form,
  FieldRulesSchema,
  Format,
  FormatSchema,
  hex,
  pattern,
  rules,
} from "../gen/skylark/api/options_pb.ts";

/** JSON Schemas of the values that are no messages, as the codec writes them. */

const scalars: Readonly<Record<ScalarType, JsonObject>> = {
  [ScalarType.DOUBLE]: { type: "number", format: "double" },
  [ScalarType.FLOAT]: { type: "number", format: "float" },
  [ScalarType.INT64]: { type: "string", format: "int64", pattern: "^-?[0-9]+$" },
  [ScalarType.UINT64]: { type: "string", format: "uint64", pattern: "^[0-9]+$" },
  [ScalarType.INT32]: { type: "integer", format: "int32" },
  [ScalarType.FIXED64]: { type: "string", format: "uint64", pattern: "^[0-9]+$" },
  [ScalarType.FIXED32]: { type: "integer", format: "uint32", minimum: 0 },
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
  [ScalarType.UINT32]: { type: "integer", format: "uint32", minimum: 0 },
  [ScalarType.SFIXED32]: { type: "integer", format: "int32" },
  [ScalarType.SFIXED64]: { type: "string", format: "int64", pattern: "^-?[0-9]+$" },
  [ScalarType.SINT32]: { type: "integer", format: "int32" },
  [ScalarType.SINT64]: { type: "string", format: "int64", pattern: "^-?[0-9]+$" },
};

/** The rules of a field that has any. */
export function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, rules) ? getOption(field, rules) : undefined;
}

export function scalarSchema(field: DescField, scalar: ScalarType, rule: FieldRules | undefined): JsonObject {
  if (scalar === ScalarType.BYTES) return bytesSchema(field);
  const schema: JsonObject = { ...scalars[scalar] };
  if (rule === undefined) return schema;
  if (scalar === ScalarType.STRING) Object.assign(schema, textRules(rule));
  else if (schema.type !== "string") Object.assign(schema, numberRules(rule));
  return schema;
}

/** The value of one of google.protobuf's wrappers. */
export function plainScalarSchema(scalar: ScalarType): JsonObject {
  return { ...scalars[scalar] };
}

function bytesSchema(field: DescField): JsonObject {
  if (getOption(field, dev_addr_prefixes)) {
    return { type: "string", pattern: "^[0-9A-Fa-f]{8}/[0-9]{1,2}$", examples: ["26000000/7"] };
  }
  const length = getOption(field, hex);
  if (length === 0) return { ...scalars[ScalarType.BYTES] };
  const pattern = `^[0-9A-Fa-f]{${length * 2}}$`;
  return { type: "string", pattern, examples: ["0123456789ABCDEF".repeat(2).slice(0, length * 2)] };
}

const formatNames: Readonly<Partial<Record<Format, string>>> = {
  [Format.EMAIL]: "email",
  [Format.URI]: "uri",
  [Format.URI_REFERENCE]: "uri-reference",
  [Format.UUID]: "uuid",
  [Format.IPV4]: "ipv4",
};

function textRules(rule: FieldRules): JsonObject {
  const has = (name: keyof typeof FieldRulesSchema.field) => isFieldSet(rule, FieldRulesSchema.field[name]);
  const schema: JsonObject = {};
  if (rule.in.length > 0) schema.enum = [...rule.in];
  if (has("len")) schema.minLength = schema.maxLength = rule.len;
  if (has("minLen") && rule.minLen > 0) schema.minLength = rule.minLen;
  if (has("maxLen")) schema.maxLength = rule.maxLen;
  const expression = patternOf(rule);
  if (expression !== "") schema.pattern = rule.ignoreEmpty ? `^$|${expression}` : expression;
  const format = formatNames[rule.format];
  if (format !== undefined) schema.format = format;
  return schema;
}

function patternOf(rule: FieldRules): string {
  if (rule.matches !== "") return rule.matches;
  const format = FormatSchema.value[rule.format];
  return format === undefined ? "" : getOption(format, pattern);
}

function numberRules(rule: FieldRules): JsonObject {
  const schema: JsonObject = {};
  const gte = isFieldSet(rule, FieldRulesSchema.field.gte) ? rule.gte : undefined;
  const lte = isFieldSet(rule, FieldRulesSchema.field.lte) ? rule.lte : undefined;
  // Such a pair is a gap, not a range.
  if (gte !== undefined && lte !== undefined && gte > lte) return schema;
  if (gte !== undefined) schema.minimum = gte;
  if (lte !== undefined) schema.maximum = lte;
  if (isFieldSet(rule, FieldRulesSchema.field.gt)) schema.exclusiveMinimum = rule.gt;
  return schema;
}

export function sizeRules(
  rule: FieldRules | undefined,
  names: { readonly min: string; readonly max: string },
): JsonObject {
  const schema: JsonObject = {};
  if (rule === undefined) return schema;
  if (isFieldSet(rule, FieldRulesSchema.field.minItems) && rule.minItems > 0)
    schema[names.min] = rule.minItems;
  if (isFieldSet(rule, FieldRulesSchema.field.maxItems)) schema[names.max] = rule.maxItems;
  if (rule.unique) schema.uniqueItems = true;
  return schema;
}

/** An enum by the names that the codec writes, or by number where it writes numbers. */
export function enumSchema(desc: DescEnum, comments: Readonly<Record<string, string>>): JsonObject {
  const seen = new Set<number>();
  const values = desc.values.filter(({ number }) => !seen.has(number) && seen.add(number));
  const isNumber = getOption(desc, enum_form).number;
  const lines = [comments[desc.typeName], ...values.map((value) => valueLine(value, comments))];
  const description = lines.filter((line) => line !== undefined).join("\n");
  const names: JsonValue[] = values.map(({ name, number }) => (isNumber ? number : name));
  return {
    type: isNumber ? "integer" : "string",
    enum: names,
    ...(description !== "" && { description }),
  };
}

function valueLine(
  { name, parent }: DescEnum["values"][number],
  comments: Readonly<Record<string, string>>,
): string | undefined {
  const comment = comments[`${parent.typeName}.${name}`];
  return comment === undefined ? undefined : `- \`${name}\`: ${comment}`;
}
