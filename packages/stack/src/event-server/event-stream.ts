import type { EntityIdentifiers } from "@skylark/api";
import type { Event, EventBus, EventRange } from "../events/events.ts";
import type { Authority, Caller } from "../rpc/service.ts";
import { EventBuffer } from "./event-buffer.ts";
import { rightsToListen, subjectIdentified } from "./event-subjects.ts";
import { isVisible } from "./event-visibility.ts";

/** Events that one slow reader may be behind. */
const bufferedEvents = 4096;

export interface EventStreamOptions {
  readonly events: EventBus;
  readonly authority: Pick<Authority, "rightsOn" | "require">;
}

/** What somebody listens to. */
export interface EventStreamRequest {
  readonly tenantId: string;
  readonly caller: Caller;
  readonly identifiers: readonly EntityIdentifiers[];
  /** Undefined for all. */
  readonly names: ReadonlySet<string> | undefined;
  /** Which part of the past comes first; undefined for none. */
  readonly past: EventRange | undefined;
}

/** Events from the moment it is made, those of the past before them; nothing is lost or doubled between. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #request: EventStreamRequest;
  readonly #buffer = new EventBuffer<Event>(bufferedEvents);
  readonly #past: readonly Event[];
  readonly #close: () => void;

  constructor(options: EventStreamOptions, request: EventStreamRequest) {
    this.#options = options;
    this.#request = request;
    const { names, past } = request;
    const filter = {
      subjects: request.identifiers.map((each) => subjectIdentified(request.tenantId, each)),
      ...(names === undefined ? {} : { names: (name: string) => names.has(name) }),
    };
    this.#past = past === undefined ? [] : (options.events.history?.find(filter, past) ?? []);
    const subscription = options.events.subscribe(filter, (event) => this.#buffer.push(event));
    this.#close = () => subscription.close();
  }

  end(): void {
    this.#close();
    this.#buffer.end();
  }

  /** Until it is ended. Throws when the reader is too slow, and when the caller has lost every right. */
  async *visibleEvents(): AsyncGenerator<Event, void> {
    for (const event of this.#past) {
      const shown = this.#shows(event);
      if (shown instanceof Promise ? await shown : shown) yield event;
    }
    for (;;) {
      const events = await this.#buffer.take();
      if (events === undefined) return;
      for (const event of events) {
        const shown = this.#shows(event);
        if (shown instanceof Promise ? await shown : shown) yield event;
      }
    }
  }

  /** Rights are asked for each event: whoever loses them in the middle of a stream sees no more. */
  #shows(event: Event): boolean | Promise<boolean> {
    const { authority } = this.#options;
    const shown = isVisible(authority, this.#request.caller, event);
    if (shown === true) return true;
    return shown === false ? this.#isAllowedStill() : shown.then((is) => is || this.#isAllowedStill());
  }

  /** Throws what the caller lacks when it may not listen at all any more; else the event is just not shown. */
  #isAllowedStill(): false | Promise<false> {
    const { caller, identifiers } = this.#request;
    const required = this.#options.authority.require(caller, rightsToListen(identifiers));
    return required instanceof Promise ? required.then(() => false) : false;
  }
}
