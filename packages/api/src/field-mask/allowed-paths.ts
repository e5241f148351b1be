import type { DescField, DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { getOption, hasOption } from "@bufbuild/protobuf";
import type { FieldMaskRule } from "../gen/skylark/api/options_pb.ts";
import { field_mask, masked } from "../gen/skylark/api/options_pb.ts";
import { registry } from "../registry.ts";
import { isBranch } from "./field-mask.ts";

/** Where a name without a package is looked for, in this order. */
const packages = ["ttn.lorawan.v3.", "tti.lorawan.v3.", "skylark.v1.", ""] as const;

interface Compiled {
  readonly allowed: ReadonlySet<string>;
  /** What must be unset where a mask that writes names a parent of it, by that parent. */
  readonly mustBeZero: ReadonlyMap<string, readonly string[]>;
}

const compiled = new WeakMap<DescMethod, Compiled>();
const nothing: Compiled = { allowed: new Set(), mustBeZero: new Map() };

/**
 * The paths that a method's field mask may name, each spelt out; empty for a method without a field mask. The method
 * may be given by name, as `NsEndDeviceRegistry.Get`.
 */
export function allowedFieldMaskPaths(method: DescMethod | string): ReadonlySet<string> {
  return compile(typeof method === "string" ? methodByName(method) : method).allowed;
}

/** Those of the paths that the method does not allow, in order. */
export function forbiddenFieldMaskPaths(method: DescMethod, paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return paths;
  const { allowed } = compile(method);
  return paths.filter((path) => !allowed.has(path));
}

/**
 * A path below a written one that the method does not write, and that has a value nevertheless in the entity that the
 * request's field mask is about.
 */
export function nonZeroPath(
  method: DescMethod,
  request: Message,
  paths: readonly string[],
): string | undefined {
  const { mustBeZero } = compile(method);
  if (mustBeZero.size === 0) return undefined;
  const unwritten = paths.flatMap((path) => mustBeZero.get(path) ?? []);
  if (unwritten.length === 0) return undefined;
  const field = method.input.fields.find((each) => hasOption(each, masked));
  const entity = field && (request as Message & Record<string, unknown>)[field.localName];
  if (field?.message === undefined || typeof entity !== "object" || entity === null) return undefined;
  const { message } = field;
  return unwritten.find((path) => hasValue(message, entity, path.split(".")));
}

/** A method by its service and name, with or without the package. */
export function methodByName(name: string): DescMethod {
  const [, serviceName = "", methodName] = /^\/?(.*)[./]([^./]*)$/.exec(name) ?? [];
  for (const prefix of packages) {
    const method = registry
      .getService(prefix + serviceName)
      ?.methods.find((each) => each.name === methodName);
    if (method !== undefined) return method;
  }
  throw new TypeError(`the schema has no method ${name}`);
}

function compile(method: DescMethod): Compiled {
  let known = compiled.get(method);
  if (known === undefined) {
    known = hasOption(method, field_mask) ? compileRule(getOption(method, field_mask)) : nothing;
    compiled.set(method, known);
  }
  return known;
}

function compileRule(rule: FieldMaskRule): Compiled {
  const chain = rulesOf(rule);
  const all = [...pathsOf(messageOf(chain))];
  const decisions = new Map<string, boolean>();
  for (const { only, except } of chain) {
    for (const path of only) decisions.set(path, true);
    for (const path of except) decisions.set(path, false);
  }
  // A rule that lists nothing to allow allows everything.
  const byDefault = chain[0]?.only.length === 0;
  const isAllowed = (path: string): boolean => {
    for (let end = path.length; end > 0; end = path.lastIndexOf(".", end - 1)) {
      const decision = decisions.get(path.slice(0, end));
      if (decision !== undefined) return decision;
    }
    return byDefault;
  };
  const allowed = new Set(all.filter(isAllowed));
  for (const { also } of chain) for (const path of also) allowed.add(path);
  return { allowed, mustBeZero: rule.set ? mustBeZeroOf(all, allowed) : new Map() };
}

/** A parent none of whose paths may be named by itself is written as a whole: a picture. */
function mustBeZeroOf(all: readonly string[], allowed: ReadonlySet<string>): Compiled["mustBeZero"] {
  const writtenInParts = byParent([...allowed]);
  const unwritten = byParent(all.filter((path) => !allowed.has(path)));
  return new Map([...unwritten].filter(([parent]) => writtenInParts.has(parent)));
}

/** The paths below each parent, near or far. */
function byParent(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const below = new Map<string, string[]>();
  for (const path of paths) {
    for (let end = path.lastIndexOf("."); end > 0; end = path.lastIndexOf(".", end - 1)) {
      const parent = path.slice(0, end);
      const known = below.get(parent);
      if (known === undefined) below.set(parent, [path]);
      else known.push(path);
    }
  }
  return below;
}

/** The rule and those it is like, the first one first. */
function rulesOf(rule: FieldMaskRule): readonly FieldMaskRule[] {
  return rule.like === "" ? [rule] : [...rulesOf(getOption(methodByName(rule.like), field_mask)), rule];
}

function messageOf(chain: readonly FieldMaskRule[]): DescMessage {
  const name = chain[0]?.message ?? "";
  for (const prefix of packages) {
    const desc = registry.getMessage(prefix + name);
    if (desc !== undefined) return desc;
  }
  throw new TypeError(`a field mask rule is about ${name}, which is no message`);
}

/** Every path of a message, a oneof being a level of its own. A type within itself ends the path. */
function* pathsOf(desc: DescMessage, parent = "", within: readonly DescMessage[] = []): Generator<string> {
  for (const member of desc.members) {
    const path = parent + member.name;
    yield path;
    for (const field of member.kind === "oneof" ? member.fields : [member]) {
      const fieldPath = member.kind === "oneof" ? `${path}.${field.name}` : path;
      if (member.kind === "oneof") yield fieldPath;
      if (isBranch(field) && !within.includes(field.message)) {
        yield* pathsOf(field.message, `${fieldPath}.`, [...within, field.message]);
      }
    }
  }
}

function hasValue(desc: DescMessage, message: object, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  const member = desc.members.find((each) => each.name === name);
  if (member === undefined) return false;
  const value = (message as Record<string, unknown>)[member.localName];
  if (member.kind !== "oneof") return hasFieldValue(member, value, rest);
  const chosen = value as { readonly case?: string; readonly value?: unknown };
  if (rest.length === 0) return chosen.case !== undefined;
  const field = member.fields.find((each) => each.name === rest[0] && each.localName === chosen.case);
  return field !== undefined && hasFieldValue(field, chosen.value, rest.slice(1));
}

function hasFieldValue(field: DescField, value: unknown, path: readonly string[]): boolean {
  if (value === undefined || value === "" || value === 0 || value === 0n || value === false) return false;
  if (typeof value !== "object" || value === null) return true;
  if (field.fieldKind === "message") {
    return path.length === 0 || (isBranch(field) && hasValue(field.message, value, path));
  }
  return Object.keys(value).length > 0;
}
