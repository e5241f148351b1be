import type { At } from "../clock/clock.ts";
import { ulid } from "../domain/ulid.ts";
import type { CallOrigin } from "./call-origin.ts";
import type { Event, EventDefinition, EventDetails, EventSubject } from "./events.ts";

const none: readonly EventSubject[] = [];
const noDetails: EventDetails = {};

/** Of an entry beside the text of its details. */
const bytesBeside = 256;

const beyondLatin1 = /[\u0100-\uffff]/;

interface EventParts {
  readonly time: At;
  readonly sequence: number;
  readonly origin: CallOrigin | undefined;
  readonly otherSubjects: readonly EventSubject[] | undefined;
  readonly build: (() => EventDetails) | undefined;
}

/** An event whose details are built when they are first asked for, and which can be packed to be kept. */
export class PublishedEvent implements Event {
  readonly definition: EventDefinition;
  readonly subject: EventSubject;
  readonly otherSubjects: readonly EventSubject[];
  readonly time: At;
  /** Counts up over all events, so that those of one millisecond stay in order. */
  readonly sequence: number;
  readonly origin: CallOrigin | undefined;
  /** No longer in the history: not worth packing. */
  isDropped = false;
  #build: (() => EventDetails) | undefined;
  #details: EventDetails | undefined;
  #packed: string | undefined;
  #uniqueId: string | undefined;
  #bytes = bytesBeside;

  constructor(definition: EventDefinition, subject: EventSubject, of: EventParts) {
    this.definition = definition;
    this.subject = subject;
    this.otherSubjects = of.otherSubjects ?? none;
    this.time = of.time;
    this.sequence = of.sequence;
    this.origin = of.origin;
    this.#build = of.build;
  }

  get uniqueId(): string {
    this.#uniqueId ??= ulid(this.time);
    return this.#uniqueId;
  }

  /** Whether its identifier was ever given out. */
  hasIdentifier(id: string): boolean {
    return this.#uniqueId === id;
  }

  get correlationIds(): readonly string[] {
    return this.#read().correlationIds ?? [];
  }

  get data(): NonNullable<EventDetails["data"]> | undefined {
    return this.#read().data;
  }

  /** Whether a correlation identifier is among its own. A look at the text spares the reading of most. */
  isRelatedTo(correlationId: string, quoted: string): boolean {
    if (!(this.#packed ?? this.#text()).includes(quoted)) return false;
    return this.correlationIds.includes(correlationId);
  }

  /** Memory that it takes while it is kept, as far as that is known. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lets go of everything that the details were to be built of, which is much more than their text. */
  pack(): void {
    if (this.#packed !== undefined) return;
    this.#packed = this.#text();
    // A text with one character beyond Latin-1 takes two bytes for each.
    this.#bytes += this.#packed.length * (beyondLatin1.test(this.#packed) ? 2 : 1);
    this.#build = undefined;
    this.#details = undefined;
  }

  /** Packing comes long after what the event tells of: details that cannot be built cost the event its details, not more. */
  #text(): string {
    try {
      return JSON.stringify(this.#read());
    } catch {
      return "{}";
    }
  }

  /** Builds the details now, of what is as it is now. */
  build(): void {
    this.#read();
  }

  #read(): EventDetails {
    if (this.#packed !== undefined) return JSON.parse(this.#packed) as EventDetails;
    this.#details ??= withCallOf(this.#build?.() ?? noDetails, this.origin);
    return this.#details;
  }
}

/** An event that comes from a call says so among its correlation identifiers. */
function withCallOf(details: EventDetails, origin: CallOrigin | undefined): EventDetails {
  if (origin === undefined) return details;
  return {
    ...details,
    correlationIds: [...new Set([...origin.correlationIds, ...(details.correlationIds ?? [])])],
  };
}
