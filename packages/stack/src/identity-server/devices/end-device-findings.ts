import type { CheckedDevice, Finding } from "./finding.ts";
import { activity, radio, sessions, versions } from "./radio-findings.ts";
import { addresses, formatters, identifiers, presence, rootKeys } from "./registration-findings.ts";

/** Errors first. */
export function findingsOf(checked: CheckedDevice): readonly Finding[] {
  const rules = [presence, identifiers, rootKeys, sessions, activity, radio, versions, formatters, addresses];
  const found = rules.flatMap((rule) => [...rule(checked)]);
  return [
    ...found.filter(({ severity }) => severity === "error"),
    ...found.filter(({ severity }) => severity === "warning"),
  ];
}

/** Whether the device can work: nothing found keeps it from that. */
export function isComplete(findings: readonly Finding[]): boolean {
  return !findings.some(({ severity }) => severity === "error");
}
