/** How V2 is spoken to an application: as one of its two references has it, as its server did it, or all of it at once. */
const dialects = ["superset", "early", "late", "server"] as const;
export type Dialect = (typeof dialects)[number];

/** The attribute of an application that chooses. */
const dialectAttribute = "v2-dialect";

/** Undefined where the application does not say; then it is the superset. */
export function dialectOf(attributes: Readonly<Record<string, string>>): Dialect | undefined {
  return dialects.find((dialect) => dialect === attributes[dialectAttribute]);
}
