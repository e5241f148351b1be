import type { Clock } from "../clock/clock.ts";
import type { Logger } from "../log/log.ts";
import { rateLimitProfiles } from "../rpc/config.ts";
import { createGrpcHealth } from "../rpc/grpc-health.ts";
import { createGrpcPlatform, type GrpcPlatform } from "../rpc/grpc-platform.ts";
import { reflectionServices } from "../rpc/grpc-reflection.ts";
import { createHttpPlatform, type HttpPlatform } from "../rpc/http-platform.ts";
import { createInProcessCaller, type InProcessCaller } from "../rpc/in-process.ts";
import { createRateLimits } from "../rpc/rate-limits.ts";
import type { Authority, ServiceImplementation } from "../rpc/service.ts";
import { withLaterServices } from "./later-services.ts";
import type { Options } from "./options.ts";

/** The API: the same services over HTTP and gRPC. */
export interface Api {
  readonly http: HttpPlatform;
  readonly grpc: GrpcPlatform;
  /** For surfaces of other generations, which are clients of this one. */
  readonly inProcess: InProcessCaller;
  /** Of the whole schema, those of later releases included. */
  readonly services: readonly ServiceImplementation[];
  /** What the health service of gRPC says. */
  setServing(isServing: boolean): void;
}

export interface ApiOptions {
  readonly services: readonly ServiceImplementation[];
  readonly authority: Authority;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: Options;
  readonly tenantOfHost: (host: string | undefined, uid?: string) => string;
}

export function createApi(given: ApiOptions): Api {
  const { authority, clock, logger, options, tenantOfHost } = given;
  const services = withLaterServices(given.services);
  const health = createGrpcHealth(new Set(services.map(({ descriptor }) => descriptor.typeName)));
  const reflected = [...services.map(({ descriptor }) => descriptor), health.service.descriptor];
  const common = {
    authority,
    clock,
    tenantOfHost,
    // One account of calls, whichever way they come.
    rateLimits: createRateLimits(clock, rateLimitProfiles(options)),
    trustedNetworks: options["http.trusted-proxies"],
  };
  return {
    services,
    http: createHttpPlatform({ ...common, services, log: logger.with({ server: "http" }) }),
    grpc: createGrpcPlatform({
      ...common,
      services: [...services, health.service, ...reflectionServices(reflected)],
      log: logger.with({ server: "grpc" }),
    }),
    inProcess: createInProcessCaller({ ...common, services }),
    setServing: (isServing) => health.setServing(isServing),
  };
}
