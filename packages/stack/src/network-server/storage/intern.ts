import { LRUCache } from "lru-cache";

/** Parses a text once for all who share it: devices of one kind have equal settings and MAC states. */
export function internParsed<T extends object>(max: number): (text: string) => T {
  const known = new LRUCache<string, T>({ max });
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const value = JSON.parse(text) as T;
    known.set(text, value);
    return value;
  };
}
