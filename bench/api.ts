import {
  CreateEndDeviceRequestSchema,
  EndDeviceRegistry,
  fromJSON,
  GetEndDeviceRequestSchema,
} from "@skylark/api";
import { type DeviceIdentity, deviceIdentity, type JsonObject } from "@skylark/testkit";
import { type LoopResult, runClosedLoop } from "./closed-loop.ts";
import { GrpcConnection } from "./grpc-load.ts";
import { HttpConnection, httpRequest } from "./http-load.ts";
import type { BenchOptions } from "./options.ts";
import { applicationId, type Registry } from "./population.ts";
import type { RunningStack } from "./stack-process.ts";

export interface ApiResult extends LoopResult {
  readonly what: string;
  readonly over: "HTTP" | "gRPC";
}

export interface ApiBench {
  readonly options: BenchOptions;
  readonly registry: Registry;
  readonly stack: RunningStack;
  readonly log: (line: string) => void;
}

const seed = 4;
/** More than any run makes in its seconds. */
const untilTimeIsUp = 2_000_000;
const cascade = "x-skylark-cascade";
const devicesPath = `/applications/${applicationId}/devices`;

/** A device for over-the-air activation with what all four servers keep of it, for one call. */
function wholeDevice(identity: DeviceIdentity): JsonObject {
  return {
    ids: { device_id: identity.deviceId, dev_eui: identity.devEui, join_eui: identity.joinEui },
    name: `Bench ${identity.deviceId}`,
    supports_join: true,
    lorawan_version: "MAC_V1_0_3",
    lorawan_phy_version: "PHY_V1_0_3_REV_A",
    frequency_plan_id: "EU_863_870",
    root_keys: { app_key: { key: identity.appKey } },
  };
}

/** The same in the four calls that clients of The Things Stack make. */
function fourCalls(identity: DeviceIdentity, apiKey: string): readonly Buffer[] {
  const { ids, name, root_keys, ...network } = wholeDevice(identity);
  const paths = ["ids.device_id", "ids.dev_eui", "ids.join_eui"];
  const set = (server: string, device: JsonObject, more: readonly string[]) =>
    httpRequest(
      { verb: "PUT", path: `/${server}${devicesPath}/${identity.deviceId}`, apiKey },
      { end_device: { ids: ids ?? null, ...device }, field_mask: { paths: [...paths, ...more] } },
    );
  return [
    httpRequest({ verb: "POST", path: devicesPath, apiKey }, { end_device: { ids, name } }),
    set("js", { root_keys: root_keys ?? null }, ["root_keys.app_key.key"]),
    set("ns", network, Object.keys(network)),
    set("as", {}, []),
  ];
}

async function askHttp(connection: HttpConnection, request: Buffer, expected: string): Promise<void> {
  const { status, body } = await connection.ask(request);
  if (status !== 200 || !body.includes(expected)) throw new Error(`HTTP ${status}: ${body.slice(0, 500)}`);
}

type Over = ApiResult["over"];

/** What the measurements share: connections, and where their results go. */
interface Measuring {
  readonly registry: Registry;
  readonly http: (worker: number) => HttpConnection;
  readonly grpc: (worker: number) => GrpcConnection;
  /** Calls in a closed loop, until `calls` of them or the time are up. */
  run(
    over: Over,
    what: string,
    calls: number,
    call: (index: number, worker: number) => Promise<void>,
  ): Promise<void>;
}

/** Authenticated reads and registrations on all four servers, over HTTP and gRPC. */
export async function benchApi({ options, registry, stack, log }: ApiBench): Promise<ApiResult[]> {
  const workers = options.number("api-connections");
  const limits = { workers, seconds: options.number("seconds"), serverPid: stack.pid };
  const https = await Promise.all(Array.from({ length: workers }, () => HttpConnection.open(stack.httpUrl)));
  const grpcs = Array.from(
    { length: Math.min(workers, 8) },
    () => new GrpcConnection(stack.grpcAddress, registry.apiKey, { [cascade]: "true" }),
  );
  const results: ApiResult[] = [];
  const measuring: Measuring = {
    registry,
    http: (worker) => https[worker]!,
    grpc: (worker) => grpcs[worker % grpcs.length]!,
    async run(over, what, calls, call) {
      const result = { over, what, ...(await runClosedLoop({ ...limits, calls }, call)) };
      log(`${over} ${what}: ${result.perSecond.toFixed(0)}/s`);
      results.push(result);
    },
  };
  try {
    await measureRegistrations(measuring, options.number("api-registrations"));
    await measureReads(measuring);
  } finally {
    for (const connection of [...https, ...grpcs]) connection.close();
  }
  return results;
}

async function measureRegistrations(
  { registry, http, grpc, run }: Measuring,
  registrations: number,
): Promise<void> {
  const { apiKey } = registry;
  let next = registry.registeredDevices("api");
  const register = async (
    over: Over,
    what: string,
    call: (identity: DeviceIdentity, worker: number) => Promise<void>,
  ) => {
    await run(over, what, registrations, (_, worker) => call(deviceIdentity(seed, next++), worker));
    await registry.keepDevices("api", next);
  };
  const oneCall = { verb: "POST", path: devicesPath, apiKey, header: `${cascade}: true` } as const;
  await register("HTTP", "registrations, one call", (identity, worker) =>
    askHttp(http(worker), httpRequest(oneCall, { end_device: wholeDevice(identity) }), identity.deviceId),
  );
  await register("HTTP", "registrations, four calls", async (identity, worker) => {
    for (const request of fourCalls(identity, apiKey))
      await askHttp(http(worker), request, identity.deviceId);
  });
  await register("gRPC", "registrations, one call", async (identity, worker) => {
    const ids = {
      ...(wholeDevice(identity).ids as JsonObject),
      application_ids: { application_id: applicationId },
    };
    const request = fromJSON(CreateEndDeviceRequestSchema, { end_device: { ...wholeDevice(identity), ids } });
    const { ids: registered } = await grpc(worker).call(EndDeviceRegistry.method.create, request);
    if (registered?.deviceId !== identity.deviceId) throw new Error("gRPC answered with another device");
  });
}

async function measureReads({ registry, http, grpc, run }: Measuring): Promise<void> {
  const { apiKey } = registry;
  const known = Array.from(
    { length: Math.min(registry.registeredDevices("api"), 1000) },
    (_, index) => deviceIdentity(seed, index).deviceId,
  );
  const deviceOf = (index: number) => known[(index * 7919) % known.length]!;
  const requests = known.map((id) =>
    httpRequest({ verb: "GET", path: `${devicesPath}/${id}?field_mask=name`, apiKey }),
  );
  await run("HTTP", "authenticated reads", untilTimeIsUp, (index, worker) =>
    askHttp(http(worker), requests[(index * 7919) % requests.length]!, deviceOf(index)),
  );
  await run("gRPC", "authenticated reads", untilTimeIsUp, async (index, worker) => {
    const request = fromJSON(GetEndDeviceRequestSchema, {
      end_device_ids: { device_id: deviceOf(index), application_ids: { application_id: applicationId } },
      field_mask: "name",
    });
    const { ids } = await grpc(worker).call(EndDeviceRegistry.method.get, request);
    if (ids?.deviceId !== deviceOf(index)) throw new Error("gRPC answered with another device");
  });
}

/** Throws unless every device that was registered is complete on all four servers; asked after a restart. */
export async function checkRegistered(registry: Registry, log: (line: string) => void): Promise<void> {
  const count = registry.registeredDevices("api");
  for (let index = 0; index < count; index += Math.ceil(count / 500)) {
    const { deviceId } = deviceIdentity(seed, index);
    const report = await registry.client.get(`${devicesPath}/${deviceId}/check`);
    if (report.complete !== true) throw new Error(`${deviceId} is not complete: ${JSON.stringify(report)}`);
  }
  log(`${count} devices registered, all that were looked at are complete after a restart`);
}

/** The measurements as a markdown table. */
export function formatApiTable(results: readonly ApiResult[]): string {
  const lines = [
    "| what | over | calls | per second | p50 ms | p99 ms | server µs each |",
    "|---|---|---|---|---|---|---|",
  ];
  for (const { what, over, calls, perSecond, latency, serverMicrosecondsEach } of results) {
    lines.push(
      `| ${what} | ${over} | ${calls} | ${perSecond.toFixed(0)} | ${latency.p50.toFixed(1)} | ` +
        `${latency.p99.toFixed(1)} | ${serverMicrosecondsEach.toFixed(0)} |`,
    );
  }
  return lines.join("\n");
}
