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

const patternsTooDear = defineErrors("skylark/event-server").resourceExhausted(
  "patterns_too_dear",
  "the patterns of late took too long to match, name the events instead",
);

const maximumNames = 500;
const maximumPatterns = 20;
const maximumPatternLength = 256;
const matchTimeoutMs = 50;

/** Time that patterns may take, since nothing else happens meanwhile: some at once, and a share of what passes. */
export interface PatternBudget {
  isSpent(): boolean;
  spend(durationMs: number): void;
}

const budgetAtOnceMs = 200;
/** What a pattern takes that is not its own fault. */
const freeMs = 1;
const budgetShare = 0.05;

export function createPatternBudget(nowMs: () => number = () => performance.now()): PatternBudget {
  let spentMs = 0;
  let countedAt = nowMs();
  const current = (): number => {
    const now = nowMs();
    spentMs = Math.max(0, spentMs - (now - countedAt) * budgetShare);
    countedAt = now;
    return spentMs;
  };
  return {
    isSpent: () => current() >= budgetAtOnceMs,
    spend(durationMs) {
      spentMs = current() + Math.max(0, durationMs - freeMs);
    },
  };
}

const budgetOfAll = createPatternBudget();

/**
 * The events that a subscription names: exactly, or all that match a `/regular expression/`. A pattern is tried once
 * on the finite list of events, under a time limit, and all patterns together have a limit too, so that neither one
 * nor many of them can hold up the process.
 */
export function resolveEventNames(
  wanted: readonly string[],
  known: ReadonlySet<string>,
  budget: PatternBudget = budgetOfAll,
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
      for (const match of matching(pattern, known, budget)) names.add(match);
    } else {
      if (!known.has(name)) throw unknownEventName({ name: name.slice(0, 100) });
      names.add(name);
    }
  }
  return names;
}

const matcher = new Script("names.filter((name) => pattern.test(name))");
/** One for all: making one takes longer than most patterns do. */
const sandbox: { pattern: RegExp; names: readonly string[] } = { pattern: /^/, names: [] };
const context = createContext(sandbox);

/** Time that this thread has worked: that the machine does something else meanwhile is no fault of a pattern. */
function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function matching(text: string, known: ReadonlySet<string>, budget: PatternBudget): readonly string[] {
  if (text.length > maximumPatternLength) throw invalidRegexp();
  if (budget.isSpent()) throw patternsTooDear();
  const workedBeforeMs = workedMs();
  let matches: readonly string[];
  try {
    sandbox.pattern = new RegExp(text);
    sandbox.names = [...known];
    matches = matcher.runInContext(context, { timeout: matchTimeoutMs }) as readonly string[];
  } catch (cause) {
    throw invalidRegexp({}, { cause });
  } finally {
    budget.spend(workedMs() - workedBeforeMs);
  }
  if (matches.length === 0) throw noMatchingEvents({ regexp: text });
  return matches;
}
