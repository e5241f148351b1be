import type { Right } from "@skylark/api";
import type { Event, EventSubject } from "../events/events.ts";
import type { Authority, Caller } from "../rpc/service.ts";
import { visibilityOf } from "./event-messages.ts";
import { entityOf } from "./event-subjects.ts";

/** Whether the caller holds one of the rights that show an event, on one of the entities that it is about, now. */
export function isVisible(
  authority: Pick<Authority, "rightsOn">,
  caller: Caller,
  event: Event,
): boolean | Promise<boolean> {
  const needed = visibilityOf(event);
  const shown = showsTo(authority, caller, event.subject, needed);
  if (event.otherSubjects.length === 0 || shown === true) return shown;
  return isVisibleThroughAny(authority, caller, event, needed);
}

function showsTo(
  authority: Pick<Authority, "rightsOn">,
  caller: Caller,
  subject: EventSubject,
  needed: readonly Right[],
): boolean | Promise<boolean> {
  const rights = authority.rightsOn(caller, entityOf(subject));
  return rights instanceof Promise ? rights.then((held) => holdsOne(held, needed)) : holdsOne(rights, needed);
}

async function isVisibleThroughAny(
  authority: Pick<Authority, "rightsOn">,
  caller: Caller,
  event: Event,
  needed: readonly Right[],
): Promise<boolean> {
  for (const subject of [event.subject, ...event.otherSubjects]) {
    if (await showsTo(authority, caller, subject, needed)) return true;
  }
  return false;
}

function holdsOne(held: ReadonlySet<Right>, needed: readonly Right[]): boolean {
  return needed.some((right) => held.has(right));
}
