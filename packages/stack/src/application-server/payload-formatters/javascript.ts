import type { At } from "../../clock/clock.ts";
import { defineErrors } from "../../errors/errors.ts";
import { type DecodedPayload, type EncodedPayload, noWarnings, type PayloadFormatter } from "./formatter.ts";
import type { FormatterResult } from "./sandbox/process-client.ts";
import { resultCodes } from "./sandbox/protocol.ts";
import type { FormatterSandbox } from "./sandbox/sandbox.ts";
import type { Script } from "./sandbox/script.ts";

const processorErrors = defineErrors("pkg/messageprocessors/javascript");
const outputErrors = processorErrors.aborted("output_errors", "{errors}");
const outputInvalid = processorErrors.unknown("output", "invalid output: {message}");

const scriptErrors = defineErrors("pkg/scripting/javascript");
const entrypointNotFound = scriptErrors.notFound("entrypoint_not_found", "function `{entrypoint}` not found");
const runtime = scriptErrors.aborted("runtime", "{message}");
const scriptInvalid = scriptErrors.aborted("script", "{message}");
const scriptTimeout = scriptErrors.deadlineExceeded("script_timeout", "script timeout");
const scriptMemory = scriptErrors.aborted("script_memory", "script ran out of memory");

const v2Errors = defineErrors("skylark/v2");
/** In the words of V2, since its clients show them. */
const payloadFunctionFailed = v2Errors.aborted("payload_function", "{message}");
/** A validator of V2 said no: the message is not for the application. */
export const payloadNotValid = v2Errors.aborted(
  "payload_not_valid",
  "Payload not valid: payload validator function returned false",
);

interface ScriptFailure {
  readonly name: string;
  readonly message?: string;
  readonly errors?: readonly string[];
}

/** Runs the functions of one script in the sandbox. */
export class JavaScriptFormatter implements PayloadFormatter {
  readonly #sandbox: FormatterSandbox;
  readonly #script: Script;

  constructor(sandbox: FormatterSandbox, script: Script) {
    this.#sandbox = sandbox;
    this.#script = script;
  }

  decodeUplink(bytes: Uint8Array, fPort: number, receivedAt: At): Promise<DecodedPayload> {
    return this.#sandbox
      .call(this.#script, "decodeUplink", bytes, { fPort, recvTime: receivedAt })
      .then(decodedPayload);
  }

  async encodeDownlink(json: string, fPort: number): Promise<EncodedPayload> {
    const input = Buffer.from(json, "utf8");
    const context = { fPort, recvTime: 0 };
    const result = decodedPayload(await this.#sandbox.call(this.#script, "encodeDownlink", input, context));
    const output = JSON.parse(result.json ?? "{}") as { bytes?: number[]; fPort?: number };
    return {
      bytes: Uint8Array.from(output.bytes ?? []),
      ...(output.fPort !== undefined && { fPort: output.fPort }),
      warnings: result.warnings,
    };
  }

  async decodeDownlink(bytes: Uint8Array, fPort: number): Promise<DecodedPayload> {
    const context = { fPort, recvTime: 0 };
    return decodedPayload(await this.#sandbox.call(this.#script, "decodeDownlink", bytes, context));
  }
}

export function decodedPayload({ code, text }: FormatterResult): DecodedPayload {
  switch (code) {
    case resultCodes.data:
      return { json: text === "" ? undefined : text, warnings: noWarnings };
    case resultCodes.dataWithWarnings: {
      const end = text.indexOf("\n");
      const { warnings } = JSON.parse(text.slice(0, end)) as { warnings: string[] };
      return { json: end + 1 === text.length ? undefined : text.slice(end + 1), warnings };
    }
    case resultCodes.timeout:
      throw scriptTimeout();
    case resultCodes.outOfMemory:
      throw scriptMemory();
    default:
      throw failureOf(JSON.parse(text) as ScriptFailure);
  }
}

function failureOf({ name, message = "", errors = [] }: ScriptFailure): Error {
  switch (name) {
    case "output_errors":
      return outputErrors({ errors: errors.join(", ") });
    case "entrypoint":
      return entrypointNotFound({ entrypoint: message });
    case "output":
      return outputInvalid({ message });
    case "function":
      return payloadFunctionFailed({ message });
    case "validator":
      return payloadNotValid();
    case "script":
      return scriptInvalid({ message });
    default:
      return runtime({ message });
  }
}
