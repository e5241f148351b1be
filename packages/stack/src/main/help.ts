import { environmentName } from "../config/load.ts";
import type { OptionTable } from "../config/option.ts";

/** What `--help` prints: every option with its variable and default. */
export function helpText(options: OptionTable): string {
  const lines = Object.entries(options).map(([name, option]) => {
    const value = option.default === "" ? "" : ` (default ${option.default})`;
    return `  --${name}\n      ${option.description}${value}; ${environmentName(name)}`;
  });
  return [
    "Usage: npm start -- [options]",
    "",
    "Flags win over environment variables, these over skylark.yaml in the working directory.",
    "",
    ...lines,
    "",
  ].join("\n");
}
