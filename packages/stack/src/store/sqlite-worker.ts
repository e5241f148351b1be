import { parentPort, workerData } from "node:worker_threads";
import { SkylarkError } from "../errors/errors.ts";
import type { AnnouncedStatement } from "./batch.ts";
import { migrate } from "./migrations.ts";
import { type BatchOutcome, SqliteEngine } from "./sqlite-engine.ts";
import { openDatabase } from "./sqlite-file.ts";
import type { Migrations } from "./store.ts";

/** How the store starts its worker, and what the two then say to each other. */
export interface WorkerStart {
  readonly path: string;
  readonly migrations: Migrations;
}

export type WorkerRequest =
  | {
      readonly kind: "batch";
      readonly buffer: ArrayBuffer;
      readonly length: number;
      readonly statements: readonly AnnouncedStatement[];
    }
  | { readonly kind: "close" };

export type WorkerReply =
  | { readonly kind: "opened" }
  | { readonly kind: "open-failed"; readonly error: TransferredError }
  /** `buffer` is the request's, to be used again. */
  | ({ readonly kind: "batch"; readonly buffer: ArrayBuffer } & BatchOutcome)
  | { readonly kind: "closed" };

/** An error on its way between threads: a class does not survive the passage, its definition's name does. */
export interface TransferredError {
  readonly message: string;
  readonly name: string;
  readonly attributes: SkylarkError["attributes"];
}

const port = parentPort!;
const { path, migrations } = workerData as WorkerStart;

function reply(message: WorkerReply, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function transferred(error: unknown): TransferredError {
  if (error instanceof SkylarkError)
    return { message: error.message, name: error.name, attributes: error.attributes };
  return { message: error instanceof Error ? error.message : String(error), name: "", attributes: {} };
}

function serve(): void {
  const file = openDatabase(path);
  try {
    migrate(file.database, migrations);
  } catch (error) {
    file.close();
    throw error;
  }
  const engine = new SqliteEngine(file.database);
  port.on("message", (request: WorkerRequest) => {
    switch (request.kind) {
      case "batch": {
        engine.announce(request.statements);
        const outcome = engine.apply(request.buffer, request.length);
        const transfer = outcome.results === undefined ? [request.buffer] : [request.buffer, outcome.results];
        reply({ kind: "batch", buffer: request.buffer, ...outcome }, transfer);
        break;
      }
      case "close":
        file.close();
        reply({ kind: "closed" });
        port.close();
    }
  });
}

try {
  serve();
  reply({ kind: "opened" });
} catch (error) {
  reply({ kind: "open-failed", error: transferred(error) });
  port.close();
}
