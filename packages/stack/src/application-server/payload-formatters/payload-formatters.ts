import { type ApplicationIdentifiers, applicationKey } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Logger } from "../../log/log.ts";
import type { FormatterChoice, PayloadFormatters } from "../end-device.ts";
import { cayenneLppFormatter } from "./cayenne-lpp.ts";
import { type DryDownlink, type DryUplink, dryRunDownlink, dryRunUplink } from "./dry-run.ts";
import type { PayloadFormatter } from "./formatter.ts";
import { JavaScriptFormatter } from "./javascript.ts";
import { FormatterSandbox, type SandboxOptions } from "./sandbox/sandbox.ts";
import { ScriptRegistry } from "./sandbox/script.ts";

const errors = defineErrors("pkg/messageprocessors");
const formatterNotConfigured = errors.failedPrecondition(
  "formatter_not_configured",
  "formatter `{formatter}` is not configured",
);

export type FormatterDirection = "up" | "down";

/** The formatters of this server, by what devices and applications chose. */
export class PayloadFormatterSet {
  readonly sandbox: FormatterSandbox;
  readonly #scripts = new ScriptRegistry();
  readonly #chosen = new WeakMap<FormatterChoice, PayloadFormatter>();

  constructor(options: SandboxOptions, log: Logger) {
    this.sandbox = new FormatterSandbox(options, log);
  }

  /** Undefined where none was chosen. The formatter stays with the choice, which is a new object after each change. */
  of(
    ids: ApplicationIdentifiers,
    formatters: PayloadFormatters | undefined,
    direction: FormatterDirection,
  ): PayloadFormatter | undefined {
    const choice = formatters?.[direction];
    if (choice === undefined || choice.formatter === "FORMATTER_NONE") return undefined;
    const known = this.#chosen.get(choice);
    if (known !== undefined) return known;
    const formatter = this.create(ids, choice);
    this.#chosen.set(choice, formatter);
    return formatter;
  }

  create(ids: ApplicationIdentifiers, { formatter, parameter }: FormatterChoice): PayloadFormatter {
    switch (formatter) {
      case "FORMATTER_JAVASCRIPT":
        return new JavaScriptFormatter(this.sandbox, this.#scripts.get(applicationKey(ids), parameter));
      case "FORMATTER_CAYENNELPP":
        return cayenneLppFormatter;
      default:
        return unavailableFormatter(formatter);
    }
  }

  /** Tries functions of V2 that need not be stored, with what they write to the console. */
  dryRunUplink(
    ids: ApplicationIdentifiers,
    source: string,
    payload: Uint8Array,
    fPort: number,
  ): Promise<DryUplink> {
    return dryRunUplink(this.sandbox, this.#scripts.get(applicationKey(ids), source), payload, fPort);
  }

  /** `fields` is a JSON object. */
  dryRunDownlink(
    ids: ApplicationIdentifiers,
    source: string,
    fields: string,
    fPort: number,
  ): Promise<DryDownlink> {
    return dryRunDownlink(this.sandbox, this.#scripts.get(applicationKey(ids), source), fields, fPort);
  }

  close(): void {
    this.sandbox.close();
  }
}

/** Chosen by name, but not part of this server. */
function unavailableFormatter(formatter: string): PayloadFormatter {
  const fail = (): never => {
    throw formatterNotConfigured({ formatter });
  };
  return { decodeUplink: fail, encodeDownlink: fail, decodeDownlink: fail };
}
