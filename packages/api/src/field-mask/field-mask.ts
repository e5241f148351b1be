import type { DescField, DescMessage, DescOneof, MessageShape } from "@bufbuild/protobuf";
import { emptyMessage } from "../message/empty-message.ts";

/** The paths of a comma-separated field mask. */
export function parseFieldMask(text: string): string[] {
  return text
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "");
}

/** Paths by their first segment; `undefined` is the whole of what the name stands for. */
type Tree = ReadonlyMap<string, Tree | undefined>;

const trees = new WeakMap<readonly string[], Tree>();

/** A parent among the paths covers what is below it. Kept per list, since many masks are constants. */
function treeOf(paths: readonly string[]): Tree {
  let tree = trees.get(paths);
  if (tree === undefined) {
    tree = buildTree(paths);
    trees.set(paths, tree);
  }
  return tree;
}

function buildTree(paths: readonly string[]): Tree {
  const below = new Map<string, string[] | undefined>();
  for (const path of paths) {
    const dot = path.indexOf(".");
    const name = dot < 0 ? path : path.slice(0, dot);
    if (dot < 0) below.set(name, undefined);
    else if (!below.has(name)) below.set(name, [path.slice(dot + 1)]);
    else below.get(name)?.push(path.slice(dot + 1));
  }
  return new Map([...below].map(([name, rest]) => [name, rest && buildTree(rest)]));
}

type Properties = Record<string, unknown>;
type Chosen = { readonly case?: string | undefined; readonly value?: unknown };

/** A new message with only the named fields of `message`; their values are shared, not copied. */
export function pick<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  paths: readonly string[],
): MessageShape<Desc> {
  return pickTree(schema, message as unknown as Properties, treeOf(paths)) as unknown as MessageShape<Desc>;
}

function pickTree(desc: DescMessage, source: Properties, tree: Tree): Properties {
  const picked = emptyMessage(desc) as unknown as Properties;
  for (const [name, rest] of tree) {
    const member = memberOf(desc, name);
    if (member === undefined) continue;
    picked[member.localName] =
      member.kind === "oneof"
        ? pickOneof(member, source, rest)
        : pickValue(member, source[member.localName], rest);
  }
  return picked;
}

function pickOneof(oneof: DescOneof, source: Properties, tree: Tree | undefined): Chosen {
  const chosen = source[oneof.localName] as Chosen;
  const field = oneof.fields.find(({ localName }) => localName === chosen.case);
  if (tree === undefined || field === undefined) return chosen;
  if (!tree.has(field.name)) return { case: undefined };
  return { case: chosen.case, value: pickValue(field, chosen.value, tree.get(field.name)) };
}

function pickValue(field: DescField, value: unknown, tree: Tree | undefined): unknown {
  if (tree === undefined || value === undefined || !isBranch(field)) return value;
  return pickTree(field.message, value as Properties, tree);
}

/**
 * A new message: `target` with the named fields as they are in `source`. A parent path replaces all below it, and a
 * field that `source` does not have is cleared.
 */
export function assign<Desc extends DescMessage>(
  schema: Desc,
  target: MessageShape<Desc>,
  source: MessageShape<Desc>,
  paths: readonly string[],
): MessageShape<Desc> {
  return assignTree(
    schema,
    target as unknown as Properties,
    source as unknown as Properties,
    treeOf(paths),
  ) as unknown as MessageShape<Desc>;
}

function assignTree(desc: DescMessage, target: Properties, source: Properties, tree: Tree): Properties {
  const result = { ...target };
  for (const [name, rest] of tree) {
    const member = memberOf(desc, name);
    if (member === undefined) continue;
    const key = member.localName;
    result[key] =
      member.kind === "oneof"
        ? assignOneof(member, target[key] as Chosen, source[key] as Chosen, rest)
        : assignValue(member, target[key], source[key], rest);
  }
  return result;
}

function assignOneof(oneof: DescOneof, target: Chosen, source: Chosen, tree: Tree | undefined): Chosen {
  if (tree === undefined) return source;
  let result = target;
  for (const [name, rest] of tree) {
    const field = oneof.fields.find((each) => each.name === name);
    if (field === undefined) continue;
    const before = target.case === field.localName ? target.value : undefined;
    if (source.case === field.localName) {
      result = { case: field.localName, value: assignValue(field, before, source.value, rest) };
    } else if (before !== undefined) {
      const value = rest === undefined ? undefined : assignValue(field, before, undefined, rest);
      result = value === undefined ? { case: undefined } : { case: field.localName, value };
    }
  }
  return result;
}

function assignValue(field: DescField, target: unknown, source: unknown, tree: Tree | undefined): unknown {
  if (tree === undefined || !isBranch(field)) return source;
  if (source === undefined && target === undefined) return undefined;
  const empty = emptyMessage(field.message) as unknown as Properties;
  return assignTree(
    field.message,
    (target as Properties | undefined) ?? empty,
    (source as Properties | undefined) ?? empty,
    tree,
  );
}

/** Whether a path may go on below the field: maps, lists and google's types are taken as a whole. */
export function isBranch(field: DescField): field is DescField & { fieldKind: "message" } {
  return field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.");
}

const members = new WeakMap<DescMessage, ReadonlyMap<string, DescField | DescOneof>>();

function memberOf(desc: DescMessage, name: string): DescField | DescOneof | undefined {
  let byName = members.get(desc);
  if (byName === undefined) {
    byName = new Map(desc.members.map((member) => [member.name, member]));
    members.set(desc, byName);
  }
  return byName.get(name);
}
