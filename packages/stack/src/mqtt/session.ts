import type { Clock, Timer } from "../clock/clock.ts";
import type { Logger } from "../log/log.ts";
import type { Client, SessionState, SlotState, StoredSession } from "./backend.ts";
import { type MqttCounters, type MqttLimits, pauseBytes } from "./limits.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { OutgoingWindow } from "./outgoing-window.ts";
import { encodeAcknowledgement, encodePublish } from "./packet-encoding.ts";
import { type QoS, SubscriptionSet } from "./subscription-set.ts";
import { TransientSubscriptions } from "./transient-subscriptions.ts";

/** Where a session's packets go. */
export interface PacketSink {
  send(packet: Buffer): void;
  /** Bytes that the client has not taken yet. */
  readonly pendingBytes: number;
  /** How many there may be. */
  readonly pendingLimit: number;
}

export interface SessionContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: MqttLimits;
  readonly counters: MqttCounters;
}

/** Messages read from the source at once by a session that is behind. */
const pageLength = 100;
/** Acknowledged QoS 1 messages may be sent again after a crash within this time. */
const saveDelayMs = 200;
const retryDelayMs = 1000;

/**
 * A client's subscriptions and its place in the messages. While it keeps up it takes them live; when its window is
 * full or it does not read, it falls behind and goes on from the source later, so that nothing is queued for it.
 * Only QoS 0 messages of a session that nobody stores are dropped.
 */
export class Session {
  readonly #context: SessionContext;
  readonly #client: Client;
  readonly #stored: StoredSession | undefined;
  readonly #sink: PacketSink;
  readonly #subscriptions: SubscriptionSet;
  /** Those whose messages do not come from the source. */
  readonly #transient: TransientSubscriptions;
  readonly #window: OutgoingWindow;
  #feed: { close(): void } | undefined;
  /** The last message looked at. */
  #position: number;
  /** QoS 0 messages up to here were sent before. */
  readonly #skipQos0To: number;
  /** The newest message that was seen live. */
  #newest: number;
  #live = false;
  #ended = false;
  #page: readonly OutgoingMessage[] = [];
  #reading = false;
  /** While a change of subscriptions is made durable, no message may take a packet identifier. */
  #pauses = 0;
  /** So many of the next messages may have been sent before a crash. */
  #perhapsDuplicates: number;
  #saving: Promise<void> | undefined;
  #nextSave: Promise<void> | undefined;
  #saveTimer: Timer | undefined;

  constructor(context: SessionContext, client: Client, stored: StoredSession | undefined, sink: PacketSink) {
    this.#context = context;
    this.#client = client;
    this.#stored = stored;
    this.#sink = sink;
    const state = stored?.state;
    this.#newest = client.source.lastPosition();
    this.#transient = new TransientSubscriptions(client.transient, (message) => this.#sendTransient(message));
    const given = state?.subscriptions ?? [];
    this.#subscriptions = new SubscriptionSet(given.filter(({ filter }) => !this.#transient.owns(filter)));
    this.#window = new OutgoingWindow(context.limits.maxInFlight, state?.nextPacketId, state?.slots);
    this.#position = this.#window.lastPosition ?? state?.cursor ?? this.#newest;
    this.#skipQos0To = state?.readTo ?? 0;
    this.#perhapsDuplicates = state?.connected ? context.limits.maxInFlight - state.slots.length : 0;
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size + this.#transient.size;
  }

  /** Makes it durable that the client is connected, before anything is sent to it. */
  async begin(): Promise<void> {
    if (this.#stored !== undefined) await this.#save();
  }

  /** Sends what was missed, then what comes. */
  start(): void {
    this.#feed = this.#client.source.subscribe((message) => this.#handleLive(message));
    for (const subscription of this.#stored?.state?.subscriptions ?? []) this.#transient.add(subscription);
    if (this.#stored?.state === undefined) {
      this.#live = true;
      return;
    }
    this.#reading = true;
    this.#redeliver().then(
      () => {
        this.#reading = false;
        this.#catchUp();
      },
      (error: unknown) => this.#readFailed(error),
    );
  }

  /** Resolves once durable, where the session is stored. */
  async subscribe(requests: readonly { readonly filter: string; readonly qos: QoS }[]): Promise<void> {
    const since = this.#client.source.lastPosition();
    await this.#changeSubscriptions(() => {
      for (const { filter, qos } of requests) {
        if (this.#transient.add({ filter, qos, since })) continue;
        // A client that subscribes again to what it has, as most do on connecting, keeps what it missed.
        this.#subscriptions.add({ filter, qos, since: this.#subscriptions.get(filter)?.since ?? since });
      }
    });
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    await this.#changeSubscriptions(() => {
      for (const filter of filters) {
        this.#transient.delete(filter);
        this.#subscriptions.delete(filter);
      }
    });
  }

  /** PUBACK */
  handleAcknowledged(packetId: number): void {
    if (this.#window.progressOf(packetId)?.qos === 1) this.#finish(packetId);
  }

  /**
   * PUBREC: [MQTT-4.3.3-1]. Durable before PUBREL leaves: after it the client forgets the identifier, and the
   * message sent again under it would be delivered twice.
   */
  async handleReceived(packetId: number): Promise<void> {
    this.#window.release(packetId);
    if (this.#stored !== undefined && this.#window.progressOf(packetId) !== undefined) await this.#save();
    this.#sink.send(encodeAcknowledgement("pubrel", packetId));
  }

  /** PUBCOMP */
  handleCompleted(packetId: number): void {
    if (this.#window.progressOf(packetId)?.progress === "released") this.#finish(packetId);
  }

  /** The client takes bytes again. */
  resume(): void {
    if (!this.#live) this.#catchUp();
  }

  /** Stops delivery; resolves once the place is durable. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#feed?.close();
    this.#transient.close();
    this.#page = [];
    this.#saveTimer?.cancel();
    if (this.#stored !== undefined) await this.#save();
  }

  #handleLive(message: OutgoingMessage): void {
    this.#newest = message.position;
    if (this.#live && !this.#offer(message)) this.#live = false;
  }

  /** Sends a message where it is subscribed to; false when it has to wait. */
  #offer(message: OutgoingMessage): boolean {
    if (this.#pauses > 0) return false;
    const qos = this.#client.mayRead ? this.#subscriptions.match(message.topic, message.position) : undefined;
    if (qos === 0) {
      if (!this.#offerQos0(message)) return false;
    } else if (qos !== undefined) {
      if (this.#window.isFull || this.#sink.pendingBytes > pauseBytes) return false;
      const packetId = this.#window.add(message.position, qos);
      const duplicate = this.#perhapsDuplicates > 0;
      if (duplicate) this.#perhapsDuplicates--;
      this.#sink.send(encodePublish(message.topic, message.payload, { qos, packetId, duplicate }));
      this.#context.counters.delivered++;
    }
    this.#position = message.position;
    return true;
  }

  #offerQos0(message: OutgoingMessage): boolean {
    if (message.position <= this.#skipQos0To) return true;
    const { pendingBytes } = this.#sink;
    if (this.#stored !== undefined) {
      if (pendingBytes > pauseBytes) return false;
      this.#saveSoon();
    } else if (pendingBytes > this.#sink.pendingLimit) {
      this.#context.counters.dropped++;
      return true;
    }
    this.#sink.send(message.packet);
    this.#context.counters.delivered++;
    return true;
  }

  #sendTransient(message: OutgoingMessage): void {
    if (!this.#client.mayRead) return;
    if (this.#sink.pendingBytes > this.#sink.pendingLimit) {
      this.#context.counters.dropped++;
      return;
    }
    this.#sink.send(message.packet);
    this.#context.counters.delivered++;
  }

  /** [MQTT-4.4.0-1]: what was not acknowledged goes first, with the same packet identifiers. */
  async #redeliver(): Promise<void> {
    const entries = [...this.#window.entries()];
    const messages = await Promise.all(
      entries.map(([, slot]) =>
        slot.progress === "sent" ? this.#client.source.read(slot.position - 1, 1) : Promise.resolve([]),
      ),
    );
    if (this.#ended) return;
    entries.forEach(([packetId, slot], index) => {
      this.#sendAgain(packetId, slot, messages[index]?.[0]);
    });
  }

  #sendAgain(packetId: number, slot: SlotState, message: OutgoingMessage | undefined): void {
    if (slot.progress === "released") this.#sink.send(encodeAcknowledgement("pubrel", packetId));
    if (slot.progress !== "sent") return;
    // Older than what the source keeps.
    if (message?.position !== slot.position) this.#window.finish(packetId);
    else {
      const options = { qos: slot.qos, packetId, duplicate: true };
      this.#sink.send(encodePublish(message.topic, message.payload, options));
      this.#context.counters.delivered++;
    }
  }

  #catchUp(): void {
    if (this.#reading || this.#live || this.#ended) return;
    if (!this.#offerPage()) return;
    this.#reading = true;
    this.#readPage().then(
      () => {
        this.#reading = false;
        this.#catchUp();
      },
      (error: unknown) => this.#readFailed(error),
    );
  }

  /** Sends what was read and had to wait; false when it still has to. */
  #offerPage(): boolean {
    if (this.#pauses > 0 || this.#window.isFull || this.#sink.pendingBytes > pauseBytes) return false;
    for (const [index, message] of this.#page.entries()) {
      if (message.position > this.#position && !this.#offer(message)) {
        this.#page = this.#page.slice(index);
        return false;
      }
    }
    this.#page = [];
    return true;
  }

  async #readPage(): Promise<void> {
    const { source } = this.#client;
    const last = source.lastPosition();
    this.#page = this.#subscriptions.size === 0 ? [] : await source.read(this.#position, pageLength);
    const isLast = this.#page.length < pageLength;
    if (this.#ended || !this.#offerPage() || !isLast) return;
    this.#position = Math.max(this.#position, last);
    // What was seen live meanwhile is not in the page: read once more.
    this.#live = this.#newest <= this.#position;
  }

  #readFailed(error: unknown): void {
    this.#context.log.warn("messages for an MQTT session could not be read", { error });
    this.#context.clock.after(retryDelayMs, () => {
      this.#reading = false;
      this.#catchUp();
    });
  }

  #finish(packetId: number): void {
    this.#window.finish(packetId);
    if (this.#stored !== undefined) this.#saveSoon();
    this.resume();
  }

  async #changeSubscriptions(change: () => void): Promise<void> {
    if (this.#stored === undefined) return change();
    this.#pauses++;
    this.#live = false;
    try {
      change();
      await this.#save();
    } finally {
      this.#pauses--;
      this.#catchUp();
    }
  }

  #saveSoon(): void {
    this.#saveTimer ??= this.#context.clock.after(saveDelayMs, () => {
      this.#saveTimer = undefined;
      if (this.#ended) return;
      this.#save().catch((error: unknown) => {
        this.#context.log.warn("an MQTT session could not be saved", { error });
      });
    });
  }

  /** One save is under way at a time; those who ask meanwhile share the next one. */
  #save(): Promise<void> {
    const begin = (): Promise<void> => {
      this.#nextSave = undefined;
      const saving = this.#stored!.save(this.#state()).finally(() => {
        if (this.#saving === saving) this.#saving = undefined;
      });
      this.#saving = saving;
      return saving;
    };
    if (this.#saving === undefined) return begin();
    this.#nextSave ??= this.#saving.then(begin, begin);
    return this.#nextSave;
  }

  #state(): SessionState {
    const first = this.#window.firstPosition;
    return {
      subscriptions: [...this.#subscriptions.values(), ...this.#transient.values()],
      cursor: first === undefined ? this.#position : first - 1,
      nextPacketId: this.#window.firstPacketId,
      slots: this.#window.states(),
      readTo: Math.max(this.#position, this.#skipQos0To),
      connected: !this.#ended,
    };
  }
}
