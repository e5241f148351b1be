import type { Clock, Timer } from "../clock/clock.ts";
import type { Logger } from "../log/log.ts";
import { type Store, statement } from "../store/store.ts";

export interface RetentionLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

interface RetentionContext {
  readonly store: Pick<Store, "query" | "write">;
  readonly clock: Clock;
  readonly log: Logger;
}

const intervalMs = 1000;
const rowsPerStep = 500;
// Within one interval, so that a burst of deletions never holds up the commits of uplinks for long.
const stepsPerInterval = 100;

const selectStep = statement(
  `SELECT sequence, created_at, end_offset FROM as_messages ORDER BY sequence LIMIT 1 OFFSET ?`,
);
const deleteUpTo = statement(`DELETE FROM as_messages WHERE sequence <= ?`);

/** Drops the oldest messages by age and total size, in small steps. */
export function createRetention(
  { store, clock, log }: RetentionContext,
  limits: RetentionLimits,
  writtenOffset: () => number,
): { close(): Promise<void> } {
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  let timer: Timer | undefined;

  const isDue = (createdAt: number, endOffset: number): boolean =>
    createdAt < clock.now() - limits.maxAgeMs || endOffset <= writtenOffset() - limits.maxBytes;

  /** Looks at the youngest message of the step: when that one is due, all before it are. */
  const trimStep = async (rows: number): Promise<boolean> => {
    const [row] = await store.query(selectStep, rows - 1);
    if (row === undefined || !isDue(Number(row.created_at), Number(row.end_offset))) return false;
    const sequence = Number(row.sequence);
    await store.write((writer) => writer.run(deleteUpTo, sequence));
    return true;
  };

  const trim = async (): Promise<void> => {
    for (let step = 0; step < stepsPerInterval && !closed; step++) {
      if (await trimStep(rowsPerStep)) continue;
      // Less than a full step may still be due; halve until a single message is not.
      let rows = rowsPerStep >> 1;
      while (rows > 0 && !closed) {
        if (!(await trimStep(rows))) rows >>= 1;
      }
      return;
    }
  };

  const schedule = (): void => {
    timer = clock.after(intervalMs, () => {
      running = trim()
        .catch((error: unknown) => log.warn("old application messages could not be dropped", { error }))
        .finally(() => {
          if (!closed) schedule();
        });
    });
  };
  schedule();

  return {
    close() {
      closed = true;
      timer?.cancel();
      return running;
    },
  };
}
