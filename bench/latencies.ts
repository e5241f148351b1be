/** Percentiles in milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Percentiles of values that may come in any order; all zero when there are none. */
export function latencies(values: Float64Array): Latencies {
  const sorted = values.slice().sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

/** The same less a constant; nothing is faster than at once. */
export function less(from: Latencies, ms: number): Latencies {
  const minus = (value: number): number => Math.max(0, value - ms);
  return { p50: minus(from.p50), p95: minus(from.p95), p99: minus(from.p99), max: minus(from.max) };
}
