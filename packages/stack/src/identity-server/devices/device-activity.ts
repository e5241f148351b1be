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

const intervalMs = 10_000;
const batchSize = 1000;

/**
 * Collects activity and hands it over every ten seconds, or once a thousand devices have some: never per uplink.
 * `write` must not reject.
 */
export function createDeviceActivityLog(
  clock: Clock,
  write: (activities: readonly DeviceActivity[]) => Promise<void>,
): DeviceActivityLog {
  let pending = new Map<string, DeviceActivity>();
  let timer: Timer | undefined;
  // One device may be in two batches; they are written in turn so that the newer one stays.
  let written: Promise<void> = Promise.resolve();

  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    if (pending.size === 0) return written;
    const activities = [...pending.values()];
    pending = new Map();
    written = written.then(() => write(activities));
    return written;
  };

  const record = (ids: EndDeviceIdentifiers, note: (activity: DeviceActivity) => void): void => {
    const key = endDeviceKey(ids);
    const known = pending.get(key);
    if (known !== undefined) {
      note(known);
      return;
    }
    const activity: DeviceActivity = { ids };
    note(activity);
    pending.set(key, activity);
    if (pending.size >= batchSize) void flush();
    else timer ??= clock.after(intervalMs, () => void flush());
  };

  return {
    seen: (ids, at) =>
      record(ids, (activity) => {
        activity.seenAt = Math.max(activity.seenAt ?? 0, at);
      }),
    activated: (ids, at) =>
      record(ids, (activity) => {
        activity.activatedAt = at;
      }),
    located: (ids, service, location) =>
      record(ids, (activity) => {
        activity.locations ??= new Map();
        activity.locations.set(service, location);
      }),
    close: () => flush(),
  };
}
