import { runCommand, shell } from "./shell.ts";
import type { StackProcess } from "./stack-process.ts";

// biome-ignore lint/suspicious/noExplicitAny: the shape of what comes back is what the tests assert
export type V2Message = any;

interface Subscription {
  readonly user: string;
  readonly key: string;
  readonly filter: string;
}

/** mosquitto_sub, and what it printed: `<topic> <payload>` for each message. */
export interface V2Subscriber {
  readonly lines: readonly string[];
  /** Without what mosquitto_sub says of the connection. */
  readonly published: readonly string[];
  /** The next message on a topic that satisfies `matches` and was not given before. */
  next(topic: string, matches?: (body: V2Message) => boolean): Promise<V2Message>;
  /** The first line that begins so. */
  line(start: string): Promise<string>;
  granted(): boolean;
  stop(): void;
}

export async function v2Subscribe(
  stack: Pick<StackProcess, "mqttPort">,
  { user, key, filter }: Subscription,
): Promise<V2Subscriber> {
  // mosquitto_sub does not flush what `-d` says of its subscription into a pipe.
  const command = runCommand("stdbuf", [
    ...["-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", String(stack.mqttPort)],
    ...["-t", filter, "-u", user, "-P", key, "-F", "> %t %p", "-d"],
  ]);
  const answer = await command.line((line) => /Subscribed \(mid|denied/.test(line));
  const given = new Set<number>();
  const published = () => command.lines.filter((line) => line.startsWith("> ")).map((line) => line.slice(2));
  return {
    lines: command.lines,
    get published() {
      return published();
    },
    async next(topic, matches = () => true) {
      const start = `> ${topic} `;
      let found = -1;
      const isNext = (line: string) => {
        if (!line.startsWith(start)) return false;
        found = command.lines.findIndex(
          (each, index) =>
            each === line && !given.has(index) && matches(JSON.parse(each.slice(start.length))),
        );
        return found >= 0;
      };
      const line = await command.line(isNext);
      given.add(found);
      return JSON.parse(line.slice(start.length));
    },
    async line(start) {
      return command.line((line) => line.startsWith(`> ${start}`));
    },
    granted: () => /: 0/.test(answer),
    stop: () => command.stop(),
  };
}

/** mosquitto_pub; resolves once it ended. */
export async function v2Publish(
  stack: Pick<StackProcess, "mqttPort">,
  {
    user,
    key,
    topic,
    body,
  }: Omit<Subscription, "filter"> & { readonly topic: string; readonly body: string | object },
): Promise<void> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { code, stderr } = await shell(
    `mosquitto_pub -h 127.0.0.1 -p ${stack.mqttPort} -t '${topic}' -u '${user}' -P '${key}' -m '${text}' -q 1`,
  );
  if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}: ${stderr}`);
}

/** The payload of a printed message. */
export function parsed(line: string): V2Message {
  return JSON.parse(line.slice(line.indexOf(" ") + 1));
}
