/** Numbers, or groups of them, as the servers count them; a group may nest others. */
export type Counters = object;

/** Prometheus text: `{ networkServer: { uplinks: { accepted: 1 } } }` is `skylark_network_server_uplinks_accepted 1`. */
export function formatMetrics(counters: Counters): string {
  return `${lines("skylark", counters).join("\n")}\n`;
}

function lines(prefix: string, counters: Counters): string[] {
  return Object.entries(counters).flatMap(([name, value]) => {
    const metric = `${prefix}_${snakeCase(name)}`;
    if (typeof value === "number") return [`# TYPE ${metric} untyped`, `${metric} ${value}`];
    return typeof value === "object" && value !== null ? lines(metric, value) : [];
  });
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toLowerCase();
}
