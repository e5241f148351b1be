import type { EUI64 } from "@skylark/lorawan";
import type { Clock } from "../../../clock/clock.ts";
import { SkylarkError } from "../../../errors/errors.ts";
import type { Logger } from "../../../log/log.ts";

const intervalMs = 10_000;
const maxLines = 10;

/** Says which gateways cannot connect: some by name, then in each interval how many more, since strangers make them up. */
export class RefusalLog {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #logger: Logger;
  #lines = 0;
  #more = 0;
  #startedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "monotonicMs">, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  refused(eui: EUI64, error: unknown): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#startedAtMs >= intervalMs) {
      this.#sum();
      this.#startedAtMs = now;
      this.#lines = 0;
    }
    if (this.#lines >= maxLines) {
      this.#more++;
      return;
    }
    this.#lines++;
    const level = error instanceof SkylarkError ? "info" : "error";
    this.#logger[level]("gateway cannot connect", { gateway_eui: eui, error });
  }

  #sum(): void {
    if (this.#more > 0) this.#logger.info("more gateways cannot connect", { gateways: this.#more });
    this.#more = 0;
  }
}
