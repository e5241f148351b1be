// The language between the server and its formatter processes, over a pipe each way. Both ends are of one version.
//
// To the process: commands back to back, each a code and its fields. From it: one result for each call, in order.

export const formatterFunctions = [
  "decodeUplink",
  "encodeDownlink",
  "decodeDownlink",
  "dryRunUplink",
  "dryRunDownlink",
] as const;
export type FormatterFunction = (typeof formatterFunctions)[number];

export const commandCodes = { define: 0, forget: 1, call: 2 } as const;

export const resultCodes = {
  /** Text: the JSON of `data`, empty when there is none. */
  data: 0,
  /** Text: `{"warnings":[…]}`, a line feed, and the JSON of `data`. */
  dataWithWarnings: 1,
  /** Text: `{"name":…,"message":…}` or `{"name":"output_errors","errors":[…]}`. */
  error: 2,
  timeout: 3,
  outOfMemory: 4,
  /** Not run: an earlier call of the script took more than its share. */
  skipped: 5,
  /** Not an answer: the process is up. Text: the name of its engine. */
  ready: 255,
} as const;
export type ResultCode = (typeof resultCodes)[keyof typeof resultCodes];

export const resultHeaderLength = 5;
export const callHeaderLength = 20;
export const defineHeaderLength = 9;
export const forgetLength = 5;

/** What a process is told when it starts, as JSON in its first argument. */
export interface SandboxSettings {
  readonly engine: "auto" | "isolated-vm" | "quickjs";
  /** Where the native part of isolated-vm lies. */
  readonly addonPath: string | undefined;
  /** Where QuickJS is imported from. */
  readonly quickjsUrl: string;
  readonly timeoutMs: number;
  readonly memoryLimitBytes: number;
  /** Scripts kept warm. */
  readonly maxWarmScripts: number;
  /** Characters of JSON that one call may give. */
  readonly maxResultLength: number;
}
