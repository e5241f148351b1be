/** 65,535 bytes of UTF-8 fit on the wire; no topic of ours comes near. */
const maxLength = 1024;

/** [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-3.3.2-2]: at least one character, no NUL, no wildcards. */
export function isTopicName(topic: string): boolean {
  return isTopicText(topic) && !topic.includes("+") && !topic.includes("#");
}

/** [MQTT-4.7.1-2] [MQTT-4.7.1-3]: a wildcard is a whole level, and `#` is the last one. */
export function isTopicFilter(filter: string): boolean {
  if (!isTopicText(filter)) return false;
  const levels = filter.split("/");
  return levels.every((level, index) => {
    if (level === "+") return true;
    if (level === "#") return index === levels.length - 1;
    return !level.includes("+") && !level.includes("#");
  });
}

// U+FFFD stands where the bytes were not UTF-8: [MQTT-1.5.3-1].
function isTopicText(text: string): boolean {
  return text.length > 0 && text.length <= maxLength && !text.includes("\u0000") && !text.includes("\ufffd");
}

export type TopicMatcher = (topic: string) => boolean;

export function hasWildcard(filter: string): boolean {
  return filter.includes("+") || filter.endsWith("#");
}

/** A function that says whether topics match a valid filter. */
export function compileFilter(filter: string): TopicMatcher {
  if (!hasWildcard(filter)) return (topic) => topic === filter;
  if (filter.length > 2 && filter.indexOf("+") < 0) {
    const parent = filter.slice(0, -2);
    const prefix = filter.slice(0, -1);
    // [MQTT-4.7.1-2]: `#` stands for any number of levels, none included.
    return (topic) => topic.startsWith(prefix) || topic === parent;
  }
  const levels = filter.split("/");
  const startsWild = levels[0] === "+" || levels[0] === "#";
  // [MQTT-4.7.2-1]: a leading wildcard does not match the server's own topics.
  return (topic) => !(startsWild && topic.startsWith("$")) && matchesLevels(levels, topic);
}

/** Walks through the topic without taking it apart: this runs per message and subscription. */
function matchesLevels(levels: readonly string[], topic: string): boolean {
  const last = levels.length - 1;
  let start = 0;
  for (let index = 0; index <= last; index++) {
    const level = levels[index]!;
    if (level === "#") return true;
    const slash = topic.indexOf("/", start);
    const end = slash < 0 ? topic.length : slash;
    if (level !== "+" && !(end - start === level.length && topic.startsWith(level, start))) return false;
    if (slash < 0) return index === last || (index === last - 1 && levels[last] === "#");
    start = slash + 1;
  }
  return false;
}
