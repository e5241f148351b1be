import { createRequire } from "node:module";
import type * as IsolatedVm from "isolated-vm";
import { bootstrapSource, factorySource } from "./bootstrap.ts";
import {
  type EngineLimits,
  type LoadedScript,
  type Outcome,
  type ScriptEngine,
  ScriptLoadError,
} from "./engine.ts";
import type { FormatterFunction } from "./protocol.ts";

// A call that was interrupted although it had little of the processor is tried again.
const starvedShare = 0.5;
const maxTries = 2;

/** Isolates of V8 with hard limits. The addon is loaded by path, since nothing else may be read here. */
export function createIsolatedVmEngine(addonPath: string, limits: EngineLimits): ScriptEngine {
  const { ivm } = loadAddon(addonPath);
  return {
    name: "isolated-vm",
    load: (source) => new IsolatedScript(ivm, limits, source),
  };
}

function loadAddon(addonPath: string): { readonly ivm: typeof IsolatedVm } {
  return createRequire(import.meta.url)(addonPath) as { readonly ivm: typeof IsolatedVm };
}

class IsolatedScript implements LoadedScript {
  readonly #isolate: IsolatedVm.Isolate;
  readonly #limits: EngineLimits;
  readonly #invoke: IsolatedVm.Reference;

  constructor(ivm: typeof IsolatedVm, limits: EngineLimits, source: string) {
    this.#limits = limits;
    const memoryLimit = Math.max(8, Math.floor(limits.memoryLimitBytes / 1024 ** 2));
    this.#isolate = new ivm.Isolate({ memoryLimit });
    try {
      const context = this.#isolate.createContextSync();
      const timeout = limits.timeoutMs;
      const setUp: IsolatedVm.Reference = context.evalSync(bootstrapSource, { reference: true });
      const factory: IsolatedVm.Reference = context.evalSync(factorySource(source), {
        reference: true,
        timeout,
      });
      this.#invoke = setUp.applySync(undefined, [factory.derefInto(), limits.maxResultLength], {
        result: { reference: true },
      }) as IsolatedVm.Reference;
    } catch (error) {
      const outcome = this.#outcomeOf(error);
      this.dispose();
      throw new ScriptLoadError(outcome === undefined ? "syntax" : outcome, messageOf(error));
    }
  }

  call(name: FormatterFunction, input: string): Outcome {
    for (let attempt = 1; ; attempt++) {
      const cpuBefore = this.#isolate.cpuTime;
      try {
        const text: unknown = this.#invoke.applySync(undefined, [name, input], {
          timeout: this.#limits.timeoutMs,
        });
        return { kind: "text", text: typeof text === "string" ? text : "" };
      } catch (error) {
        const outcome = this.#outcomeOf(error);
        if (outcome === undefined) {
          const failure = { name: "runtime", message: messageOf(error).slice(0, 1000) };
          return { kind: "text", text: `E${JSON.stringify(failure)}` };
        }
        if (outcome !== "timeout" || attempt === maxTries) return { kind: outcome };
        const cpuMs = Number(this.#isolate.cpuTime - cpuBefore) / 1e6;
        if (cpuMs >= this.#limits.timeoutMs * starvedShare) return { kind: outcome };
      }
    }
  }

  #outcomeOf(error: unknown): "timeout" | "outOfMemory" | undefined {
    if (this.#isolate.isDisposed) return "outOfMemory";
    return messageOf(error) === "Script execution timed out." ? "timeout" : undefined;
  }

  dispose(): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
