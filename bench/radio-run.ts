import type { GatewayFleet } from "./gateway-fleet.ts";
import { type Latencies, latencies } from "./latencies.ts";
import type { MqttConnection } from "./mqtt-connection.ts";
import { cpuMicroseconds } from "./processes.ts";

/** Joins or downlinks: each begins with a datagram, and ends with a message on MQTT and a frame at a gateway. */
export interface RadioTask {
  readonly what: "joins" | "downlinks";
  readonly count: number;
  /** Done before the datagram goes out, such as pushing the downlink. */
  readonly prepare?: (index: number) => void;
  readonly prepareAheadMs?: number;
  readonly datagram: (index: number) => { readonly gateway: number; readonly bytes: Buffer };
  /** Which of the tasks a message on MQTT ends, -1 if none, -2 if it is a mistake. */
  readonly ofMessage: (topic: string, payload: string) => number;
  /** The same of a PULL_RESP. */
  readonly ofPullResp: (txpk: string, gateway: number) => number;
}

export interface RadioResult {
  readonly what: RadioTask["what"];
  readonly rate: number;
  readonly count: number;
  readonly messages: number;
  readonly transmissions: number;
  readonly inRx1: number;
  readonly duplicates: number;
  readonly wrong: number;
  readonly firstMistake: string | undefined;
  readonly seconds: number;
  readonly perSecond: number;
  /** From the datagram to the message on MQTT. */
  readonly latency: Latencies;
  readonly serverMicrosecondsEach: number;
}

/** Counts what ends a task, each once. */
class Endings {
  count = 0;
  duplicates = 0;
  wrong = 0;
  firstMistake: string | undefined;
  lastAt = 0;
  readonly #seen: Uint8Array;

  constructor(count: number) {
    this.#seen = new Uint8Array(count);
  }

  note(index: number, text: string): boolean {
    if (index === -1) return false;
    if (!(index >= 0 && index < this.#seen.length)) {
      this.wrong++;
      this.firstMistake ??= text.slice(0, 1000);
      return false;
    }
    if (this.#seen[index] === 1) {
      this.duplicates++;
      this.firstMistake ??= `twice: ${text.slice(0, 1000)}`;
      return false;
    }
    this.#seen[index] = 1;
    this.count++;
    this.lastAt = performance.now();
    return true;
  }
}

/** Begins tasks at a fixed rate and waits for the endings of all. */
export async function runRadioTasks(
  task: RadioTask,
  over: { readonly fleet: GatewayFleet; readonly mqtt: MqttConnection; readonly serverPid: number },
  rate: number,
): Promise<RadioResult> {
  const { fleet, mqtt, serverPid } = over;
  const messages = new Endings(task.count);
  const transmissions = new Endings(task.count);
  const sentAt = new Float64Array(task.count);
  const elapsed = new Float64Array(task.count);
  let inRx1 = 0;
  mqtt.onPublish = (buffer, topicStart, topicEnd, payloadEnd) => {
    const text = buffer.toString("utf8", topicEnd, payloadEnd);
    const index = task.ofMessage(buffer.toString("latin1", topicStart, topicEnd), text);
    if (messages.note(index, text)) elapsed[index] = performance.now() - sentAt[index]!;
  };
  fleet.onPullResp = (gateway, message) => {
    const text = message.toString("latin1", 4);
    const rx2 = text.includes('"freq":869.525');
    if (transmissions.note(task.ofPullResp(text, gateway), text) && !rx2) inRx1++;
  };
  const cpuBefore = cpuMicroseconds(serverPid);
  const startedAt = performance.now();
  const aheadMs = task.prepareAheadMs ?? 0;
  let prepared = 0;
  for (let sent = 0; sent < task.count; ) {
    const now = performance.now();
    const begun = Math.min(task.count, ((now - startedAt) * rate) / 1000);
    for (; prepared < begun; prepared++) task.prepare?.(prepared);
    const due = Math.min(task.count, ((now - startedAt - aheadMs) * rate) / 1000);
    while (sent < due && fleet.hasRoom(1)) {
      const { gateway, bytes } = task.datagram(sent);
      sentAt[sent++] = performance.now();
      fleet.send(gateway, bytes, fleet.tmst(now));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await settle(() => messages.count + transmissions.count, 2 * task.count);
  const cpu = cpuMicroseconds(serverPid) - cpuBefore;
  fleet.onPullResp = () => {};
  const seconds = (Math.max(messages.lastAt, transmissions.lastAt) - startedAt) / 1000;
  return {
    what: task.what,
    rate,
    count: task.count,
    messages: messages.count,
    transmissions: transmissions.count,
    inRx1,
    duplicates: messages.duplicates + transmissions.duplicates,
    wrong: messages.wrong + transmissions.wrong,
    firstMistake: messages.firstMistake ?? transmissions.firstMistake,
    seconds,
    perSecond: transmissions.count / seconds,
    latency: latencies(elapsed.filter((value) => value > 0)),
    serverMicrosecondsEach: cpu / task.count,
  };
}

/** Waits until a count is complete or has not moved for as long as any receive window may take. */
async function settle(count: () => number, complete: number): Promise<void> {
  let last = { count: -1, at: performance.now() };
  while (count() < complete && performance.now() - last.at < 8000) {
    if (count() !== last.count) last = { count: count(), at: performance.now() };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
}
