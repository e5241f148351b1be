/** Things that come in one by one, to be waited for. */
export class Arrivals<Item> {
  readonly items: Item[] = [];
  readonly #waiting = new Set<() => void>();
  #failure: Error | undefined;

  add(item: Item): void {
    this.items.push(item);
    this.#wake();
  }

  /** Nothing more will come. */
  end(reason: Error): void {
    this.#failure ??= reason;
    this.#wake();
  }

  /** The first that satisfies `matches`, among those that came and those to come. */
  async first(matches: (item: Item) => boolean, timeoutMs = 30_000): Promise<Item> {
    const deadline = Date.now() + timeoutMs;
    for (let looked = 0; ; ) {
      for (; looked < this.items.length; looked++) {
        if (matches(this.items[looked]!)) return this.items[looked]!;
      }
      if (this.#failure !== undefined) throw this.#failure;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0)
        throw new Error(`it did not come within ${timeoutMs} ms; what came: ${this.#latest()}`);
      await this.#change(leftMs);
    }
  }

  #latest(): string {
    return this.items
      .slice(-8)
      .map((item) => (typeof item === "string" ? item : JSON.stringify(item)).slice(0, 400))
      .join("\n");
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
