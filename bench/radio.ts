import {
  appendMIC,
  cryptFRMPayload,
  decodePHYPayload,
  decryptJoinAccept,
  encodeJoinRequest,
  expandKey,
  joinAcceptMIC,
  joinRequestMIC,
  type KeySchedule,
  legacyDataMIC,
  parseAESKey,
  parseEUI64,
  withoutMIC,
} from "@skylark/lorawan";
import { GatewayFleet } from "./gateway-fleet.ts";
import { MqttConnection } from "./mqtt-connection.ts";
import type { BenchOptions } from "./options.ts";
import { applicationId, type Registry, seeds } from "./population.ts";
import { type RadioResult, type RadioTask, runRadioTasks } from "./radio-run.ts";
import type { RunningStack } from "./stack-process.ts";
import { encodeReading, frameSource, pushData, readingOf, uplinkFrame } from "./uplink-frames.ts";

interface RadioBench {
  readonly options: BenchOptions;
  readonly registry: Registry;
  readonly stack: RunningStack;
  readonly log: (line: string) => void;
}

const nothing = -1;
const mistake = -2;

function indexOfTopic(topic: string): number {
  return Number(/-(\d+)\/(?:join|down\/sent)$/.exec(topic)?.[1] ?? mistake);
}

function payloadOf(txpk: string): Uint8Array {
  return new Uint8Array(Buffer.from(/"data":"([^"]*)"/.exec(txpk)?.[1] ?? "", "base64"));
}

/** Opens the gateways and the subscription of one kind of task and runs it at rising rates, until one is not held. */
async function atRisingRates(
  bench: RadioBench,
  population: "joins" | "downlinks",
  prepare: (fleet: GatewayFleet, mqtt: MqttConnection) => Promise<RadioTask>,
): Promise<RadioResult[]> {
  const { options, registry, stack, log } = bench;
  const gateways = options.number("radio-gateways");
  await registry.ensureGateways(population, gateways);
  await registry.ensureDevices(population, options.number(population));
  const fleet = await GatewayFleet.connect({
    seed: seeds[population],
    count: gateways,
    port: stack.udpPort,
    window: options.number("window"),
  });
  const mqtt = await MqttConnection.open(stack.mqttPort, applicationId, registry.apiKey);
  const results: RadioResult[] = [];
  try {
    await mqtt.subscribe(`v3/${applicationId}/devices/+/${population === "joins" ? "join" : "down/sent"}`);
    for (const rate of options.list("radio-rates").map(Number)) {
      const result = await runRadioTasks(
        await prepare(fleet, mqtt),
        { fleet, mqtt, serverPid: stack.pid },
        rate,
      );
      results.push(result);
      log(
        `${population} at ${rate}/s: ${result.messages} messages and ${result.transmissions} transmissions of ` +
          `${result.count}, ${result.serverMicrosecondsEach.toFixed(0)} µs each` +
          `${isComplete(result) ? "" : ` INCOMPLETE ${result.firstMistake ?? ""}`}`,
      );
      if (!isComplete(result)) break;
    }
  } finally {
    mqtt.close();
    fleet.close();
  }
  return results;
}

/** Each one ended in one message and one transmission. */
export function isComplete(result: RadioResult): boolean {
  const { count, messages, transmissions, duplicates, wrong } = result;
  return messages === count && transmissions === count && duplicates === 0 && wrong === 0;
}

/** Join-requests with a new DevNonce; the join-accept is decrypted with the key of the device it must be for. */
export function benchJoins(bench: RadioBench): Promise<RadioResult[]> {
  const { options, registry } = bench;
  const count = options.number("joins");
  const identities = registry.identities("joins", count);
  const keys = identities.map(({ appKey }) => expandKey(parseAESKey(appKey)));
  return atRisingRates(bench, "joins", async (fleet) => {
    const devNonce = await registry.takeDevNonce();
    const datagrams = identities.map((identity, index) => {
      const message = encodeJoinRequest({
        mType: "joinRequest",
        joinEui: parseEUI64(identity.joinEui),
        devEui: parseEUI64(identity.devEui),
        devNonce: devNonce & 0xffff,
      });
      const frame = appendMIC(message, joinRequestMIC(keys[index]!, message));
      const gateway = index % fleet.count;
      return { gateway, bytes: pushData(fleet.eui(gateway), index & 0xffff, frame, 0) };
    });
    return {
      what: "joins",
      count,
      datagram: (index) => datagrams[index]!,
      ofMessage: (topic, payload) => (payload.includes('"join_accept":{') ? indexOfTopic(topic) : mistake),
      ofPullResp: (txpk, gateway) => openJoinAccept(payloadOf(txpk), keys, gateway, fleet.count),
    };
  });
}

/** A join-accept does not say whose it is: the keys of the devices that the gateway hears are tried. */
function openJoinAccept(
  frame: Uint8Array,
  keys: readonly KeySchedule[],
  gateway: number,
  gateways: number,
): number {
  if (frame[0]! >>> 5 !== 1) return mistake;
  for (let index = gateway; index < keys.length; index += gateways) {
    const key = keys[index]!;
    const plain = decryptJoinAccept(key, frame.subarray(1));
    const message = Uint8Array.of(0x20, ...plain.subarray(0, plain.length - 4));
    const mic = new DataView(plain.buffer, plain.byteOffset).getUint32(plain.length - 4);
    if (joinAcceptMIC(key, { message }) === mic) return index;
  }
  return mistake;
}

/** Downlinks pushed over MQTT, each before an uplink that opens the device's window. */
export function benchDownlinks(bench: RadioBench): Promise<RadioResult[]> {
  const { options, registry } = bench;
  const count = options.number("downlinks");
  const sources = registry.identities("downlinks", count).map(frameSource);
  const indexByAddress = new Map(sources.map(({ devAddr }, index) => [devAddr, index]));
  return atRisingRates(bench, "downlinks", async (fleet, mqtt) => {
    const fCnt = await registry.takeFCnts("downlinks", 1);
    const payloads = sources.map((_, index) => encodeReading(readingOf(fCnt * 100_000 + index)));
    const datagrams = sources.map((source, index) => {
      const gateway = index % fleet.count;
      const frame = uplinkFrame(source, fCnt, 1, payloads[index]!);
      return { gateway, bytes: pushData(fleet.eui(gateway), index & 0xffff, frame, 0) };
    });
    return {
      what: "downlinks",
      count,
      prepareAheadMs: 300,
      prepare: (index) => {
        const downlinks = [{ f_port: 2, frm_payload: Buffer.from(payloads[index]!).toString("base64") }];
        mqtt.publish(
          `v3/${applicationId}/devices/${sources[index]!.deviceId}/down/push`,
          JSON.stringify({ downlinks }),
        );
      },
      datagram: (index) => datagrams[index]!,
      ofMessage: (topic) => indexOfTopic(topic),
      ofPullResp: (txpk) => {
        const bytes = payloadOf(txpk);
        const frame = decodePHYPayload(bytes);
        if (frame.mType !== "unconfirmedDown") return mistake;
        const index = indexByAddress.get(frame.devAddr);
        if (index === undefined) return mistake;
        // An empty downlink answers nothing that was pushed.
        if (frame.fPort === undefined) return nothing;
        const common = { direction: "downlink" as const, devAddr: frame.devAddr, fCnt: frame.fCnt };
        const { fNwkSIntKey, appSKey } = sources[index]!;
        if (legacyDataMIC(fNwkSIntKey, { ...common, message: withoutMIC(bytes) }) !== frame.mic)
          return mistake;
        const payload = cryptFRMPayload(appSKey, { ...common, payload: frame.frmPayload });
        return frame.fPort === 2 && Buffer.compare(payload, payloads[index]!) === 0 ? index : mistake;
      },
    };
  });
}

/** The measurements as a markdown table. */
export function formatRadioTable(results: readonly RadioResult[]): string {
  const lines = [
    "| what | rate/s | done | messages | transmissions | in RX1 | twice | wrong | p50 ms | p99 ms | server µs each |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const result of results) {
    const { what, rate, count, messages, transmissions, inRx1, duplicates, wrong, latency } = result;
    lines.push(
      `| ${what} | ${rate} | ${count} | ${messages} | ${transmissions} | ${inRx1} | ${duplicates} | ${wrong} | ` +
        `${latency.p50.toFixed(1)} | ${latency.p99.toFixed(1)} | ${result.serverMicrosecondsEach.toFixed(0)} |`,
    );
  }
  return lines.join("\n");
}
