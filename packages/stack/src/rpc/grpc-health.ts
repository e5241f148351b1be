import { Health, HealthCheckResponse_ServingStatus } from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import { anyone, implement, type ServiceImplementation } from "./service.ts";

const unknownService = defineErrors("skylark/rpc").notFound(
  "service_not_found",
  "service `{service}` not found",
);

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;

/** The health service of gRPC: every service stands as the server does. */
export interface GrpcHealth {
  readonly service: ServiceImplementation;
  setServing(isServing: boolean): void;
}

export function createGrpcHealth(serviceNames: ReadonlySet<string>): GrpcHealth {
  let isServing = false;
  const watchers = new Set<() => void>();
  const statusOf = (service: string) => {
    if (service !== "" && service !== Health.typeName && !serviceNames.has(service)) return SERVICE_UNKNOWN;
    return isServing ? SERVING : NOT_SERVING;
  };
  const service = implement(Health, {
    check: {
      requires: () => anyone,
      handle({ service }) {
        const status = statusOf(service);
        if (status === SERVICE_UNKNOWN) throw unknownService({ service });
        return { status };
      },
    },
    watch: {
      requires: () => anyone,
      async *handle({ service }, { signal }) {
        while (!signal.aborted) {
          const status = statusOf(service);
          yield { status };
          while (!signal.aborted && statusOf(service) === status) await change(watchers, signal);
        }
      },
    },
  });
  return {
    service,
    setServing(now) {
      isServing = now;
      for (const wake of [...watchers]) wake();
    },
  };
}

function change(watchers: Set<() => void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => {
    watchers.delete(wake);
    signal.removeEventListener("abort", wake);
    resolve();
  };
  watchers.add(wake);
  signal.addEventListener("abort", wake);
  return promise;
}
