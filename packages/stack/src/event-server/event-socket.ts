import type { RawData, WebSocket } from "ws";
import type { Clock, Timer } from "../clock/clock.ts";
import { defineErrors, SkylarkError, statusCodes } from "../errors/errors.ts";
import type { Logger } from "../log/log.ts";
import { errorStatus } from "../rpc/error-status.ts";
import { watchRequirement } from "../rpc/lasting-access.ts";
import { type Authority, authenticated, type Caller } from "../rpc/service.ts";
import type { EventRenderer } from "./event-messages.ts";
import { wantedEventNames, wantedPast } from "./event-service.ts";
import {
  formatConfirmation,
  formatFailure,
  formatPublication,
  parseSocketRequest,
  type SubscribeRequest,
  UnreadableMessage,
} from "./event-socket-messages.ts";
import { EventStream, type EventStreamOptions } from "./event-stream.ts";
import { rightsToListen } from "./event-subjects.ts";

const subscriptionErrors = defineErrors("pkg/console/internal/events/subscriptions");
const alreadySubscribed = subscriptionErrors.alreadyExists(
  "already_subscribed",
  "already subscribed with ID `{id}`",
);
const notSubscribed = subscriptionErrors.notFound("not_subscribed", "not subscribed with ID `{id}`");
const noIdentifiers = subscriptionErrors.invalidArgument("no_identifiers", "no identifiers");
const tooManySubscriptions = defineErrors("skylark/event-server").resourceExhausted(
  "too_many_subscriptions",
  "more than {maximum} subscriptions on one socket",
);
const rateExceeded = defineErrors("pkg/console/internal/events").resourceExhausted(
  "rate_exceeded",
  "request rate exceeded",
);

const maximumSubscriptions = 50;
/** Of the past, for each identifier of a subscription. */
const longestTail = 100;
/** What may wait to be sent before those that fill it are kept waiting. */
const sendAheadBytes = 256 * 1024;
/** Messages that wait for their turn before no more are read. */
const mostWaiting = 32;
const pingEveryMs = 60_000;

const closeCodes = { normal: 1000, goingAway: 1001, policy: 1008, failure: 1011 } as const;

export interface EventSocketOptions extends EventStreamOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly renderer: EventRenderer;
  readonly authority: Pick<Authority, "rightsOn" | "requireStill" | "watch">;
}

export interface SocketPeer {
  readonly tenantId: string;
  readonly caller: Caller;
  /** Whether one more message is within the peer's rate. */
  readonly takeRate: () => boolean;
}

interface Subscription {
  readonly stream: EventStream;
  readonly end: () => void;
}

/** One console that listens to many entities over one WebSocket. */
export class EventSocket {
  readonly #socket: WebSocket;
  readonly #peer: SocketPeer;
  readonly #options: EventSocketOptions;
  readonly #subscriptions = new Map<number, Subscription>();
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #ping: Timer | undefined;
  readonly #endWatch: () => void;
  #isClosed = false;

  constructor(socket: WebSocket, peer: SocketPeer, options: EventSocketOptions) {
    this.#socket = socket;
    this.#peer = peer;
    this.#options = options;
    socket.on("message", (data) => this.#receive(data));
    socket.on("close", () => this.#closed());
    // What the peer did wrong, ws answers by closing; "close" follows.
    socket.on("error", (error) => options.log.debug("event socket failed", { error: error.message }));
    this.#schedulePing();
    // Who is nobody any more has no socket, even one that listens to nothing.
    this.#endWatch = watchRequirement(options.authority, peer.caller, authenticated, (error) =>
      this.#fail(0, error),
    );
  }

  /** Of the server, which stops. */
  stop(): void {
    this.#close(closeCodes.goingAway, "the server stops");
  }

  /** One after the other: what a console asks for is answered in its order. */
  #receive(data: RawData): void {
    if (this.#isClosed) return;
    if (++this.#waiting === mostWaiting) this.#socket.pause();
    this.#turn = this.#turn
      .then(() => this.#handle(String(data)))
      .catch((error: unknown) => this.#fail(0, error))
      .finally(() => {
        if (this.#waiting-- === mostWaiting) this.#socket.resume();
      });
  }

  async #handle(text: string): Promise<void> {
    if (this.#isClosed) return;
    if (!this.#peer.takeRate()) {
      this.#fail(0, rateExceeded());
      return;
    }
    let id = 0;
    try {
      const message = parseSocketRequest(text, this.#options.clock.now());
      id = message.id;
      if (message.type === "subscribe") await this.#subscribe(id, message.request);
      else this.#unsubscribe(id);
    } catch (error) {
      const isUnreadable = error instanceof UnreadableMessage;
      this.#sendFailure(isUnreadable ? error.id : id, isUnreadable ? error.cause : error);
    }
  }

  async #subscribe(id: number, { identifiers, tail, after, names }: SubscribeRequest): Promise<void> {
    const { tenantId, caller } = this.#peer;
    const { authority } = this.#options;
    if (this.#subscriptions.has(id)) throw alreadySubscribed({ id });
    if (this.#subscriptions.size >= maximumSubscriptions) {
      throw tooManySubscriptions({ maximum: maximumSubscriptions });
    }
    if (identifiers.length === 0) throw noIdentifiers();
    const wanted = wantedEventNames(names);
    const needed = rightsToListen(identifiers);
    await authority.requireStill(caller, needed);
    if (this.#isClosed) return;
    const past = wantedPast({ tail: Math.min(tail, longestTail), ...(after === undefined ? {} : { after }) });
    const stream = new EventStream(this.#options, { tenantId, caller, identifiers, names: wanted, past });
    const endWatch = watchRequirement(authority, caller, needed, (error) => this.#fail(id, error));
    const end = () => {
      endWatch();
      stream.end();
    };
    this.#subscriptions.set(id, { stream, end });
    this.#socket.send(formatConfirmation({ type: "subscribe", id }));
    void this.#publish(id, stream);
  }

  #unsubscribe(id: number): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) throw notSubscribed({ id });
    this.#subscriptions.delete(id);
    subscription.end();
    this.#socket.send(formatConfirmation({ type: "unsubscribe", id }));
  }

  async #publish(id: number, stream: EventStream): Promise<void> {
    try {
      for await (const event of stream.visibleEvents()) {
        // Nothing follows the confirmation of an unsubscription.
        if (this.#subscriptions.get(id)?.stream !== stream || this.#isClosed) return;
        const sent = this.#send(formatPublication(id, this.#options.renderer.text(event)));
        if (sent !== undefined) await sent;
      }
    } catch (error) {
      if (this.#subscriptions.get(id)?.stream === stream) this.#fail(id, error);
    }
  }

  /** A promise when enough waits to be sent: the rest stays in the streams, which are bounded. */
  #send(text: string): Promise<void> | undefined {
    if (this.#socket.bufferedAmount < sendAheadBytes) {
      this.#socket.send(text);
      return undefined;
    }
    return new Promise((resolve) => this.#socket.send(text, () => resolve()));
  }

  #sendFailure(id: number, error: unknown): void {
    const { isUnexpected, body } = errorStatus(error);
    if (isUnexpected) this.#options.log.error("an event subscription failed", { error });
    if (!this.#isClosed) this.#socket.send(formatFailure(id, body));
  }

  /** Ends everything: what failed cannot go on, and a console that connects again begins anew. */
  #fail(id: number, error: unknown): void {
    this.#sendFailure(id, error);
    const refused: readonly unknown[] = [
      statusCodes.unauthenticated,
      statusCodes.permissionDenied,
      statusCodes.resourceExhausted,
    ];
    const isRefused = error instanceof SkylarkError && refused.includes(error.code);
    this.#close(isRefused ? closeCodes.policy : closeCodes.failure, "the subscription cannot go on");
  }

  #close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.#closed();
  }

  #closed(): void {
    this.#isClosed = true;
    this.#endWatch();
    this.#ping?.cancel();
    for (const { end } of this.#subscriptions.values()) end();
    this.#subscriptions.clear();
  }

  /** A peer that does not answer by the next ping is gone. */
  #schedulePing(): void {
    let isAnswered = true;
    const beat = () => {
      if (!isAnswered) {
        this.#socket.terminate();
        return;
      }
      isAnswered = false;
      this.#socket.ping();
      this.#ping = this.#options.clock.after(pingEveryMs, beat);
    };
    this.#socket.on("pong", () => {
      isAnswered = true;
    });
    this.#ping = this.#options.clock.after(pingEveryMs, beat);
  }
}
