/**
 * Copies a database on a connection of its own: the copy is of one instant, and neither waits for the store's
 * writes nor holds them up. (A page by page backup starts anew with each write and may never end under load.)
 */
import { fsyncSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { workerData } from "node:worker_threads";

const { from, to } = workerData as { readonly from: string; readonly to: string };

// VACUUM INTO accepts an empty file, so the copy is never readable by others.
const copy = openSync(to, "wx", 0o600);
const database = new DatabaseSync(from, { readOnly: true });
database.prepare("VACUUM INTO ?").run(to);
database.close();
fsyncSync(copy);
