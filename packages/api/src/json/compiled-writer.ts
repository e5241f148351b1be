import type { DescField, JsonObject } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { MemberCodec } from "./member-codec.ts";
import type { Properties } from "./well-known-codec.ts";

/** Makes the JSON value of a message. */
export type Writer = (message: Properties) => JsonObject;

/**
 * The writer of a message type as code of its own, in which every field is a property access that the engine knows:
 * a loop over the fields takes several times as long, because it meets another property each time. Undefined where
 * code cannot be made, such as in a page that forbids it.
 */
export function compileWriter(members: readonly MemberCodec[]): Writer | undefined {
  const codecs = members.map(({ codec }) => codec);
  const lines = members.map(statement);
  try {
    // Names in the code are those of the schema, quoted.
    const make = new Function("c", `return (m) => { const o = {}; let v; ${lines.join(" ")} return o; };`);
    return make(codecs) as Writer;
  } catch {
    return undefined;
  }
}

/** The same by going through the fields. */
export function loopingWriter(members: readonly MemberCodec[]): Writer {
  return (message) => {
    const object: JsonObject = {};
    for (const member of members) {
      const value = member.get(message);
      if (value === undefined || member.codec.isZero(value)) continue;
      object[member.name] = member.codec.toValue(value);
    }
    return object;
  };
}

function statement({ name, property, oneof, desc }: MemberCodec, index: number): string {
  const target = `o[${JSON.stringify(name)}]`;
  if (oneof !== undefined) {
    const chosen = `m[${JSON.stringify(oneof)}]`;
    return `if (${chosen}.case === ${JSON.stringify(property)}) ${target} = c[${index}].toValue(${chosen}.value);`;
  }
  const value = isShownAsIs(desc) ? "v" : `c[${index}].toValue(v)`;
  const condition = conditionOf(desc) ?? `!c[${index}].isZero(v)`;
  return `v = m[${JSON.stringify(property)}]; if (v !== undefined && ${condition}) ${target} = ${value};`;
}

/** When a value that is set is shown; undefined where the codec has to say. */
function conditionOf(field: DescField): string | undefined {
  switch (field.fieldKind) {
    case "scalar":
      return zeroTests[field.scalar];
    case "enum":
      return `v !== ${field.enum.values[0]?.number ?? 0}`;
    case "message":
      return "true";
    case "list":
      return "v.length !== 0";
    case "map":
      return undefined;
  }
}

const zeroTests: Readonly<Record<ScalarType, string>> = {
  [ScalarType.DOUBLE]: "v !== 0",
  [ScalarType.FLOAT]: "v !== 0",
  [ScalarType.INT64]: "v !== 0n",
  [ScalarType.UINT64]: "v !== 0n",
  [ScalarType.INT32]: "v !== 0",
  [ScalarType.FIXED64]: "v !== 0n",
  [ScalarType.FIXED32]: "v !== 0",
  [ScalarType.BOOL]: "v !== false",
  [ScalarType.STRING]: 'v !== ""',
  [ScalarType.BYTES]: "v.length !== 0",
  [ScalarType.UINT32]: "v !== 0",
  [ScalarType.SFIXED32]: "v !== 0",
  [ScalarType.SFIXED64]: "v !== 0n",
  [ScalarType.SINT32]: "v !== 0",
  [ScalarType.SINT64]: "v !== 0n",
};

function isShownAsIs(field: DescField): boolean {
  if (field.fieldKind !== "scalar") return false;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BOOL:
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return true;
    default:
      return false;
  }
}
