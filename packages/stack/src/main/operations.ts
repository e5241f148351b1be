import type { ServerResponse } from "node:http";
import type { HttpPlatform } from "../rpc/http-platform.ts";
import { type Counters, formatMetrics } from "./metrics.ts";

/** Health and metrics, beside the API. */
export function mountOperations(
  platform: Pick<HttpPlatform, "mount">,
  counters: () => Counters,
): { ready(isReady: boolean): void } {
  let isReady = false;
  platform.mount("GET", "/healthz/live", (_, response) => answer(response, 200, "live\n"));
  platform.mount("GET", "/healthz/ready", (_, response) =>
    isReady ? answer(response, 200, "ready\n") : answer(response, 503, "not ready\n"),
  );
  platform.mount("GET", "/metrics", (_, response) =>
    answer(response, 200, formatMetrics({ process: processCounters(), ...counters() })),
  );
  return {
    ready(now) {
      isReady = now;
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
