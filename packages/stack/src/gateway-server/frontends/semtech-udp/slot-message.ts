/** Bytes before the PULL_RESP in a message to the worker: the number of the slot it is for. */
export const slotBytes = 4;
