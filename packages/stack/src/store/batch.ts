import { PackedWriter } from "./packed-values.ts";
import type { SqlValue, Statement, Writer } from "./store.ts";

/** What the worker does with an item of a batch. */
export const itemKinds = { write: 0, transaction: 1, query: 2 } as const;
export type ItemKind = (typeof itemKinds)[keyof typeof itemKinds];

export const operationFlags = { none: 0, expectsRow: 1 } as const;

/** Numbers the statements of one store; the worker is told each number's text once, with the first batch that uses it. */
export class StatementNumbers {
  readonly #byStatement = new WeakMap<Statement, number>();
  readonly #bySql = new Map<string, number>();
  #unannounced: AnnouncedStatement[] = [];

  numberOf(statement: Statement): number {
    return this.#byStatement.get(statement) ?? this.#register(statement);
  }

  takeUnannounced(): readonly AnnouncedStatement[] {
    const taken = this.#unannounced;
    if (taken.length > 0) this.#unannounced = [];
    return taken;
  }

  #register(statement: Statement): number {
    let number = this.#bySql.get(statement.sql);
    if (number === undefined) {
      number = this.#bySql.size;
      if (number > 0xffff) throw new Error("too many different statements: use parameters");
      this.#bySql.set(statement.sql, number);
      this.#unannounced.push({ number, sql: statement.sql, parameters: statement.parameters });
    }
    this.#byStatement.set(statement, number);
    return number;
  }
}

export interface AnnouncedStatement {
  readonly number: number;
  readonly sql: string;
  readonly parameters: number;
}

/**
 * Encodes changes and queries, in the order they were issued, into one buffer:
 * kind (1 byte), end (4), then per operation its flags (1), statement number (2) and values.
 */
export class BatchEncoder {
  readonly #packed: PackedWriter;
  readonly #numbers: StatementNumbers;
  readonly #writer: Writer;
  readonly #transactionWriter: Writer;

  constructor(buffer: ArrayBuffer, numbers: StatementNumbers) {
    this.#packed = new PackedWriter(buffer);
    this.#numbers = numbers;
    const run = (statement: Statement, ...parameters: readonly SqlValue[]) =>
      this.#putOperation(operationFlags.none, statement, parameters);
    this.#writer = {
      run,
      runExpectingRow: () => {
        throw new Error("runExpectingRow is for transact, not for write");
      },
    };
    this.#transactionWriter = {
      run,
      runExpectingRow: (statement, ...parameters) =>
        this.#putOperation(operationFlags.expectsRow, statement, parameters),
    };
  }

  get length(): number {
    return this.#packed.position;
  }

  get buffer(): ArrayBuffer {
    return this.#packed.buffer;
  }

  /** Adds what `change` does; when it throws, nothing is added. */
  addChange(
    kind: typeof itemKinds.write | typeof itemKinds.transaction,
    change: (writer: Writer) => void,
  ): void {
    const mark = this.#packed.position;
    try {
      this.#putHeader(kind);
      change(kind === itemKinds.write ? this.#writer : this.#transactionWriter);
      this.#packed.patchUint32(mark + 1, this.#packed.position);
    } catch (error) {
      this.#packed.position = mark;
      throw error;
    }
  }

  addQuery(statement: Statement, parameters: readonly SqlValue[]): void {
    const mark = this.#packed.position;
    try {
      this.#putHeader(itemKinds.query);
      this.#putOperation(operationFlags.none, statement, parameters);
      this.#packed.patchUint32(mark + 1, this.#packed.position);
    } catch (error) {
      this.#packed.position = mark;
      throw error;
    }
  }

  #putHeader(kind: ItemKind): void {
    this.#packed.putUint8(kind);
    this.#packed.putUint32(0);
  }

  #putOperation(flags: number, statement: Statement, parameters: readonly SqlValue[]): void {
    if (parameters.length !== statement.parameters) {
      throw new TypeError(
        `${parameters.length} values for ${statement.parameters} parameters: ${statement.sql}`,
      );
    }
    const packed = this.#packed;
    packed.putUint8(flags);
    packed.putUint16(this.#numbers.numberOf(statement));
    for (let index = 0; index < parameters.length; index++) packed.putValue(parameters[index]!);
  }
}
