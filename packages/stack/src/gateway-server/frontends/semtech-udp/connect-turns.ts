/** Who waits for its registration to be looked up. */
export interface Connecting {
  /** Never rejects. */
  connect(): Promise<void>;
}

/** Look-ups at once: enough to keep the store busy, few enough to be small whatever strangers send. */
const maxRunning = 64;

/** What gateways sent while they wait, over all of them. */
const maxHeldActions = 10_000;

/** Lets gateways connect a few at a time, in their order: strangers can make up any number of them. */
export class ConnectTurns {
  readonly #waiting = new Set<Connecting>();
  #running = 0;
  #heldActions = 0;

  wait(gateway: Connecting): void {
    this.#waiting.add(gateway);
    this.#run();
  }

  /** It is gone before its turn. */
  leave(gateway: Connecting): void {
    this.#waiting.delete(gateway);
  }

  /** Whether something more may be kept until its gateway is connected; it counts as kept then. */
  hold(): boolean {
    if (this.#heldActions >= maxHeldActions) return false;
    this.#heldActions++;
    return true;
  }

  release(actions: number): void {
    this.#heldActions -= actions;
  }

  #run(): void {
    for (const gateway of this.#waiting) {
      if (this.#running >= maxRunning) return;
      this.#waiting.delete(gateway);
      this.#running++;
      void gateway.connect().finally(() => {
        this.#running--;
        this.#run();
      });
    }
  }
}
