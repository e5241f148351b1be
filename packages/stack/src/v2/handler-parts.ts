import type { OptionValues } from "../config/option.ts";
import type { InProcessCaller } from "../rpc/in-process.ts";
import type { v2Options } from "./config.ts";
import type { Directory, PayloadFunctionRunner } from "./peers.ts";

/** What the handler is made of. */
export interface HandlerParts {
  readonly caller: InProcessCaller;
  readonly directory: Directory;
  readonly payloadFunctions: PayloadFunctionRunner;
  readonly options: Pick<OptionValues<typeof v2Options>, "v2.frequency-plan">;
}
