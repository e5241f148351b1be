/** As long as a topic may be here; deeper fields have no topic. */
const maxTopicLength = 1024;

/**
 * Calls back with the topic and the value of each field below `prefix`, and of the fields in fields. Arrays are values.
 * Names that cannot be part of a topic are left out.
 */
export function eachField(
  prefix: string,
  fields: Readonly<Record<string, unknown>>,
  callback: (topic: string, value: unknown) => void,
): void {
  for (const [name, value] of Object.entries(fields)) {
    if (/[+#*\0]/.test(name) || !name.isWellFormed()) continue;
    const topic = `${prefix}/${name}`;
    if (topic.length > maxTopicLength) continue;
    callback(topic, value);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      eachField(topic, value as Record<string, unknown>, callback);
    }
  }
}
