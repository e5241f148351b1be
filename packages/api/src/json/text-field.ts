import type { DescField, DescMessage, JsonValue, Message } from "@bufbuild/protobuf";
import { create, ScalarType } from "@bufbuild/protobuf";
import { JSONDecodeError } from "./json-decode-error.ts";
import type { MemberCodec } from "./member-codec.ts";
import { memberCodecs } from "./member-codec.ts";
import { messageCodec } from "./message-codec.ts";
import type { Properties } from "./well-known-codec.ts";

/** Sets a field of a message from text, as it stands in a path or a query; throws `JSONDecodeError`. */
export type TextField = (message: Message, texts: readonly string[]) => void;

const compiled = new WeakMap<DescMessage, Map<string, TextField | undefined>>();
/** A stranger chooses the names, so unknown ones must not fill memory. */
const mostNames = 1000;

/** The setter of the field at a path such as `end_device_ids.device_id`; undefined when there is no such field. */
export function textField(schema: DescMessage, path: string): TextField | undefined {
  let fields = compiled.get(schema);
  if (fields === undefined) {
    fields = new Map();
    compiled.set(schema, fields);
  }
  if (fields.has(path)) return fields.get(path);
  // A stranger chooses the keys of a map too, so these are made anew each time.
  if (path.endsWith("]")) return mapEntry(schema, path);
  const field = compile(schema, path);
  if (field !== undefined || fields.size < mostNames) fields.set(path, field);
  return field;
}

/** `attributes_contain[key]`: one entry of a map, beside those that it has. */
function mapEntry(schema: DescMessage, path: string): TextField | undefined {
  const [, name = "", key = ""] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(path) ?? [];
  const steps = name === "" ? undefined : findSteps(schema, name.split("."));
  const leaf = steps?.at(-1);
  if (steps?.length !== 1 || leaf?.desc.fieldKind !== "map") return undefined;
  return (message, texts) => {
    const target = message as Properties;
    try {
      const entry = leaf.member.codec.read({ [key]: texts.at(-1) ?? "" }, steps.length) as object;
      leaf.member.set(target, { ...(leaf.member.get(target) as object | undefined), ...entry });
    } catch (error) {
      throw error instanceof JSONDecodeError ? error.within(path) : error;
    }
  };
}

interface Step {
  readonly member: MemberCodec;
  readonly desc: DescField;
}

function compile(schema: DescMessage, path: string): TextField | undefined {
  const names = path.split(".");
  // The longer spelling of a mask in a query.
  if (names.length > 1 && names.at(-1) === "paths") {
    const mask = findSteps(schema, names.slice(0, -1));
    if (mask?.at(-1)?.desc.message?.typeName === "google.protobuf.FieldMask") return setterOf(mask, path);
  }
  const steps = findSteps(schema, names);
  return steps === undefined ? undefined : setterOf(steps, path);
}

function findSteps(schema: DescMessage, names: readonly string[]): readonly Step[] | undefined {
  const steps: Step[] = [];
  let desc: DescMessage | undefined = schema;
  for (const name of names) {
    const index: number =
      desc?.fields.findIndex((each) => each.name === name || each.jsonName === name) ?? -1;
    const field: DescField | undefined = desc?.fields[index];
    const member = desc === undefined ? undefined : memberCodecs(desc, messageCodec)[index];
    if (field === undefined || member === undefined) return undefined;
    steps.push({ member, desc: field });
    desc = field.fieldKind === "message" ? field.message : undefined;
  }
  return steps;
}

function setterOf(steps: readonly Step[], path: string): TextField | undefined {
  const parents = steps.slice(0, -1);
  const leaf = steps.at(-1);
  if (leaf === undefined) return undefined;
  return (message, texts) => {
    let target = message as Properties;
    for (const { member, desc } of parents) {
      if (desc.message === undefined) return;
      let child = member.get(target);
      if (child === undefined) {
        child = create(desc.message);
        member.set(target, child);
      }
      target = child as Properties;
    }
    try {
      leaf.member.set(target, leaf.member.codec.read(toJson(leaf.desc, texts), steps.length));
    } catch (error) {
      throw error instanceof JSONDecodeError ? error.within(path) : error;
    }
  };
}

/** What a body would have had in this place. A message or a list of them is written as its JSON. */
function toJson(field: DescField, texts: readonly string[]): JsonValue {
  if (field.message?.typeName === "google.protobuf.FieldMask") return texts.join(",");
  if (field.fieldKind === "list") {
    const [only = ""] = texts;
    if (field.message !== undefined && texts.length === 1 && only.startsWith("[")) return parse(only);
    return texts.map((text) => itemJson(field, text));
  }
  // Of a value that is given twice the last one counts.
  return itemJson(field, texts.at(-1) ?? "");
}

function itemJson(field: DescField, text: string): JsonValue {
  if (text.startsWith("{") && field.message !== undefined) return parse(text);
  const bare = field.message === undefined ? field : field.message.fields[0];
  const isBool = bare?.fieldKind === "scalar" && bare.scalar === ScalarType.BOOL;
  return (isBool ? truths.get(text.toLowerCase()) : undefined) ?? text;
}

/** As clients of the public API write them in addresses. */
const truths: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "1"].map((text) => [text, true] as const),
  ...["false", "f", "0"].map((text) => [text, false] as const),
]);

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new JSONDecodeError("invalid JSON");
  }
}
