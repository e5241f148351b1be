/** Bytes before the PULL_RESP in a message to the worker: the number of the slot it is for. */
export const slotBytes = 4;

/** Tells the worker whether a registered gateway is connected: its slot is not given up for a stranger's. */
export interface SlotMark {
  readonly slot: number;
  readonly isRegistered: boolean;
}
