import type { Clock } from "../clock/clock.ts";
import type { MqttLimits } from "./limits.ts";

interface AddressUse {
  connecting: number;
  refusals: number;
  refusalsSinceMs: number;
}

const refusalWindowMs = 10_000;
const rememberedAddresses = 10_000;

/** What strangers at one network address may take up. */
export class AddressLimits {
  readonly #clock: Clock;
  readonly #limits: MqttLimits;
  readonly #uses = new Map<string, AddressUse>();

  constructor(clock: Clock, limits: MqttLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** False when the address has too many connections that are not authenticated. */
  beginConnecting(address: string): boolean {
    const use = this.#useOf(address);
    if (use.connecting >= this.#limits.maxConnectingPerAddress) return false;
    use.connecting++;
    return true;
  }

  endConnecting(address: string): void {
    const use = this.#uses.get(address);
    if (use !== undefined && use.connecting > 0) use.connecting--;
    this.#forgetIdle(address);
  }

  countRefusal(address: string): void {
    this.#useOf(address).refusals++;
  }

  /** Guessing keys costs the guesser time, not the server. */
  isRefused(address: string): boolean {
    return (
      (this.#uses.get(address)?.refusals ?? 0) >= this.#limits.maxRefusalsPerAddress && !this.#isOver(address)
    );
  }

  #useOf(address: string): AddressUse {
    const known = this.#uses.get(address);
    if (known !== undefined) {
      if (this.#isOver(address)) {
        known.refusals = 0;
        known.refusalsSinceMs = this.#clock.monotonicMs();
      }
      return known;
    }
    if (this.#uses.size >= rememberedAddresses) this.#dropOldest();
    const use = { connecting: 0, refusals: 0, refusalsSinceMs: this.#clock.monotonicMs() };
    this.#uses.set(address, use);
    return use;
  }

  #isOver(address: string): boolean {
    const use = this.#uses.get(address);
    return use === undefined || this.#clock.monotonicMs() - use.refusalsSinceMs >= refusalWindowMs;
  }

  #forgetIdle(address: string): void {
    const use = this.#uses.get(address);
    if (use?.connecting === 0 && (use.refusals === 0 || this.#isOver(address))) this.#uses.delete(address);
  }

  #dropOldest(): void {
    for (const [address, { connecting }] of this.#uses) {
      if (connecting > 0) continue;
      this.#uses.delete(address);
      return;
    }
  }
}
