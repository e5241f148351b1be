/** How the text of one kind of option is read; throws a `TypeError` that says what is expected. */
export type OptionReader<T> = (text: string) => T;

/** One configuration option: the file key, the flag, the variable and the documentation follow from its name. */
export interface Option<T> {
  readonly read: OptionReader<T>;
  /** As a person would write it. */
  readonly default: string;
  readonly description: string;
  /** Never printed. */
  readonly secret?: boolean;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values of a table, by option name. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never;
};

/** Where to listen; undefined turns the listener off. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export const text: OptionReader<string> = (value) => value;

export const textList: OptionReader<readonly string[]> = (value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

export const boolean: OptionReader<boolean> = (value) => {
  if (value === "true") return true;
  if (value === "false") return false;
  throw new TypeError("expected true or false");
};

export const integer =
  (minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): OptionReader<number> =>
  (value) => {
    const number = Number(value);
    if (value.trim() === "" || !Number.isSafeInteger(number) || number < minimum || number > maximum) {
      throw new TypeError(`expected a whole number from ${minimum} to ${maximum}`);
    }
    return number;
  };

export const oneOf =
  <const Values extends readonly string[]>(...values: Values): OptionReader<Values[number]> =>
  (value) => {
    if (!values.includes(value)) throw new TypeError(`expected one of ${values.join(", ")}`);
    return value;
  };

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `200ms`, `5s`, `10m`, `24h`, `7d`; the value is in milliseconds. */
export const duration: OptionReader<number> = (value) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value);
  const unit = match?.[2] === undefined ? undefined : durationUnits[match[2]];
  if (match === null || unit === undefined)
    throw new TypeError("expected a duration such as 200ms, 5s, 10m, 24h");
  return Number(match[1]) * unit;
};

/** `:1885`, `127.0.0.1:1885`, `[::1]:1885`; empty turns the listener off. Port 0 takes a free port. */
export const listenAddress: OptionReader<ListenAddress | undefined> = (value) => {
  if (value === "") return undefined;
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65535)
    throw new TypeError("expected host:port or :port, or nothing to turn it off");
  return { host: match[1] ?? (match[2] === "" ? undefined : match[2]), port };
};

/** Gives a table its exact type while checking it. */
export function defineOptions<const Table extends OptionTable>(table: Table): Table {
  return table;
}
