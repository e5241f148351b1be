import { statusCodes } from "@skylark/api";
import { RequestError } from "./error-status.ts";

export interface LenientJson {
  readonly json: unknown;
  /** What was read although it is no JSON. */
  readonly warning?: string;
}

/**
 * Reads JSON, and also what is JSON but for commas before a closing bracket, which the public documentation has in an
 * example. Throws a `RequestError` on anything else.
 */
export function parseLenientJson(text: string): LenientJson {
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    const repaired = withoutTrailingCommas(text);
    if (repaired !== text) {
      try {
        return {
          json: JSON.parse(repaired),
          warning: "the request body is not valid JSON: it has a comma before a closing bracket",
        };
      } catch {
        // What is wrong with the text as it came is what helps.
      }
    }
    throw new RequestError(statusCodes.invalidArgument, `invalid JSON: ${reasonOf(error)}`);
  }
}

/** The parser's message quotes the text, which may be long or secret: only its first line, up to a sensible length. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const position = /position \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0];
  if (message.startsWith("Unexpected end")) return "unexpected end";
  return position === undefined ? "unexpected token" : `unexpected token at ${position}`;
}

/** Blanks each comma that only white space parts from a closing bracket, outside of strings. */
export function withoutTrailingCommas(text: string): string {
  let result = "";
  let from = 0;
  let comma = -1;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === quote) {
      index = endOfString(text, index);
      comma = -1;
    } else if (character === commaCode) {
      // A second comma is an error of its own.
      comma = comma === -1 ? index : -2;
    } else if (character === closingBrace || character === closingBracket) {
      if (comma >= 0) {
        result += text.slice(from, comma);
        from = comma + 1;
      }
      comma = -1;
    } else if (!isWhiteSpace(character)) {
      // A comma behind an opening bracket ends nothing.
      comma = character === openingBrace || character === openingBracket ? -2 : -1;
    }
  }
  return result + text.slice(from);
}

const quote = 0x22;
const backslash = 0x5c;
const commaCode = 0x2c;
const openingBrace = 0x7b;
const openingBracket = 0x5b;
const closingBrace = 0x7d;
const closingBracket = 0x5d;

const isWhiteSpace = (code: number): boolean =>
  code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b);

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text.charCodeAt(index) !== quote) {
    index += text.charCodeAt(index) === backslash ? 2 : 1;
  }
  return index;
}
