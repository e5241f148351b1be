import type { EventEmitter } from "node:events";
import { SkylarkError } from "../errors/errors.ts";

/** Where the items of a stream go. */
export interface PumpTarget<Item> {
  /** Called when the first item, or the end, is there: what fails before it is an ordinary error. */
  begin(): void;
  /** False when no more should be written until `drain`. */
  write(item: Item): boolean;
  /** Emits `drain`. */
  readonly emitter: EventEmitter;
  /** Aborted when the client is gone or the server stops; with an error, when that is how the stream ends. */
  readonly signal: AbortSignal;
  /** How long a client may take to read what was written. */
  readonly slowClientMs: number;
}

/**
 * Writes items until they end (`ended`), the signal is aborted (`gone`), or the client does not read (`slow`). One item
 * is under way at a time: the rest waits at its source.
 */
export async function pump<Item>(
  items: AsyncIterable<Item>,
  target: PumpTarget<Item>,
): Promise<"ended" | "gone" | "slow"> {
  const { signal } = target;
  const iterator = items[Symbol.asyncIterator]();
  const orGone = interruptedBy(signal);
  try {
    for (let first = true; ; first = false) {
      const next = await orGone(iterator.next());
      if (next === "gone") return gone(signal);
      if (first) target.begin();
      if (next.done === true) return "ended";
      if (target.write(next.value)) continue;
      const drained = await whenDrained(target, orGone);
      if (drained === "gone") return gone(signal);
      if (drained === "slow") return "slow";
    }
  } finally {
    // A source that waits is told by the signal; waiting for it here could take for ever.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function gone({ reason }: AbortSignal): "gone" {
  if (reason instanceof SkylarkError) throw reason;
  return "gone";
}

/** Waits for one promise after the other, or the signal. Not a race with one promise: that would remember every item of the stream. */
function interruptedBy(signal: AbortSignal): <T>(promise: Promise<T>) => Promise<T | "gone"> {
  let interrupt = () => {};
  signal.addEventListener("abort", () => interrupt(), { once: true });
  return (promise) =>
    new Promise((resolve, reject) => {
      interrupt = () => resolve("gone");
      promise.then(resolve, reject);
      if (signal.aborted) interrupt();
    });
}

async function whenDrained(
  { emitter, slowClientMs }: Pick<PumpTarget<unknown>, "emitter" | "slowClientMs">,
  orGone: <T>(promise: Promise<T>) => Promise<T | "gone">,
): Promise<"drained" | "gone" | "slow"> {
  const { promise, resolve } = Promise.withResolvers<"drained" | "slow">();
  const onDrain = () => resolve("drained");
  emitter.once("drain", onDrain);
  const timer = setTimeout(() => resolve("slow"), slowClientMs);
  try {
    return await orGone(promise);
  } finally {
    clearTimeout(timer);
    emitter.off("drain", onDrain);
  }
}
