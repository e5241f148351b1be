import type { ServerResponse } from "node:http";
import type { Api } from "./api.ts";
import { type Counters, formatMetrics } from "./metrics.ts";

/** Health and metrics, beside the API. */
export function mountOperations(
  api: Pick<Api, "http" | "setServing">,
  counters: () => Counters,
): { ready(isReady: boolean): void } {
  let isReady = false;
  api.http.mount("GET", "/healthz/live", (_, response) => answer(response, 200, "live\n"));
  for (const path of ["/healthz", "/healthz/ready"]) {
    api.http.mount("GET", path, (_, response) =>
      isReady ? answer(response, 200, "ready\n") : answer(response, 503, "not ready\n"),
    );
  }
  api.http.mount("GET", "/metrics", (_, response) =>
    answer(response, 200, formatMetrics({ process: processCounters(), ...counters() })),
  );
  return {
    ready(now) {
      isReady = now;
      api.setServing(now);
    },
  };
}

function processCounters(): Counters {
  const { user, system } = process.cpuUsage();
  return {
    cpuSecondsTotal: (user + system) / 1e6,
    residentMemoryBytes: process.memoryUsage.rss(),
    uptimeSeconds: process.uptime(),
  };
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  response.end(text);
}
