import type { GatewayFleet } from "./gateway-fleet.ts";
import { type Latencies, latencies } from "./latencies.ts";
import type { MqttConnection } from "./mqtt-connection.ts";
import { cpuMicroseconds, droppedDatagrams, residentMegabytes } from "./processes.ts";
import {
  encodeReading,
  expectedPayload,
  type FrameSource,
  pushData,
  readingOf,
  uplinkFrame,
} from "./uplink-frames.ts";

/** Uplinks ready to be sent: frame k is of device k modulo the number of devices. */
export interface PreparedUplinks {
  readonly count: number;
  /** By frame; for each gateway that hears it, the gateway and its datagram. */
  readonly datagrams: readonly (readonly { readonly gateway: number; readonly bytes: Buffer }[])[];
  readonly payloads: readonly string[];
  readonly firstFCnt: number;
  readonly firstSequence: number;
  readonly copies: number;
}

export interface UplinkPlan {
  readonly sources: readonly FrameSource[];
  readonly fleet: GatewayFleet;
  readonly count: number;
  readonly copies: number;
  readonly firstFCnt: number;
  readonly firstSequence: number;
}

/** Builds every frame before the clock starts. A device is always heard by the same gateways. */
export function prepareUplinks(plan: UplinkPlan): PreparedUplinks {
  const { sources, fleet, count, copies, firstFCnt, firstSequence } = plan;
  const payloads: string[] = [];
  const datagrams: { readonly gateway: number; readonly bytes: Buffer }[][] = [];
  for (let k = 0; k < count; k++) {
    const device = k % sources.length;
    const sequence = (firstSequence + k) >>> 0;
    const payload = encodeReading(readingOf(sequence));
    const frame = uplinkFrame(sources[device]!, firstFCnt + Math.floor(k / sources.length), 1, payload);
    payloads.push(expectedPayload(sequence));
    datagrams.push(
      Array.from({ length: Math.min(copies, fleet.count) }, (_, copy) => {
        const gateway = (device + copy) % fleet.count;
        return { gateway, bytes: pushData(fleet.eui(gateway), k & 0xffff, frame, copy) };
      }),
    );
  }
  return { count, datagrams, payloads, firstFCnt, firstSequence, copies };
}

export interface UplinkResult {
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
  /** Messages of the wrong device, counter, payload or decoded payload. */
  readonly wrong: number;
  readonly firstMistake: string | undefined;
  readonly unacknowledged: number;
  /** Datagrams that the kernel dropped at a full receive buffer: a loss that is not the server's. */
  readonly kernelDrops: number;
  /** From the first datagram to the last message. */
  readonly seconds: number;
  /** From the first datagram to the last. */
  readonly sendingSeconds: number;
  readonly perSecond: number;
  readonly latency: Latencies;
  readonly serverMicrosecondsPerUplink: number;
  readonly generatorMicrosecondsPerUplink: number;
  readonly serverMegabytes: number;
  readonly unexpectedDownlinks: number;
}

export interface UplinkPace {
  /** Uplinks per second; without it the run goes as fast as `inFlight` allows. */
  readonly rate?: number;
  readonly inFlight: number;
}

interface UplinkCheck {
  readonly sources: readonly FrameSource[];
  readonly uplinks: PreparedUplinks;
  readonly formatter: boolean;
}

const sampleEvery = 509;

/** What has come back on MQTT, compared with what was sent. */
class Receipts {
  received = 0;
  duplicates = 0;
  wrong = 0;
  firstMistake: string | undefined;
  lastAt = 0;
  readonly latencies: Float64Array;
  readonly sentAt: Float64Array;
  readonly #seen: Uint8Array;
  readonly #check: UplinkCheck;

  constructor(check: UplinkCheck) {
    this.#check = check;
    this.#seen = new Uint8Array(check.uplinks.count);
    this.sentAt = new Float64Array(check.uplinks.count);
    this.latencies = new Float64Array(check.uplinks.count);
  }

  handle(buffer: Buffer, topicStart: number, topicEnd: number, payloadEnd: number): void {
    // …/devices/<family>-<seed>-<index>/up
    if (buffer[topicEnd - 1] !== 0x70 || buffer[topicEnd - 2] !== 0x75 || buffer[topicEnd - 3] !== 0x2f)
      return;
    let device = 0;
    let scale = 1;
    for (let at = topicEnd - 4; at > topicStart && buffer[at] !== 0x2d; at--, scale *= 10) {
      device += (buffer[at]! - 48) * scale;
    }
    const text = buffer.toString("latin1", topicEnd, payloadEnd);
    const { uplinks, sources, formatter } = this.#check;
    const fCnt = numberAfter(text, '"f_cnt":');
    const k = (fCnt - uplinks.firstFCnt) * sources.length + device;
    if (!(k >= 0 && k < uplinks.count) || device >= sources.length) {
      this.#mistake(`device ${device} with FCnt ${fCnt} was not sent`, text);
      return;
    }
    if (this.#seen[k] === 1) {
      this.duplicates++;
      return;
    }
    this.#seen[k] = 1;
    this.received++;
    this.lastAt = performance.now();
    this.latencies[k] = this.lastAt - this.sentAt[k]!;
    const at = text.indexOf('"frm_payload":"');
    const sequence = (uplinks.firstSequence + k) >>> 0;
    if (!text.startsWith(uplinks.payloads[k]!, at + 15)) this.#mistake(`frm_payload of frame ${k}`, text);
    else if (formatter && numberAfter(text, '"sequence":') !== sequence) {
      this.#mistake(`decoded_payload of frame ${k}`, text);
    } else if (k % sampleEvery === 0) this.#checkWhole(text, k, device);
  }

  /** Every five hundredth message is read as a whole. */
  #checkWhole(text: string, k: number, device: number): void {
    const { sources, uplinks, formatter } = this.#check;
    const message = JSON.parse(text);
    const up = message.uplink_message;
    const expected = formatter
      ? { ...readingOf((uplinks.firstSequence + k) >>> 0), alarm: false }
      : undefined;
    const right =
      message.end_device_ids?.device_id === sources[device]!.deviceId &&
      up?.f_port === 1 &&
      up.frm_payload === uplinks.payloads[k] &&
      sameFields(up.decoded_payload, expected) &&
      Array.isArray(up.rx_metadata) &&
      up.rx_metadata.length >= 1 &&
      up.rx_metadata.length <= uplinks.copies;
    if (!right) this.#mistake(`content of frame ${k}`, text);
  }

  #mistake(what: string, text: string): void {
    this.wrong++;
    this.firstMistake ??= `${what}: ${text.slice(0, 1500)}`;
  }
}

function sameFields(
  actual: Record<string, unknown> | undefined,
  expected: Record<string, unknown> | undefined,
): boolean {
  if (actual === undefined || expected === undefined) return actual === expected;
  return Object.entries(expected).every(([name, value]) => actual[name] === value);
}

function numberAfter(text: string, name: string): number {
  const found = text.indexOf(name);
  if (found < 0) return 0;
  let value = 0;
  for (let at = found + name.length; ; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return value;
    value = value * 10 + digit;
  }
}

// Sends at most this many frames before it looks at what has come back.
const burst = 32;

/** Sends prepared uplinks at a pace, and resolves when all have come back or nothing more comes. */
export async function runUplinks(
  run: UplinkCheck & {
    readonly fleet: GatewayFleet;
    readonly mqtt: MqttConnection;
    readonly serverPid: number;
  },
  pace: UplinkPace,
): Promise<UplinkResult> {
  const { uplinks, fleet, mqtt, serverPid } = run;
  const receipts = new Receipts(run);
  mqtt.onPublish = (buffer, topicStart, topicEnd, payloadEnd) =>
    receipts.handle(buffer, topicStart, topicEnd, payloadEnd);
  const before = {
    cpu: cpuMicroseconds(serverPid),
    own: process.cpuUsage(),
    lost: fleet.unacknowledged,
    pulls: fleet.pullResps,
    drops: droppedDatagrams(),
  };
  const startedAt = performance.now();
  const lastSentAt = await sendAll(run, pace, receipts, startedAt);
  let progress = { received: -1, at: performance.now() };
  while (receipts.received < uplinks.count && performance.now() - progress.at < 3000) {
    if (mqtt.failure !== undefined) throw mqtt.failure;
    if (receipts.received !== progress.received)
      progress = { received: receipts.received, at: performance.now() };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const own = process.cpuUsage(before.own);
  const cpu = cpuMicroseconds(serverPid) - before.cpu;
  const serverMegabytes = residentMegabytes(serverPid);
  // Whatever comes twice comes soon.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const seconds = (receipts.lastAt - startedAt) / 1000;
  const arrived = receipts.latencies.filter((_, k) => receipts.latencies[k]! > 0);
  return {
    sent: uplinks.count,
    received: receipts.received,
    duplicates: receipts.duplicates,
    wrong: receipts.wrong,
    firstMistake: receipts.firstMistake,
    unacknowledged: fleet.unacknowledged - before.lost,
    kernelDrops: droppedDatagrams() - before.drops,
    seconds,
    sendingSeconds: (lastSentAt - startedAt) / 1000,
    perSecond: receipts.received / seconds,
    latency: latencies(arrived),
    serverMicrosecondsPerUplink: cpu / uplinks.count,
    generatorMicrosecondsPerUplink: (own.user + own.system) / uplinks.count,
    serverMegabytes,
    unexpectedDownlinks: fleet.pullResps - before.pulls,
  };
}

function sendAll(
  run: { readonly uplinks: PreparedUplinks; readonly fleet: GatewayFleet },
  pace: UplinkPace,
  receipts: Receipts,
  startedAt: number,
): Promise<number> {
  const { uplinks, fleet } = run;
  const { rate, inFlight } = pace;
  let next = 0;
  let waiting = false;
  return new Promise((resolve) => {
    const send = (k: number, now: number): void => {
      const tmst = fleet.tmst(now);
      receipts.sentAt[k] = now;
      for (const { gateway, bytes } of uplinks.datagrams[k]!) fleet.send(gateway, bytes, tmst);
    };
    const pump = (): void => {
      if (next === uplinks.count) return;
      let now = performance.now();
      const due = rate === undefined ? receipts.received + inFlight : ((now - startedAt) * rate) / 1000;
      const stop = Math.min(due, uplinks.count, next + burst);
      while (next < stop && fleet.hasRoom(uplinks.copies)) {
        send(next++, now);
        now = performance.now();
      }
      if (next === uplinks.count) {
        fleet.onAck = () => {};
        resolve(now);
        return;
      }
      if (waiting) return;
      waiting = true;
      const again = (): void => {
        waiting = false;
        pump();
      };
      if (next < due && fleet.hasRoom(uplinks.copies)) setImmediate(again);
      else setTimeout(again, 1);
    };
    fleet.onAck = pump;
    pump();
  });
}
