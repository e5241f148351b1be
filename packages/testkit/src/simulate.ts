import { writeFileSync } from "node:fs";
import { systemClock, wait } from "./clock.ts";
import { deviceIdentity, gatewayEui, type SimulatedNetwork, simulateNetwork } from "./network.ts";
import { randomBytes, seededRandom } from "./random.ts";
import {
  inParallel,
  registerAbpDevice,
  registerApplication,
  registerGateway,
  registerOtaaDevice,
} from "./registration.ts";
import { help, readSimulateOptions, type SimulateOptions } from "./simulate-options.ts";
import type { SimulatedDevice } from "./simulated-device.ts";
import { V3Client } from "./v3-client.ts";

/** What was sent and what came back. */
export interface SimulationReport {
  readonly devices: number;
  readonly joined: number;
  readonly joinRequests: number;
  readonly uplinksSent: number;
  readonly uplinksPerSecond: number;
  /** Uplinks left out because every device was still busy with its receive windows. */
  readonly uplinksSkipped: number;
  readonly confirmedSent: number;
  readonly confirmedAcknowledged: number;
  readonly pushDataSent: number;
  readonly pushAckReceived: number;
  readonly pullRespReceived: number;
  readonly transmitted: number;
  readonly txErrors: Readonly<Record<string, number>>;
  readonly downlinksInRx1: number;
  readonly downlinksInRx2: number;
  /** Between the arrival of a PULL_RESP and the start of its transmission, in milliseconds. */
  readonly slackMs: { readonly min: number; readonly p50: number; readonly p99: number } | undefined;
  readonly violations: Readonly<Record<string, number>>;
}

async function register(options: SimulateOptions, api: NonNullable<SimulateOptions["api"]>): Promise<void> {
  const client = new V3Client({ url: api.url, apiKey: api.apiKey });
  const { applicationId, frequencyPlanId, userId } = api;
  await registerApplication(client, applicationId, userId);
  for (let index = 0; index < options.gateways; index++) {
    const gatewayId = `sim-${options.seed}-${index}`;
    await registerGateway(client, {
      gatewayId,
      eui: gatewayEui(options.seed, index),
      frequencyPlanId,
      userId,
    });
  }
  const registerDevice = options.activation === "otaa" ? registerOtaaDevice : registerAbpDevice;
  await inParallel(options.devices, 16, (index) =>
    registerDevice(client, {
      applicationId,
      frequencyPlanId,
      identity: options.identities?.[index] ?? deviceIdentity(options.seed, index),
      version: options.version,
      ...(options.activation === "abp" ? { resetsFCnt: true, macSettings: { rx1_delay: "RX_DELAY_1" } } : {}),
    }),
  );
  client.close();
}

interface Tally {
  uplinksSent: number;
  uplinksSkipped: number;
  confirmedSent: number;
  confirmedAcknowledged: number;
}

/** Joins every device, no faster than uplinks are sent. */
async function joinAll(devices: readonly SimulatedDevice[], rate: number): Promise<void> {
  const joins = devices.map(async (device, index) => {
    await wait(systemClock, (index * 1000) / rate);
    await device.join({ attempts: 3 });
  });
  await Promise.all(joins);
}

async function sendUplinks(devices: readonly SimulatedDevice[], options: SimulateOptions): Promise<Tally> {
  const random = seededRandom(options.seed);
  const tally: Tally = { uplinksSent: 0, uplinksSkipped: 0, confirmedSent: 0, confirmedAcknowledged: 0 };
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  const total = Math.round(options.rate * options.seconds);
  let turn = 0;
  const nextIdle = (): SimulatedDevice | undefined => {
    for (let tried = 0; tried < devices.length; tried++) {
      const device = devices[turn++ % devices.length]!;
      if (device.session !== undefined && !device.busy) return device;
    }
    return undefined;
  };
  const sendOne = async (device: SimulatedDevice): Promise<void> => {
    const confirmed = random() < options.confirmed;
    tally.uplinksSent++;
    if (confirmed) tally.confirmedSent++;
    const payload = randomBytes(random, options.size);
    const result = await device.sendUplink({
      fPort: 1,
      payload,
      confirmed,
      transmissions: confirmed ? 3 : 1,
    });
    if (confirmed && result.acknowledged) tally.confirmedAcknowledged++;
  };
  for (let due = 0, done = 0; done < total; ) {
    due = Math.min(total, ((performance.now() - startedAt) * options.rate) / 1000);
    for (; done < due; done++) {
      const device = nextIdle();
      if (device === undefined) {
        tally.uplinksSkipped++;
        continue;
      }
      const uplink = sendOne(device).finally(() => underWay.delete(uplink));
      underWay.add(uplink);
    }
    await wait(systemClock, 2);
  }
  await Promise.all(underWay);
  return tally;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function makeReport(
  network: SimulatedNetwork,
  tally: Tally,
  slacks: readonly number[],
  seconds: number,
): SimulationReport {
  const { gateways, devices } = network;
  const sorted = [...slacks].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const txErrors: Record<string, number> = {};
  for (const { stats } of gateways) {
    for (const [error, count] of Object.entries(stats.txErrors))
      txErrors[error] = (txErrors[error] ?? 0) + count;
  }
  return {
    devices: devices.length,
    joined: devices.filter(({ session }) => session !== undefined).length,
    joinRequests: sumOf(devices.map(({ stats }) => stats.joinRequests)),
    ...tally,
    uplinksPerSecond: tally.uplinksSent / seconds,
    pushDataSent: sumOf(gateways.map(({ stats }) => stats.pushDataSent)),
    pushAckReceived: sumOf(gateways.map(({ stats }) => stats.pushAckReceived)),
    pullRespReceived: sumOf(gateways.map(({ stats }) => stats.pullRespReceived)),
    transmitted: sumOf(gateways.map(({ stats }) => stats.transmitted)),
    txErrors,
    downlinksInRx1: sumOf(devices.map(({ stats }) => stats.rx1)),
    downlinksInRx2: sumOf(devices.map(({ stats }) => stats.rx2)),
    slackMs: sorted.length === 0 ? undefined : { min: sorted[0]!, p50: at(0.5), p99: at(0.99) },
    violations: countBy(devices.flatMap(({ violations }) => violations.map(({ kind }) => kind))),
  };
}

/** Runs a whole simulation: registers, joins, sends, and reports. */
export async function simulate(
  options: SimulateOptions,
  log: (line: string) => void,
): Promise<SimulationReport> {
  const slacks: number[] = [];
  const network = simulateNetwork({
    ...options,
    factory: options.rx2DataRate === undefined ? {} : { rx2DataRate: options.rx2DataRate },
    gateway: {
      fetchMs: 10,
      statusMs: 30_000,
      link: { loss: options.loss, delayMs: options.delayMs },
      onDownlink: ({ slackMs }) => {
        if (slackMs !== undefined) slacks.push(slackMs);
      },
    },
    // Another run must not ask to join with the DevNonces of this one, which a Join Server remembers.
    device: { forgetDownlinks: true, random: Math.random },
  });
  if (options.api !== undefined) {
    log(`registering ${options.devices} devices and ${options.gateways} gateways at ${options.api.url}`);
    await register(options, options.api);
  }
  await network.start();
  try {
    for (const { session } of network.devices) if (session !== undefined) session.fCntUp = options.firstFCnt;
    if (options.activation === "otaa") {
      log("joining");
      await joinAll(network.devices, options.rate);
    }
    log(`sending ${options.rate} uplinks/s for ${options.seconds} s`);
    const startedAt = performance.now();
    const tally = await sendUplinks(network.devices, options);
    const seconds = Math.min(options.seconds, (performance.now() - startedAt) / 1000);
    return makeReport(network, tally, slacks, Math.max(seconds, 0.001));
  } finally {
    await network.stop();
  }
}

export function formatReport(report: SimulationReport): string {
  const counts = (values: Readonly<Record<string, number>>): string =>
    Object.entries(values)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ") || "none";
  const { slackMs } = report;
  const slack =
    slackMs === undefined
      ? "no downlinks"
      : `min ${slackMs.min.toFixed(0)}, p50 ${slackMs.p50.toFixed(0)}, p99 ${slackMs.p99.toFixed(0)} ms`;
  const unheard = report.joinRequests > 0 && report.joined === 0;
  const hint = unheard ? ["no answer to a join-request: are the devices registered, with these keys?"] : [];
  return [
    `devices            ${report.devices}, with a session ${report.joined}, join-requests ${report.joinRequests}`,
    `uplinks            ${report.uplinksSent} sent (${report.uplinksPerSecond.toFixed(1)}/s), ${report.uplinksSkipped} left out as no device was free`,
    `PUSH_DATA          ${report.pushDataSent} sent, ${report.pushAckReceived} acknowledged`,
    `confirmed uplinks  ${report.confirmedSent} sent, ${report.confirmedAcknowledged} acknowledged`,
    `PULL_RESP          ${report.pullRespReceived} received, ${report.transmitted} transmitted, errors: ${counts(report.txErrors)}`,
    `downlinks heard    ${report.downlinksInRx1} in RX1, ${report.downlinksInRx2} in RX2`,
    `timing slack       ${slack} from PULL_RESP to transmission`,
    `violations         ${counts(report.violations)}`,
    ...hint,
  ].join("\n");
}

async function run(args: readonly string[]): Promise<void> {
  const options = readSimulateOptions(args);
  if (options === undefined) return console.log(help);
  const report = await simulate(options, (line) => console.error(line));
  console.log(formatReport(report));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}

if (import.meta.main) {
  try {
    await run(process.argv.slice(2));
  } catch (error) {
    console.error(`simulate: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
