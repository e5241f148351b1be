import type { JsonValue } from "@bufbuild/protobuf";

/** Deepest nesting that is read or written: bounds recursion on input from strangers. */
export const maxDepth = 100;

/**
 * One kind of value in its two forms. The descriptor decides which codec meets which value, so the values are
 * `unknown` here and each codec narrows its own.
 */
export interface ValueCodec {
  /** Proto3's default value, which is left out of messages. */
  isZero(value: unknown): boolean;
  toValue(value: unknown): JsonValue;
  /** Throws `JSONDecodeError`. */
  read(json: JsonValue, depth: number): unknown;
}
