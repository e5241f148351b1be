import type { DescEnum, DescField } from "@bufbuild/protobuf";
import { getOption, hasOption, isFieldSet } from "@bufbuild/protobuf";
import type { FieldRules } from "../gen/skylark/api/options_pb.ts";
import { FieldRulesSchema, Format, FormatSchema, pattern, rules } from "../gen/skylark/api/options_pb.ts";
import { isEmail, isIPAddress, isIPv4Address, isURI, isURIReference } from "./formats.ts";

/** What is wrong with a value; `at` is the entry of a list or map that is. */
export interface Failure {
  readonly reason: string;
  readonly at?: string;
}

/** One rule, applied to a value that is set. */
export type Check = (value: unknown, nowMs: number) => Failure | undefined;

/** The rules of a field as functions, in the order in which the public validator reports them. */
export function compileChecks(field: DescField): {
  readonly required: boolean;
  readonly checks: readonly Check[];
} {
  if (!hasOption(field, rules)) return { required: false, checks: [] };
  const rule = getOption(field, rules);
  return { required: rule.required, checks: fieldChecks(field, rule) };
}

function fieldChecks(field: DescField, rule: FieldRules): readonly Check[] {
  if (field.fieldKind === "list") return listChecks(field, rule);
  if (field.fieldKind === "map") return mapChecks(field, rule);
  const checks = valueChecks(rule, field.enum);
  return rule.ignoreEmpty ? checks.map(unlessEmpty) : checks;
}

const unlessEmpty =
  (check: Check): Check =>
  (value, nowMs) =>
    (value as string | Uint8Array).length === 0 ? undefined : check(value, nowMs);

function listChecks(field: DescField, rule: FieldRules): readonly Check[] {
  const checks = sizeChecks(rule, "item(s)", "items", (value) => (value as readonly unknown[]).length);
  if (rule.unique) checks.push(isUnique);
  const items = rule.items === undefined ? [] : valueChecks(rule.items, field.enum);
  if (items.length > 0) {
    checks.push((value, nowMs) => {
      for (const [index, item] of (value as readonly unknown[]).entries()) {
        const failure = firstFailure(items, item, nowMs);
        if (failure !== undefined) return { reason: failure.reason, at: `[${index}]` };
      }
      return undefined;
    });
  }
  return checks;
}

const isUnique: Check = (value) => {
  const list = value as readonly unknown[];
  return new Set(list).size === list.length
    ? undefined
    : { reason: "repeated value must contain unique items" };
};

function mapChecks(field: DescField, rule: FieldRules): readonly Check[] {
  const checks = sizeChecks(rule, "pair(s)", "pairs", (value) => Object.keys(value as object).length);
  const keys = rule.keys === undefined ? [] : valueChecks(rule.keys, undefined);
  const values = rule.values === undefined ? [] : valueChecks(rule.values, field.enum);
  checks.push((value, nowMs) => {
    for (const [key, each] of Object.entries(value as object)) {
      const failure = firstFailure(keys, key, nowMs) ?? firstFailure(values, each, nowMs);
      if (failure !== undefined) return { reason: failure.reason, at: `[${key}]` };
    }
    return undefined;
  });
  return checks;
}

function firstFailure(checks: readonly Check[], value: unknown, nowMs: number): Failure | undefined {
  for (const check of checks) {
    const failure = check(value, nowMs);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function sizeChecks(
  rule: FieldRules,
  some: string,
  between: string,
  sizeOf: (value: unknown) => number,
): Check[] {
  const min = isFieldSet(rule, FieldRulesSchema.field.minItems) ? rule.minItems : undefined;
  const max = isFieldSet(rule, FieldRulesSchema.field.maxItems) ? rule.maxItems : undefined;
  if (min === undefined && max === undefined) return [];
  const reason =
    max === undefined
      ? `value must contain at least ${min} ${some}`
      : min === undefined
        ? `value must contain no more than ${max} ${some}`
        : `value must contain between ${min} and ${max} ${between}, inclusive`;
  return [
    (value) => {
      const size = sizeOf(value);
      return size < (min ?? 0) || size > (max ?? Number.POSITIVE_INFINITY) ? { reason } : undefined;
    },
  ];
}

function valueChecks(rule: FieldRules, desc: DescEnum | undefined): readonly Check[] {
  const checks: Check[] = [...lengthChecks(rule), ...rangeChecks(rule), ...timeChecks(rule)];
  if (rule.in.length > 0) {
    const reason = `value must be in list [${rule.in.join(" ")}]`;
    checks.push((value) => (rule.in.includes(value as string) ? undefined : { reason }));
  }
  if (rule.definedOnly && desc !== undefined) {
    const reason = "value must be one of the defined enum values";
    checks.push((value) => (desc.value[value as number] === undefined ? { reason } : undefined));
  }
  if (rule.inNumbers.length > 0) {
    const reason = `value must be in list [${rule.inNumbers.join(" ")}]`;
    checks.push((value) => (rule.inNumbers.includes(value as number) ? undefined : { reason }));
  }
  if (rule.notIn.length > 0) {
    const reason = `value must not be in list [${rule.notIn.join(" ")}]`;
    checks.push((value) => (rule.notIn.includes(value as number) ? { reason } : undefined));
  }
  if (rule.format !== Format.NONE) checks.push(formatCheck(rule.format));
  if (rule.matches !== "") checks.push(patternCheck(rule.matches));
  return checks;
}

function lengthChecks(rule: FieldRules): readonly Check[] {
  const isSet = (name: "len" | "minLen" | "maxLen") => isFieldSet(rule, FieldRulesSchema.field[name]);
  if (isSet("len")) return [lengthCheck(rule.len, rule.len, (unit) => `must be ${rule.len} ${unit}`)];
  if (isSet("minLen") && isSet("maxLen")) {
    const text = (unit: string) => `must be between ${rule.minLen} and ${rule.maxLen} ${unit}, inclusive`;
    return [lengthCheck(rule.minLen, rule.maxLen, text)];
  }
  if (isSet("minLen")) {
    const text = (unit: string) => `must be at least ${rule.minLen} ${unit}`;
    return [lengthCheck(rule.minLen, Number.POSITIVE_INFINITY, text)];
  }
  if (isSet("maxLen"))
    return [lengthCheck(0, rule.maxLen, (unit) => `must be at most ${rule.maxLen} ${unit}`)];
  return [];
}

function lengthCheck(min: number, max: number, text: (unit: string) => string): Check {
  return (value) => {
    const isText = typeof value === "string";
    let length = (value as string | Uint8Array).length;
    // Code points count, not UTF-16 units; fewer units cannot be more code points.
    if (isText && (length > max || (min > 0 && length >= min))) length = [...value].length;
    return length < min || length > max
      ? { reason: `value length ${text(isText ? "runes" : "bytes")}` }
      : undefined;
  };
}

function rangeChecks(rule: FieldRules): readonly Check[] {
  const has = (name: "gte" | "gt" | "lte") => isFieldSet(rule, FieldRulesSchema.field[name]);
  const { gte, gt, lte } = rule;
  if (has("gte") && has("lte")) {
    if (gte > lte) {
      const reason = `value must be outside range (${lte}, ${gte})`;
      return [(value) => (Number(value) > lte && Number(value) < gte ? { reason } : undefined)];
    }
    const reason = `value must be inside range [${gte}, ${lte}]`;
    return [(value) => (Number(value) < gte || Number(value) > lte ? { reason } : undefined)];
  }
  if (has("gt") && has("lte")) {
    const reason = `value must be inside range (${gt}, ${lte}]`;
    return [(value) => (Number(value) <= gt || Number(value) > lte ? { reason } : undefined)];
  }
  if (has("gte")) {
    const reason = `value must be greater than or equal to ${gte}`;
    return [(value) => (Number(value) < gte ? { reason } : undefined)];
  }
  if (has("gt")) {
    const reason = `value must be greater than ${gt}`;
    return [(value) => (Number(value) <= gt ? { reason } : undefined)];
  }
  if (has("lte")) {
    const reason = `value must be less than or equal to ${lte}`;
    return [(value) => (Number(value) > lte ? { reason } : undefined)];
  }
  return [];
}

function timeChecks({ future, past }: FieldRules): readonly Check[] {
  const at = (value: unknown): number => {
    const { seconds, nanos } = value as { readonly seconds: bigint; readonly nanos: number };
    return Number(seconds) * 1000 + nanos / 1e6;
  };
  const checks: Check[] = [];
  if (future) {
    checks.push((value, nowMs) =>
      at(value) > nowMs ? undefined : { reason: "value must be greater than now" },
    );
  }
  if (past) {
    checks.push((value, nowMs) =>
      at(value) < nowMs ? undefined : { reason: "value must be less than now" },
    );
  }
  return checks;
}

function formatCheck(format: Format): Check {
  switch (format) {
    case Format.EMAIL:
      return (value) =>
        isEmail(value as string) ? undefined : { reason: "value must be a valid email address" };
    case Format.URI:
      return (value) => (isURI(value as string) ? undefined : { reason: "value must be absolute" });
    case Format.URI_REFERENCE:
      return (value) =>
        isURIReference(value as string) ? undefined : { reason: "value must be a valid URI" };
    case Format.IP:
      return (value) =>
        isIPAddress(value as string) ? undefined : { reason: "value must be a valid IP address" };
    case Format.IPV4:
      return (value) =>
        isIPv4Address(value as string) ? undefined : { reason: "value must be a valid IPv4 address" };
  }
  const value = FormatSchema.value[format];
  return patternCheck(value === undefined ? "" : getOption(value, pattern));
}

function patternCheck(expression: string): Check {
  const compiled = new RegExp(expression);
  const reason = `value does not match regex pattern ${JSON.stringify(expression)}`;
  return (text) => (compiled.test(text as string) ? undefined : { reason });
}
