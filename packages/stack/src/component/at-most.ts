/**
 * The limit of an LRUCache as a size of one for each entry. With `max` the cache sets aside the memory for all its
 * entries when it is made, 24 bytes each, however few there will be.
 */
export function atMost(entries: number): {
  readonly maxSize: number;
  readonly sizeCalculation: () => number;
} {
  return { maxSize: entries, sizeCalculation: one };
}

function one(): number {
  return 1;
}
