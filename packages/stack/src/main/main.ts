import { readFileSync } from "node:fs";
import { ConfigurationError, loadConfiguration } from "../config/load.ts";
import { SkylarkError } from "../errors/errors.ts";
import { createLogger, type Logger } from "../log/log.ts";
import { runAdmin } from "./admin.ts";
import { runDemo } from "./demo.ts";
import { giveBackFreeMemory } from "./free-memory.ts";
import { helpText } from "./help.ts";
import { type Options, options } from "./options.ts";
import { type RunningStack, startStack } from "./stack.ts";

/** A drain that takes longer is cut off. */
const drainLimitMs = 9000;
/** Until who waited for the start has been served: the collection takes as long as a tenth of the start. */
const settledMs = 2000;

const args = process.argv.slice(2);
if (args[0] === "start") args.shift();

if (args[0] === "admin") {
  process.exitCode = await runAdmin(args.slice(1), {
    readConfiguration,
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
  });
} else if (args.includes("--help")) {
  process.stdout.write(helpText(options));
} else {
  await run(args);
}

async function run(flags: readonly string[]): Promise<void> {
  try {
    const configuration = readConfiguration(flags);
    const logger = createLogger({
      level: configuration["log.level"],
      format: configuration["log.format"],
      write: (line) => process.stderr.write(line),
      now: Date.now,
    });
    const stack = await startStack(configuration, logger);
    stopOnSignals(stack, logger);
    setTimeout(giveBackFreeMemory, settledMs).unref();
    // Since the process began, the loading of the program included.
    logger.info("ready", { ...stack.ports, startMs: Math.round(performance.now()) });
    if (stack.firstStart) announce(stack);
    if (configuration.demo) await runDemo(stack, logger);
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof SkylarkError)) throw error;
    process.stderr.write(`skylark: ${error.message}\n`);
    process.exit(1);
  }
}

function readConfiguration(flags: readonly string[]): Options {
  const file = readFileIfThere("skylark.yaml");
  return loadConfiguration(options, {
    args: flags,
    env: process.env,
    ...(file === undefined ? {} : { file: { name: "skylark.yaml", text: file } }),
  });
}

function readFileIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ConfigurationError(`${path}: ${(error as Error).message}`);
  }
}

function announce(stack: RunningStack): void {
  process.stdout.write(
    [
      "This is the first start. Skylark has made:",
      `  user      ${stack.admin.userId}, password in ${stack.admin.passwordPath}`,
      `  API key   ${stack.admin.apiKeyPath}`,
      `  HTTP API  ${stack.httpUrl ?? "(off)"}`,
      "",
    ].join("\n"),
  );
}

function stopOnSignals(stack: RunningStack, logger: Logger): void {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info("stopping", { signal });
    const giveUp = () => {
      logger.error("what was under way did not end in time", { seconds: drainLimitMs / 1000 });
      process.exit(1);
    };
    setTimeout(giveUp, drainLimitMs).unref();
    stack.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error("could not stop cleanly", { error });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
