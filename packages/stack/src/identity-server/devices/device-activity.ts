import type { At, Clock, Timer } from "../../clock/clock.ts";
import { type EndDeviceIdentifiers, endDeviceKey } from "../../domain/identifiers.ts";
import type { Location } from "../../domain/uplink.ts";

/** What was heard of a device since it was last written. */
export interface DeviceActivity {
  readonly ids: EndDeviceIdentifiers;
  seenAt?: At;
  activatedAt?: At;
  /** By the service that located it, e.g. `frm-payload`. */
  locations?: Map<string, Location>;
}

export interface DeviceActivityLog {
  seen(ids: EndDeviceIdentifiers, at: At): void;
  activated(ids: EndDeviceIdentifiers, at: At): void;
  located(ids: EndDeviceIdentifiers, service: string, location: Location): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

/** Being seen changes with every uplink: it is written once a minute for each device. */
const seenHeldMs = 60_000;
/** What happens rarely is written soon. */
const changeHeldMs = 10_000;
/** Small steps with pauses between them, so that a whole network's activity never holds up the commits of its uplinks. */
const stepSize = 200;
const stepPauseMs = 50;

/** Collects activity and writes it behind: never per uplink. `write` must not reject. */
export function createDeviceActivityLog(
  clock: Clock,
  write: (activities: readonly DeviceActivity[]) => Promise<void>,
): DeviceActivityLog {
  const sightings = createHeldBack(clock, seenHeldMs, write);
  const changes = createHeldBack(clock, changeHeldMs, write);
  return {
    seen: (ids, at) =>
      sightings.record(ids, (activity) => {
        activity.seenAt = Math.max(activity.seenAt ?? 0, at);
      }),
    activated: (ids, at) =>
      changes.record(ids, (activity) => {
        activity.activatedAt = at;
      }),
    located: (ids, service, location) =>
      changes.record(ids, (activity) => {
        activity.locations ??= new Map();
        activity.locations.set(service, location);
      }),
    async close() {
      await Promise.all([sightings.close(), changes.close()]);
    },
  };
}

interface HeldBack {
  record(ids: EndDeviceIdentifiers, note: (activity: DeviceActivity) => void): void;
  close(): Promise<void>;
}

/** Keeps what is recorded of a device for `heldMs` from its first note on, then hands it over, oldest first. */
function createHeldBack(
  clock: Clock,
  heldMs: number,
  write: (activities: readonly DeviceActivity[]) => Promise<void>,
): HeldBack {
  /** In the order of their first notes. */
  const pending = new Map<string, { readonly since: At; readonly activity: DeviceActivity }>();
  let timer: Timer | undefined;
  // One device may be in two steps; they are written in turn so that the newer one stays.
  let written: Promise<void> = Promise.resolve();

  const writeStep = (until: At): Promise<void> => {
    const step: DeviceActivity[] = [];
    for (const [key, { since, activity }] of pending) {
      if (since > until || step.length === stepSize) break;
      pending.delete(key);
      step.push(activity);
    }
    if (step.length > 0) written = written.then(() => write(step));
    return written;
  };

  const schedule = (): void => {
    const oldest = pending.values().next().value;
    if (oldest === undefined) return;
    const delayMs = Math.max(stepPauseMs, oldest.since + heldMs - clock.now());
    timer = clock.after(delayMs, () => {
      timer = undefined;
      void writeStep(clock.now() - heldMs).then(() => {
        if (timer === undefined) schedule();
      });
    });
  };

  return {
    record(ids, note) {
      const key = endDeviceKey(ids);
      const known = pending.get(key);
      if (known !== undefined) {
        note(known.activity);
        return;
      }
      const activity: DeviceActivity = { ids };
      note(activity);
      pending.set(key, { since: clock.now(), activity });
      if (timer === undefined && pending.size === 1) schedule();
    },
    async close() {
      timer?.cancel();
      while (pending.size > 0) await writeStep(Number.POSITIVE_INFINITY);
      await written;
    },
  };
}
