import type { SlotState } from "./backend.ts";

interface Slot {
  readonly position: number;
  readonly qos: 1 | 2;
  progress: SlotState["progress"];
}

const packetIds = 65_535;

/**
 * QoS 1 and 2 messages on their way to a client, in order and with consecutive packet identifiers. The window moves
 * only over messages that are done, so that identifiers are never in use twice and follow from the messages' order.
 */
export class OutgoingWindow {
  readonly #capacity: number;
  readonly #slots: Slot[];
  #firstPacketId: number;

  constructor(capacity: number, firstPacketId = 1, slots: readonly SlotState[] = []) {
    this.#capacity = capacity;
    this.#firstPacketId = firstPacketId;
    this.#slots = slots.map((slot) => ({ ...slot }));
    this.#slide();
  }

  get isFull(): boolean {
    return this.#slots.length >= this.#capacity;
  }

  get firstPacketId(): number {
    return this.#firstPacketId;
  }

  get firstPosition(): number | undefined {
    return this.#slots[0]?.position;
  }

  get lastPosition(): number | undefined {
    return this.#slots.at(-1)?.position;
  }

  /** With their packet identifiers, oldest first. */
  *entries(): Iterable<readonly [packetId: number, slot: SlotState]> {
    for (const [index, slot] of this.#slots.entries()) yield [this.#packetIdAt(index), slot];
  }

  states(): SlotState[] {
    return this.#slots.map((slot) => ({ ...slot }));
  }

  /** Takes a place for a message; gives its packet identifier. */
  add(position: number, qos: 1 | 2): number {
    this.#slots.push({ position, qos, progress: "sent" });
    return this.#packetIdAt(this.#slots.length - 1);
  }

  progressOf(packetId: number): SlotState | undefined {
    return this.#slots[this.#indexOf(packetId)];
  }

  /** PUBREC: the client has the message, and will forget its identifier once told to. */
  release(packetId: number): void {
    const slot = this.#slots[this.#indexOf(packetId)];
    if (slot?.qos === 2 && slot.progress === "sent") slot.progress = "released";
  }

  /** PUBACK for QoS 1, PUBCOMP for QoS 2, or the message no longer exists. */
  finish(packetId: number): void {
    const slot = this.#slots[this.#indexOf(packetId)];
    if (slot === undefined) return;
    slot.progress = "done";
    this.#slide();
  }

  #slide(): void {
    let done = 0;
    while (this.#slots[done]?.progress === "done") done++;
    if (done === 0) return;
    this.#firstPacketId = this.#packetIdAt(done);
    this.#slots.splice(0, done);
  }

  #packetIdAt(index: number): number {
    return ((this.#firstPacketId - 1 + index) % packetIds) + 1;
  }

  #indexOf(packetId: number): number {
    return (packetId - this.#firstPacketId + packetIds) % packetIds;
  }
}
