import type { StagedTransaction } from "../../store/staged-transaction.ts";

export const deviceServerNames = ["joinServer", "networkServer", "applicationServer"] as const;
export type DeviceServerName = (typeof deviceServerNames)[number];

/** Prepares one change after another; those that are ready are given up when one fails. */
export async function stageAll<T extends StagedTransaction>(
  stages: readonly (() => T | Promise<T>)[],
): Promise<readonly T[]> {
  const ready: T[] = [];
  try {
    for (const stage of stages) ready.push(await stage());
    return ready;
  } catch (error) {
    for (const staged of ready) staged.release?.();
    throw error;
  }
}
