import { type SqlRow, type SqlValue, type Statement, type Store, statement } from "../../store/store.ts";

export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`column ${column} holds no text`);
  return value;
}

export function numberOf(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  throw new TypeError(`column ${column} holds no number`);
}

export function optionalNumber(row: SqlRow, column: string): number | undefined {
  return row[column] === null ? undefined : numberOf(row, column);
}

export function bytesOf(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} holds no bytes`);
  return value;
}

export function orNull(value: SqlValue | undefined): SqlValue {
  return value ?? null;
}

const statements = new Map<string, Statement>();

/** The statement of this text, which is one of few: never put a value into the text. */
export function knownStatement(sql: string): Statement {
  let known = statements.get(sql);
  if (known === undefined) {
    known = statement(sql);
    statements.set(sql, known);
  }
  return known;
}

export interface Page {
  /** Name of the API, a minus before it for descending; empty for the default. */
  readonly order: string;
  readonly limit: number;
  /** From 1; 0 is 1. */
  readonly page: number;
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly total: number;
}

const defaultLimit = 100;

export function pageBounds(page: Omit<Page, "order">): readonly [limit: number, offset: number] {
  const limit = page.limit === 0 ? defaultLimit : page.limit;
  return [limit, (Math.max(1, page.page) - 1) * limit];
}

interface PageQuery {
  readonly columns: string;
  /** The table, and `WHERE` with the conditions that `values` belong to. */
  readonly from: string;
  readonly values: readonly SqlValue[];
  /** `ORDER BY …` */
  readonly order: string;
  readonly page: Omit<Page, "order">;
}

/** One page of what a query finds, and how many there are on all pages. */
export async function listPage<T>(
  store: Pick<Store, "query">,
  { columns, from, values, order, page }: PageQuery,
  itemOf: (row: SqlRow) => T,
): Promise<Listed<T>> {
  const [rows, counted] = await Promise.all([
    store.query(
      knownStatement(`SELECT ${columns} FROM ${from} ${order} LIMIT ? OFFSET ?`),
      ...values,
      ...pageBounds(page),
    ),
    store.query(knownStatement(`SELECT COUNT(*) AS total FROM ${from}`), ...values),
  ]);
  return { items: rows.map((row) => itemOf(row)), total: totalOf(counted) };
}

/** Of a query for `COUNT(*) AS total`. */
export function totalOf([row]: readonly SqlRow[]): number {
  return row === undefined ? 0 : numberOf(row, "total");
}

/** `ORDER BY` from a table of API names; ties are broken by the identifier so that pages do not overlap. */
export function orderClause(
  columns: Readonly<Record<string, string>>,
  order: string,
  identifier: string,
): string {
  const descending = order.startsWith("-");
  const column = columns[descending ? order.slice(1) : order] ?? identifier;
  return `ORDER BY ${column} ${descending ? "DESC" : "ASC"}, ${identifier} ASC`;
}
