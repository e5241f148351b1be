import { createContext, Script } from "node:vm";
import { defineErrors } from "../errors/errors.ts";

const errors = defineErrors("pkg/events");
const unknownEventName = errors.invalidArgument("unknown_event_name", "unknown event `{name}`");
const invalidRegexp = errors.invalidArgument("invalid_regexp", "invalid regular expression");
const noMatchingEvents = errors.invalidArgument("no_matching_events", "no events match `{regexp}`");

const tooManyNames = defineErrors("skylark/event-server").invalidArgument(
  "too_many_names",
  "more than {maximum} names, or more than {maximum_patterns} patterns among them",
);

const maximumNames = 500;
const maximumPatterns = 20;
const maximumPatternLength = 256;
const matchTimeoutMs = 20;

/**
 * The events that a subscription names: exactly, or all that match a `/regular expression/`. A pattern is tried once
 * on the finite list of events, under a time limit, so that no pattern can hold up the process.
 */
export function resolveEventNames(
  wanted: readonly string[],
  known: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  if (wanted.length === 0) return undefined;
  const isPattern = (name: string) => name.length > 1 && name.startsWith("/") && name.endsWith("/");
  if (wanted.length > maximumNames || wanted.filter(isPattern).length > maximumPatterns) {
    throw tooManyNames({ maximum: maximumNames, maximum_patterns: maximumPatterns });
  }
  const names = new Set<string>();
  for (const name of wanted) {
    const pattern = isPattern(name) ? name.slice(1, -1) : undefined;
    if (pattern !== undefined) {
      for (const match of matching(pattern, known)) names.add(match);
    } else {
      if (!known.has(name)) throw unknownEventName({ name: name.slice(0, 100) });
      names.add(name);
    }
  }
  return names;
}

const matcher = new Script("names.filter((name) => pattern.test(name))");

function matching(text: string, known: ReadonlySet<string>): readonly string[] {
  if (text.length > maximumPatternLength) throw invalidRegexp();
  let matches: readonly string[];
  try {
    const sandbox = createContext({ pattern: new RegExp(text), names: [...known] });
    matches = matcher.runInContext(sandbox, { timeout: matchTimeoutMs }) as readonly string[];
  } catch (cause) {
    throw invalidRegexp({}, { cause });
  }
  if (matches.length === 0) throw noMatchingEvents({ regexp: text });
  return matches;
}
