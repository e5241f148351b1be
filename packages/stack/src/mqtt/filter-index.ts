const nobody: ReadonlySet<never> = new Set();

/** Who subscribed to which filters: finding those of a topic costs its levels, however many filters there are. */
export class FilterIndex<Subscriber> {
  readonly #root = new FilterLevel<Subscriber>();
  #size = 0;

  /** Pairs of filter and subscriber. */
  get size(): number {
    return this.#size;
  }

  add(filter: string, subscriber: Subscriber): void {
    const levels = filter.split("/");
    const isDeep = levels.at(-1) === "#";
    if (isDeep) levels.pop();
    let level = this.#root;
    for (const text of levels) level = level.ensure(text);
    const subscribers = isDeep ? level.ensureBelow() : level.ensureHere();
    if (subscribers.has(subscriber)) return;
    subscribers.add(subscriber);
    this.#size++;
  }

  delete(filter: string, subscriber: Subscriber): void {
    const levels = filter.split("/");
    const isDeep = levels.at(-1) === "#";
    if (isDeep) levels.pop();
    const path = [this.#root];
    for (const text of levels) {
      const level = path.at(-1)!.next?.get(text);
      if (level === undefined) return;
      path.push(level);
    }
    const last = path.at(-1)!;
    if ((isDeep ? last.below : last.here)?.delete(subscriber) !== true) return;
    this.#size--;
    for (let depth = path.length - 1; depth > 0 && path[depth]!.isEmpty; depth--) {
      path[depth - 1]!.next?.delete(levels[depth - 1]!);
    }
  }

  /** Each subscriber once, however many of its filters match. */
  match(topic: string): ReadonlySet<Subscriber> {
    const found = new Set<Subscriber>();
    collect(this.#root, topic, 0, found);
    return found.size === 0 ? nobody : found;
  }

  /** Whether anybody subscribed to the topic, or to topics below it. */
  reaches(topic: string): boolean {
    return reaches(this.#root, topic, 0);
  }
}

/** Most levels have one child and nothing else: what is not there takes no memory. */
class FilterLevel<Subscriber> {
  /** By the text of the next level; `+` is one of them. */
  next?: Map<string, FilterLevel<Subscriber>>;
  /** Of filters that end here. */
  here?: Set<Subscriber>;
  /** Of filters that end with `#` here. */
  below?: Set<Subscriber>;

  get isEmpty(): boolean {
    return !this.next?.size && !this.here?.size && !this.below?.size;
  }

  ensure(text: string): FilterLevel<Subscriber> {
    this.next ??= new Map();
    const known = this.next.get(text);
    if (known !== undefined) return known;
    const level = new FilterLevel<Subscriber>();
    this.next.set(text, level);
    return level;
  }

  ensureHere(): Set<Subscriber> {
    this.here ??= new Set();
    return this.here;
  }

  ensureBelow(): Set<Subscriber> {
    this.below ??= new Set();
    return this.below;
  }
}

/** From the level that begins at `start`; one behind the end of the topic means that it is used up. */
function collect<Subscriber>(
  level: FilterLevel<Subscriber>,
  topic: string,
  start: number,
  found: Set<Subscriber>,
): void {
  // [MQTT-4.7.1-2]: `#` stands for any number of levels, none included.
  if (level.below !== undefined) for (const subscriber of level.below) found.add(subscriber);
  if (start > topic.length) {
    if (level.here !== undefined) for (const subscriber of level.here) found.add(subscriber);
    return;
  }
  if (level.next === undefined) return;
  const end = endOfLevel(topic, start);
  const named = level.next.get(topic.slice(start, end));
  if (named !== undefined) collect(named, topic, end + 1, found);
  const any = level.next.get("+");
  if (any !== undefined) collect(any, topic, end + 1, found);
}

function reaches<Subscriber>(level: FilterLevel<Subscriber>, topic: string, start: number): boolean {
  if (level.below?.size) return true;
  if (start > topic.length) return !level.isEmpty;
  if (level.next === undefined) return false;
  const end = endOfLevel(topic, start);
  const named = level.next.get(topic.slice(start, end));
  if (named !== undefined && reaches(named, topic, end + 1)) return true;
  const any = level.next.get("+");
  return any !== undefined && reaches(any, topic, end + 1);
}

function endOfLevel(topic: string, start: number): number {
  const slash = topic.indexOf("/", start);
  return slash < 0 ? topic.length : slash;
}
