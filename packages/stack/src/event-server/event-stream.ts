import type { EntityIdentifiers } from "@skylark/api";
import type { Event, EventBus, EventRange } from "../events/events.ts";
import type { Authority, Caller } from "../rpc/service.ts";
import { EventBuffer } from "./event-buffer.ts";
import { subjectIdentified } from "./event-subjects.ts";
import { isVisible } from "./event-visibility.ts";

/** Events that one slow reader may be behind. */
const bufferedEvents = 4096;

export interface EventStreamOptions {
  readonly events: EventBus;
  readonly authority: Pick<Authority, "rightsOn">;
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

  /** Until it is ended. Throws when the reader is too slow, and when the caller is nobody any more. */
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
    return isVisible(this.#options.authority, this.#request.caller, event);
  }
}
