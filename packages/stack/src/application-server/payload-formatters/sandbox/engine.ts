import type { FormatterFunction } from "./protocol.ts";

/** How a call in a sandbox ended. */
export type Outcome =
  /** Text as `bootstrap.ts` makes it. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "timeout" }
  | { readonly kind: "outOfMemory" };

/** A script in a sandbox of its own. */
export interface LoadedScript {
  call(name: FormatterFunction, input: string): Outcome;
  dispose(): void;
}

/** Runs scripts of strangers. */
export interface ScriptEngine {
  readonly name: string;
  /** Throws a `ScriptLoadError` when the script does not compile. */
  load(source: string): LoadedScript;
}

export class ScriptLoadError extends Error {
  readonly outcome: "syntax" | "timeout" | "outOfMemory";

  constructor(outcome: "syntax" | "timeout" | "outOfMemory", message: string) {
    super(message);
    this.outcome = outcome;
  }
}

export interface EngineLimits {
  readonly timeoutMs: number;
  readonly memoryLimitBytes: number;
  readonly maxResultLength: number;
}
