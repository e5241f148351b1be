import { JSONDecodeError } from "./json-decode-error.ts";

export interface SecondsAndNanos {
  readonly seconds: bigint;
  readonly nanos: number;
}

const minSeconds = -62_135_596_800;
const maxSeconds = 253_402_300_799;

/** RFC 3339 in UTC with 0, 3, 6 or 9 digits of fraction. */
export function formatTimestamp({ seconds, nanos }: SecondsAndNanos): string {
  const whole = new Date(Number(seconds) * 1000).toISOString();
  // ISO years before 0 and after 9999 are longer, but lie outside of what a Timestamp may hold.
  return `${whole.slice(0, 19)}${formatNanos(nanos)}Z`;
}

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9})\d*)?([Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Reads RFC 3339 with any offset. */
export function parseTimestamp(text: string): SecondsAndNanos {
  const match = rfc3339.exec(text);
  if (match === null) throw new JSONDecodeError("expected an RFC 3339 time such as 2026-01-02T15:04:05Z");
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  at.setUTCHours(hour, minute, second, 0);
  const valid =
    at.getUTCMonth() === month - 1 && at.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  const offset =
    match[9] === undefined ? 0 : (Number(match[10]) * 60 + Number(match[11])) * (match[9] === "-" ? -60 : 60);
  const seconds = at.getTime() / 1000 - offset;
  if (!valid || seconds < minSeconds || seconds > maxSeconds) {
    throw new JSONDecodeError("no such day or time");
  }
  return { seconds: BigInt(seconds), nanos: Number((match[7] ?? "").padEnd(9, "0")) };
}

/** Seconds with 0, 3, 6 or 9 digits of fraction and an `s`. */
export function formatDuration({ seconds, nanos }: SecondsAndNanos): string {
  const sign = seconds < 0n || nanos < 0 ? "-" : "";
  const whole = seconds < 0n ? -seconds : seconds;
  return `${sign}${whole}${formatNanos(Math.abs(nanos))}s`;
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
/** What a Duration may hold: 10,000 years. */
const maxDurationNanos = 315_576_000_000n * 1_000_000_000n;

/** Reads `5s` and `1.5s`, and Go's `1h30m`, `200ms`, `-1.5h`. */
export function parseDuration(text: string): SecondsAndNanos {
  const body = /^[+-]/.test(text) ? text.slice(1) : text;
  const parts = body.length > 60 ? [] : [...body.matchAll(/(\d+)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)];
  if (body !== "0" && (parts.length === 0 || parts.map(([part]) => part).join("") !== body)) {
    throw new JSONDecodeError('expected a duration such as "5s" or "1h30m"');
  }
  let nanos = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of parts) {
    const scale = units[unit] ?? 0n;
    nanos += BigInt(whole) * scale + (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length);
  }
  if (nanos > maxDurationNanos) throw new JSONDecodeError("duration is too long");
  const sign = text.startsWith("-") ? -1n : 1n;
  return { seconds: (sign * nanos) / 1_000_000_000n, nanos: Number((sign * nanos) % 1_000_000_000n) };
}

function formatNanos(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (digits.endsWith("000000")) return `.${digits.slice(0, 3)}`;
  return digits.endsWith("000") ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
