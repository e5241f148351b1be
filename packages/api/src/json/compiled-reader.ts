import type { JsonObject } from "@bufbuild/protobuf";
import type { MemberCodec } from "./member-codec.ts";
import type { Properties } from "./well-known-codec.ts";

/** Reads the fields of a JSON object into a message that has none of them yet; `place` is told which is being read. */
export type Reader = (json: JsonObject, message: Properties, depth: number, place: Place) => void;

/** Where a reader is, for the error if it fails. */
export interface Place {
  name: string;
}

/**
 * The reader of a message type as code of its own, in which every field is a property that the engine knows. Undefined
 * where code cannot be made, such as in a page that forbids it.
 */
export function compileReader(members: readonly MemberCodec[]): Reader | undefined {
  const indexes = new Map<string, number>();
  for (const [index, { name, jsonName }] of members.entries()) indexes.set(name, index).set(jsonName, index);
  const codecs = members.map(({ codec }) => codec);
  const cases = members.map((member, index) => {
    const guard = member.readsNull ? "" : "if (v === null) break; ";
    const read = `c[${index}].read(v, depth + 1)`;
    return `case ${index}: ${guard}${assignment(member, read)} break;`;
  });
  try {
    // Names in the code are those of the schema, quoted.
    const make = new Function(
      "c",
      "indexes",
      `return (json, m, depth, place) => { for (const name in json) { const v = json[name]; if (v === undefined) continue; ` +
        `place.name = name; switch (indexes.get(name)) { ${cases.join(" ")} } } };`,
    );
    return make(codecs, indexes) as Reader;
  } catch {
    return undefined;
  }
}

function assignment({ property, oneof }: MemberCodec, read: string): string {
  const name = JSON.stringify(property);
  if (oneof === undefined) return `m[${name}] = ${read};`;
  return `m[${JSON.stringify(oneof)}] = { case: ${name}, value: ${read} };`;
}

/** The same by going through the fields. */
export function loopingReader(members: readonly MemberCodec[]): Reader {
  const byName = new Map<string, MemberCodec>();
  for (const member of members) byName.set(member.name, member).set(member.jsonName, member);
  return (json, message, depth, place) => {
    for (const name in json) {
      const member = byName.get(name);
      const value = json[name];
      // A null is a field that was not sent, except where null is a value of its own.
      if (member === undefined || value === undefined || (value === null && !member.readsNull)) continue;
      place.name = name;
      member.set(message, member.codec.read(value, depth + 1));
    }
  };
}
