import type { ApplicationDownlink } from "@skylark/api";
import type { EndDeviceIdentifiers } from "../../../domain/identifiers.ts";
import type { SkylarkError } from "../../../errors/errors.ts";
import type { StagedChange } from "../../../store/store.ts";

/** What the MQTT integration needs of the application's downlink queues. */
export interface DownlinkQueue {
  /**
   * Appends to the device's queue; resolves once durable. Throws a `SkylarkError` when the request is refused as a
   * whole, and reports nothing itself: the caller decides who is told.
   * `alongside` is committed in the same transaction as the queue, so that a client's message is taken exactly once.
   */
  push(
    ids: EndDeviceIdentifiers,
    downlinks: readonly ApplicationDownlink[],
    alongside?: StagedChange,
  ): Promise<void>;
  /** As `push`, in front of what is queued. */
  pushFirst(
    ids: EndDeviceIdentifiers,
    downlinks: readonly ApplicationDownlink[],
    alongside?: StagedChange,
  ): Promise<void>;
  /** As `push`, in place of what is queued; an empty array clears the queue. */
  replace(
    ids: EndDeviceIdentifiers,
    downlinks: readonly ApplicationDownlink[],
    alongside?: StagedChange,
  ): Promise<void>;
  /** Whether nothing waits for the device. */
  isEmpty(ids: EndDeviceIdentifiers): Promise<boolean>;
  /**
   * Tells the application why its publish was refused: a `down/failed` message per item, or one with an empty
   * downlink when no item could be read. Resolves with false, having told nobody, when there is no such device.
   */
  reportRejected(
    ids: EndDeviceIdentifiers,
    downlinks: readonly ApplicationDownlink[],
    error: SkylarkError,
  ): Promise<boolean>;
}
