import { connect } from "node:net";
import type { EndDevice, MessageInitShape } from "@skylark/api";
import {
  create,
  EndDeviceRegistry,
  EndDeviceSchema,
  type EventSchema,
  Events,
  GtwGs,
  NsEndDeviceRegistry,
  pick,
  Right,
  rightName,
} from "@skylark/api";
import { ManualClock } from "../clock/manual-clock.ts";
import { defineErrors } from "../errors/errors.ts";
import type { LogFields, Logger } from "../log/log.ts";
import { silentLogger } from "../log/log.ts";
import type { ClientShares } from "./fair-share.ts";
import { createGrpcHealth, type GrpcHealth } from "./grpc-health.ts";
import { createGrpcPlatform, type GrpcPlatform } from "./grpc-platform.ts";
import { reflectionServices } from "./grpc-reflection.ts";
import { type HttpListener, type HttpListenOptions, listenHttp } from "./http-listener.ts";
import { createHttpPlatform, type HttpPlatform, type HttpPlatformOptions } from "./http-platform.ts";
import { createInProcessCaller, type InProcessCaller } from "./in-process.ts";
import { createRateLimits, type RateLimitProfiles } from "./rate-limits.ts";
import type { Authority, CallContext, Caller, Requirement } from "./service.ts";
import { anyone, application, gateway, implement } from "./service.ts";

const sampleErrors = defineErrors("skylark/sample");
const notFound = sampleErrors.notFound("device_not_found", "device `{device_id}` not found");
const rightsErrors = defineErrors("pkg/auth/rights");
const insufficient = rightsErrors.permissionDenied(
  "insufficient_application_rights",
  "insufficient rights for application `{uid}`",
);
const refusedToken = defineErrors("skylark/sample").unauthenticated("refused", "invalid credentials");
const invalidToken = defineErrors("pkg/auth").invalidArgument("token", "invalid token");

type EventInit = MessageInitShape<typeof EventSchema>;

/** A platform with a device registry in memory, a stream of events, and a network server that is not there. */
export interface SamplePlatform {
  readonly platform: HttpPlatform;
  /** The same services over gRPC, with health and reflection. */
  readonly grpcPlatform: GrpcPlatform;
  /** The same services for callers of this process. */
  readonly inProcess: InProcessCaller;
  readonly health: GrpcHealth;
  readonly clock: ManualClock;
  readonly devices: Map<string, EndDevice>;
  /** The last call that reached a handler. */
  lastCall: CallContext | undefined;
  /** What reading the device `slow` waits for. */
  gate: Promise<void> | undefined;
  /** What a stream yields. */
  events: (signal: AbortSignal) => AsyncIterable<EventInit>;
  readonly errorLog: LogFields[];
  readonly streamsEnded: { count: number };
}

/** Tokens of the sample: `Bearer admin`, `Bearer old`, `Bearer malformed`, `Bearer …REFUSED…`; others may read. */
const sampleAuthority: Authority = {
  authenticate(tenantId, authorization, session): Caller {
    const token = authorization?.replace(/^Bearer /i, "") ?? session;
    if (token === "malformed") throw invalidToken();
    if (token?.includes("REFUSED") === true) throw refusedToken();
    const warnings = token === "old" ? ["this key is old"] : [];
    return { tenantId, isAdmin: token === "admin", warnings };
  },
  async require(caller, requirement: Requirement) {
    if (requirement.kind !== "rights" || caller.isAdmin || requirement.entity.id !== "app1") return;
    const missing = requirement.rights
      .filter((right) => right === Right.APPLICATION_DEVICES_WRITE)
      .map(rightName);
    if (missing.length > 0) throw insufficient({ uid: requirement.entity.id, missing });
  },
  rightsOn: () => new Set<Right>(),
  requireStill() {},
  watch: () => () => {},
};

function sampleServices(sample: SamplePlatform) {
  const later = { later: "the API issue" };
  const registry = implement(EndDeviceRegistry, {
    create: {
      requires: ({ endDevice }) =>
        application(endDevice?.ids?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
      handle({ endDevice }, context) {
        sample.lastCall = context;
        const device = create(EndDeviceSchema, endDevice);
        sample.devices.set(device.ids?.deviceId ?? "", device);
        return device;
      },
    },
    get: {
      requires: ({ endDeviceIds }) =>
        application(endDeviceIds?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_READ),
      async handle({ endDeviceIds, fieldMask }, context) {
        sample.lastCall = context;
        const deviceId = endDeviceIds?.deviceId ?? "";
        if (deviceId === "slow") await sample.gate;
        if (deviceId === "broken") throw new Error("the database password is hunter2");
        const device = sample.devices.get(deviceId);
        if (device === undefined) throw notFound({ device_id: deviceId });
        return pick(EndDeviceSchema, device, ["ids", ...(fieldMask?.paths ?? [])]);
      },
    },
    list: {
      requires: () => anyone,
      handle({ limit, order }, context) {
        sample.lastCall = context;
        context.setTotalCount(sample.devices.size);
        context.warn(`order ${order} ignored`);
        return { endDevices: [...sample.devices.values()].slice(0, limit) };
      },
    },
    delete: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
      handle({ deviceId }) {
        sample.devices.delete(deviceId);
        return {};
      },
    },
    update: later,
    getIdentifiersForEUIs: later,
    batchUpdateLastSeen: later,
  });
  const events = implement(Events, {
    stream: {
      requires: () => ({ kind: "handler", reason: "any right on each of the identifiers" }),
      async *handle(_request, context) {
        try {
          yield* sample.events(context.signal);
        } finally {
          sample.streamsEnded.count++;
        }
      },
    },
    findRelated: later,
  });
  const network = implement(NsEndDeviceRegistry, {
    get: later,
    set: later,
    resetFactoryDefaults: later,
    delete: later,
  });
  const gateways = implement(GtwGs, {
    linkGateway: {
      requires: (context) => gateway(context.header("id"), Right.GATEWAY_LINK),
      async *handle(requests, context) {
        sample.lastCall = context;
        for await (const { gatewayStatus } of requests) {
          const rawPayload = new TextEncoder().encode(gatewayStatus?.ip.join());
          yield { downlinkMessage: { rawPayload } };
        }
      },
    },
    getConcentratorConfig: later,
    getMQTTConnectionInfo: later,
    getMQTTV2ConnectionInfo: later,
  });
  return [registry, events, network, gateways];
}

export type SampleOptions = Partial<HttpPlatformOptions> & {
  readonly profiles?: RateLimitProfiles;
  readonly shares?: ClientShares;
};

export function createSample({ profiles, ...options }: SampleOptions = {}): SamplePlatform {
  const errorLog: LogFields[] = [];
  const log: Logger = { ...silentLogger, error: (message, fields) => errorLog.push({ message, ...fields }) };
  const clock = new ManualClock();
  // The services write into the sample that the platform is part of.
  const sample = {
    clock,
    devices: new Map([
      [
        "dev1",
        create(EndDeviceSchema, {
          ids: { deviceId: "dev1", applicationIds: { applicationId: "app1" } },
          name: "thermometer",
          description: "in the hall",
        }),
      ],
    ]),
    lastCall: undefined,
    gate: undefined,
    events: async function* () {},
    errorLog,
    streamsEnded: { count: 0 },
  } as Omit<SamplePlatform, "platform" | "grpcPlatform" | "inProcess" | "health"> as SamplePlatform;
  const services = sampleServices(sample);
  const health = createGrpcHealth(new Set(services.map(({ descriptor }) => descriptor.typeName)));
  const given = {
    services,
    authority: sampleAuthority,
    clock,
    log,
    tenantOfHost: (host: string | undefined) =>
      host?.startsWith("tenant1.") === true ? "tenant1" : "default",
    rateLimits: createRateLimits(clock, profiles),
    ...options,
  };
  const described = services.map(({ descriptor }) => descriptor);
  return Object.assign(sample, {
    health,
    platform: createHttpPlatform(given),
    inProcess: createInProcessCaller(given),
    grpcPlatform: createGrpcPlatform({
      ...given,
      services: [...services, health.service, ...reflectionServices(described)],
    }),
  });
}

export interface RunningSample extends SamplePlatform {
  readonly listener: HttpListener;
  readonly url: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends bytes as they are and gives what came back until the server closed. */
  raw(text: string): Promise<string>;
}

export async function startSample(
  options: SampleOptions = {},
  listen: Partial<HttpListenOptions> = {},
): Promise<RunningSample> {
  const sample = createSample(options);
  const listener = await listenHttp(sample.platform, { port: 0, host: "127.0.0.1", ...listen });
  const url = `http://127.0.0.1:${listener.port}`;
  return Object.assign(sample, {
    listener,
    url,
    fetch: (path: string, init: RequestInit = {}) =>
      fetch(url + path, { ...init, signal: init.signal ?? AbortSignal.timeout(10_000) }),
    raw: (text: string) => exchange(listener.port, text),
  });
}

function exchange(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  let received = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => {
    received += chunk;
  });
  socket.on("close", () => resolve(received));
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
  });
  socket.setTimeout(10_000, () => socket.destroy(new Error("the server kept the connection")));
  return promise;
}
