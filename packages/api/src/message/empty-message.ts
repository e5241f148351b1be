import type { DescMessage, Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";

const makers = new WeakMap<DescMessage, () => Message>();

/** An empty message, as `create` makes it. */
export function emptyMessage(desc: DescMessage): Message {
  let make = makers.get(desc);
  if (make === undefined) {
    make = emptyMessages(desc);
    makers.set(desc, make);
  }
  return make();
}

/**
 * A function that makes empty messages of a type, as `create` does, by an object literal of the type's own: it knows
 * the shape of the whole message at once. Where code cannot be made, `create` itself.
 */
export function emptyMessages(desc: DescMessage): () => Message {
  const sample = create(desc);
  const slow = (): Message => create(desc);
  // Messages whose fields know whether they were set keep their defaults elsewhere.
  if (Object.getPrototypeOf(sample) !== Object.prototype) return slow;
  const entries = Object.entries(sample);
  const values = entries.map(([, value]) => value as unknown);
  const members = entries.map(([name, value], index) => `${JSON.stringify(name)}: ${literal(value, index)}`);
  try {
    // Names in the code are those of the schema, quoted.
    return new Function("z", `return () => ({ ${members.join(", ")} });`)(values) as () => Message;
  } catch {
    return slow;
  }
}

/** Lists, maps and the choices of oneofs are each message's own; other values never change. */
function literal(value: unknown, index: number): string {
  if (Array.isArray(value)) return "[]";
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return `z[${index}]`;
  return "case" in value ? "{ case: undefined }" : "{}";
}
