import { decodedPayload } from "./javascript.ts";
import type { FormatterSandbox } from "./sandbox/sandbox.ts";
import type { Script } from "./sandbox/script.ts";

/** What a function of V2 wrote with `console.log`. */
export interface FunctionLog {
  /** `Decoder`, `Converter`, `Validator` or `Encoder`. */
  readonly function: string;
  /** One JSON text for each argument. */
  readonly fields: readonly string[];
}

export interface DryUplink {
  readonly payload: Uint8Array;
  /** A JSON object; undefined where no function gave one. */
  readonly fields: string | undefined;
  readonly valid: boolean;
  readonly logs: readonly FunctionLog[];
}

export interface DryDownlink {
  readonly payload: Uint8Array;
  readonly logs: readonly FunctionLog[];
}

/** Runs Decoder, Converter and Validator of a script; throws a named error in V2's words when one of them fails. */
export async function dryRunUplink(
  sandbox: FormatterSandbox,
  script: Script,
  payload: Uint8Array,
  fPort: number,
): Promise<DryUplink> {
  const result = await sandbox.call(script, "dryRunUplink", payload, { fPort, recvTime: 0 });
  const { fields, valid, logs } = JSON.parse(decodedPayload(result).json ?? "{}") as {
    readonly fields: object | null;
    readonly valid: boolean;
    readonly logs: readonly FunctionLog[];
  };
  return { payload, fields: fields === null ? undefined : JSON.stringify(fields), valid, logs };
}

/** Runs the Encoder of a script on a JSON object. */
export async function dryRunDownlink(
  sandbox: FormatterSandbox,
  script: Script,
  fields: string,
  fPort: number,
): Promise<DryDownlink> {
  const input = Buffer.from(fields, "utf8");
  const result = await sandbox.call(script, "dryRunDownlink", input, { fPort, recvTime: 0 });
  const { bytes, logs } = JSON.parse(decodedPayload(result).json ?? "{}") as {
    readonly bytes: readonly number[];
    readonly logs: readonly FunctionLog[];
  };
  return { payload: Uint8Array.from(bytes), logs };
}
