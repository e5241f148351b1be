import { JSONDecodeError } from "./json-decode-error.ts";

export interface SecondsAndNanos {
  readonly seconds: bigint;
  readonly nanos: number;
}

const minSeconds = -62_135_596_800;
const maxSeconds = 253_402_300_799;

/** Two digits of each number below 100. */
const twoDigits = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));
const secondsPerDay = 86_400;
/** Days that were formatted lately, by their number: most instants lie close to others. */
const knownDates = new Map<number, string>();
const mostDates = 1000;

function formatDate(day: number): string {
  let date = knownDates.get(day);
  if (date === undefined) {
    // ISO years before 0 and after 9999 are longer, but lie outside of what a Timestamp may hold.
    date = new Date(day * secondsPerDay * 1000).toISOString().slice(0, 11);
    if (knownDates.size >= mostDates) knownDates.clear();
    knownDates.set(day, date);
  }
  return date;
}

/** RFC 3339 in UTC with 0, 3, 6 or 9 digits of fraction. */
export function formatTimestamp({ seconds, nanos }: SecondsAndNanos): string {
  const whole = Number(seconds);
  const day = Math.floor(whole / secondsPerDay);
  const ofDay = whole - day * secondsPerDay;
  const hours = twoDigits[Math.floor(ofDay / 3600)];
  const minutes = twoDigits[Math.floor(ofDay / 60) % 60];
  return `${formatDate(day)}${hours}:${minutes}:${twoDigits[ofDay % 60]}${formatNanos(nanos)}Z`;
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.(\d{1,9})\d*)?([Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Reads RFC 3339 with any offset. */
export function parseTimestamp(text: string): SecondsAndNanos {
  const match = rfc3339.exec(text);
  if (match === null) throw new JSONDecodeError("expected an RFC 3339 time such as 2026-01-02T15:04:05Z");
  // Digits at fixed places are read there, which takes a fraction of the time of the groups of the expression.
  const year = digits(text, 0) * 100 + digits(text, 2);
  const days = daysOf(year, digits(text, 5), digits(text, 8));
  const [hour, minute, second] = [digits(text, 11), digits(text, 14), digits(text, 17)];
  const offset =
    match[3] === undefined ? 0 : (Number(match[4]) * 60 + Number(match[5])) * (match[3] === "-" ? -60 : 60);
  const seconds = days * secondsPerDay + hour * 3600 + minute * 60 + second - offset;
  const valid = hour < 24 && minute < 60 && second < 60 && seconds >= minSeconds && seconds <= maxSeconds;
  if (!valid) throw new JSONDecodeError("no such day or time");
  const fraction = match[1];
  return { seconds: BigInt(seconds), nanos: fraction === undefined ? 0 : Number(fraction.padEnd(9, "0")) };
}

/** The number of two digits at a place. */
function digits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
}

let knownYear = Number.NaN;
let knownMonth = Number.NaN;
let daysBeforeMonth = 0;
let daysOfMonth = 0;

/** Days since 1970; not a number when there is no such day. */
function daysOf(year: number, month: number, day: number): number {
  if (year !== knownYear || month !== knownMonth) {
    const at = new Date(0);
    at.setUTCFullYear(year, month - 1, 1);
    daysBeforeMonth = at.getTime() / 86_400_000;
    at.setUTCFullYear(year, month, 1);
    daysOfMonth = month < 1 || month > 12 ? 0 : at.getTime() / 86_400_000 - daysBeforeMonth;
    knownYear = year;
    knownMonth = month;
  }
  return day < 1 || day > daysOfMonth ? Number.NaN : daysBeforeMonth + day - 1;
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
  const plain = /^(\d{1,9})(?:\.(\d{1,9}))?s$/.exec(text);
  if (plain !== null) {
    const [, seconds = "0", fraction] = plain;
    return {
      seconds: BigInt(seconds),
      nanos: fraction === undefined ? 0 : Number(fraction.padEnd(9, "0")),
    };
  }
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
  if (nanos % 1_000_000 === 0) return `.${threeDigits(nanos / 1_000_000)}`;
  const micros = `.${threeDigits(Math.floor(nanos / 1_000_000))}${threeDigits(Math.floor(nanos / 1000) % 1000)}`;
  return nanos % 1000 === 0 ? micros : micros + threeDigits(nanos % 1000);
}

function threeDigits(number: number): string {
  return `${Math.floor(number / 100)}${twoDigits[number % 100]}`;
}
