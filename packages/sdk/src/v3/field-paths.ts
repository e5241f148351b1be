/** Fields whose own fields a mask cannot name: maps, and objects of any content. */
const whole = new Set(["attributes", "locations", "provisioning_data", "decoded_payload"]);

/** The paths of what a change says, so that the rest stays as it is. */
export function fieldPaths(change: object, parent = ""): string[] {
  return Object.entries(change).flatMap(([name, value]) => {
    const path = `${parent}${name}`;
    if (value === undefined || path === "ids") return [];
    const isGroup = typeof value === "object" && value !== null && !Array.isArray(value) && !whole.has(name);
    const inner = isGroup ? fieldPaths(value as object, `${path}.`) : [];
    return inner.length === 0 ? [path] : inner;
  });
}

/** Fields as a caller names them, as a mask. */
export function maskOf(fields: string | readonly string[]): string {
  return typeof fields === "string" ? fields : fields.join(",");
}
