import mqtt from "mqtt";
import type { Parsed } from "./api-client.ts";
import { Arrivals } from "./arrivals.ts";
import type { StackProcess } from "./stack-process.ts";

export interface InboxOptions {
  readonly username: string;
  readonly password: string;
  readonly filter?: string;
  readonly qos?: 0 | 1 | 2;
  /** With a client identifier the session is kept. */
  readonly clientId?: string;
  /** Milliseconds; 0 stays away after a lost connection. */
  readonly reconnectMs?: number;
  /** Of a listener other than the plain one. */
  readonly url?: string;
}

interface Message {
  readonly topic: string;
  readonly body: Parsed;
}

/** An MQTT client and what it received. */
export interface Inbox {
  readonly client: mqtt.MqttClient;
  /** Resolves when the server has ended the connection. */
  readonly closed: Promise<void>;
  readonly messages: readonly Message[];
  /** The first message whose topic ends so and whose body satisfies `matches`. */
  message(topicEnd: string, matches?: (body: Parsed) => boolean): Promise<Parsed>;
  stop(): Promise<void>;
}

/** Connects and subscribes. */
export async function openInbox(
  stack: Pick<StackProcess, "mqttPort">,
  { username, password, filter = "#", qos = 0, clientId, reconnectMs = 0, url }: InboxOptions,
): Promise<Inbox> {
  const arrivals = new Arrivals<Message>();
  const client = mqtt.connect(url ?? `mqtt://127.0.0.1:${stack.mqttPort}`, {
    username,
    password,
    reconnectPeriod: reconnectMs,
    ...(clientId === undefined ? {} : { clientId, clean: false }),
  });
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  client.on("message", (topic, payload) => arrivals.add({ topic, body: JSON.parse(payload.toString()) }));
  await new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    client.once("error", reject);
  });
  client.on("error", () => {});
  await client.subscribeAsync(filter, { qos });
  return {
    client,
    closed,
    messages: arrivals.items,
    async message(topicEnd, matches = () => true) {
      return (await arrivals.first(({ topic, body }) => topic.endsWith(topicEnd) && matches(body))).body;
    },
    stop: () => client.endAsync(true),
  };
}
