import type { Clock } from "../../clock/clock.ts";
import type { GatewayUplink } from "../../domain/uplink.ts";
import type { CopyListener, Round } from "./deduplicator.ts";
import type { UsualGateways } from "./usual-gateways.ts";

/** The copies of a frame while it waits, and for a while after. */
export class Copies implements CopyListener {
  readonly #usualGateways: UsualGateways;
  readonly #round: Round;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #windowMs: number;
  #whenClosed: (() => void) | undefined;
  /** The frame of the same device that came in before this one, while it waits too. */
  earlier: Copies | undefined;

  constructor(
    round: Round,
    usualGateways: UsualGateways,
    options: { readonly clock: Pick<Clock, "monotonicMs">; readonly windowMs: number },
    whenClosed: () => void,
  ) {
    this.#round = round;
    this.#usualGateways = usualGateways;
    this.#clock = options.clock;
    this.#windowMs = options.windowMs;
    this.#whenClosed = whenClosed;
  }

  copyReceived(round: Round, copy: GatewayUplink): void {
    if (round.isOpen) {
      this.closeWhenComplete();
      return;
    }
    // A gateway that needs longer than the whole window would only ever hold the others up.
    if (this.#clock.monotonicMs() - round.openedAtMs < this.#windowMs) {
      this.#usualGateways.add(copy.receptions[0]);
    }
  }

  closeWhenComplete(): boolean {
    const isComplete = this.#usualGateways.haveReported(this.#round.receptions);
    if (isComplete) this.close();
    return isComplete;
  }

  close(): void {
    const whenClosed = this.#whenClosed;
    if (whenClosed === undefined) return;
    this.#whenClosed = undefined;
    // A gateway that was offline sends several frames of a device at once. Were a later one handed on first, the
    // counters of those before it would be refused.
    this.earlier?.close();
    this.earlier = undefined;
    this.#round.isOpen = false;
    this.#usualGateways.learn(this.#round.receptions);
    whenClosed();
  }
}
