import type { QuickJSContext, QuickJSHandle, QuickJSRuntime, QuickJSWASMModule } from "quickjs-emscripten";
import { bootstrapSource, factorySource } from "./bootstrap.ts";
import {
  type EngineLimits,
  type LoadedScript,
  type Outcome,
  type ScriptEngine,
  ScriptLoadError,
} from "./engine.ts";
import type { FormatterFunction } from "./protocol.ts";

// QuickJS counts its own frames; those of WebAssembly under them have to fit as well.
const maxStackBytes = 128 * 1024;

/** QuickJS in WebAssembly: slower by an order of magnitude, for machines where isolated-vm does not load. */
export async function createQuickjsEngine(moduleUrl: string, limits: EngineLimits): Promise<ScriptEngine> {
  const { getQuickJS } = (await import(moduleUrl)) as { getQuickJS(): Promise<QuickJSWASMModule> };
  const quickjs = await getQuickJS();
  return { name: "quickjs", load: (source) => new QuickjsScript(quickjs, limits, source) };
}

class QuickjsScript implements LoadedScript {
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #invoke: QuickJSHandle;
  #startedMs = 0;
  #interrupted = false;

  constructor(quickjs: QuickJSWASMModule, limits: EngineLimits, source: string) {
    this.#runtime = quickjs.newRuntime();
    this.#runtime.setMemoryLimit(limits.memoryLimitBytes);
    this.#runtime.setMaxStackSize(maxStackBytes);
    this.#runtime.setInterruptHandler(() => {
      this.#interrupted ||= cpuMs() - this.#startedMs > limits.timeoutMs;
      return this.#interrupted;
    });
    this.#context = this.#runtime.newContext();
    this.#restartClock();
    const setUp = this.#evaluate(bootstrapSource);
    const factory = this.#evaluate(factorySource(source));
    const maxLength = this.#context.newNumber(limits.maxResultLength);
    this.#invoke = this.#context.unwrapResult(
      this.#context.callFunction(setUp, this.#context.undefined, factory, maxLength),
    );
    for (const handle of [setUp, factory, maxLength]) handle.dispose();
  }

  call(name: FormatterFunction, input: string): Outcome {
    const context = this.#context;
    this.#restartClock();
    const nameHandle = context.newString(name);
    const inputHandle = context.newString(input);
    const result = context.callFunction(this.#invoke, context.undefined, nameHandle, inputHandle);
    nameHandle.dispose();
    inputHandle.dispose();
    if (result.error !== undefined) {
      result.error.dispose();
      return { kind: this.#interrupted ? "timeout" : "outOfMemory" };
    }
    const text = context.getString(result.value);
    result.value.dispose();
    return this.#interrupted ? { kind: "timeout" } : { kind: "text", text };
  }

  #restartClock(): void {
    this.#interrupted = false;
    this.#startedMs = cpuMs();
  }

  #evaluate(code: string): QuickJSHandle {
    const result = this.#context.evalCode(code);
    if (result.error === undefined) return result.value;
    const message = this.#context
      .getProp(result.error, "message")
      .consume((it) => this.#context.getString(it));
    result.error.dispose();
    // The context is not disposed: its handles may still be held, and QuickJS aborts the process over that.
    throw new ScriptLoadError(this.#interrupted ? "timeout" : "syntax", message);
  }

  dispose(): void {
    this.#invoke.dispose();
    this.#context.dispose();
    this.#runtime.dispose();
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
