import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfiguration } from "../../packages/stack/src/config/load.ts";
import { silentLogger } from "../../packages/stack/src/log/log.ts";
import { options } from "../../packages/stack/src/main/options.ts";
import { startStack } from "../../packages/stack/src/main/stack.ts";
import type { ServiceImplementation } from "../../packages/stack/src/rpc/service.ts";
import { temporaryDirectory } from "../stack-process.ts";

/** The whole stack in this process, for what only its service objects know: which rights each method needs. */
export interface InProcessStack {
  readonly httpUrl: string;
  readonly grpcAddress: string;
  readonly adminKey: string;
  /** Where the keys of other tenants' admins lie. */
  readonly dataDirectory: string;
  readonly services: readonly ServiceImplementation[];
  close(): Promise<void>;
}

export async function startInProcess(flags: readonly string[] = []): Promise<InProcessStack> {
  const dataDirectory = temporaryDirectory();
  const args = [
    `--data-dir=${dataDirectory}`,
    "--http.listen=127.0.0.1:0",
    "--grpc.listen=127.0.0.1:0",
    "--as.mqtt.listen=127.0.0.1:0",
    "--gs.udp.listen=127.0.0.1:0",
    "--v2.discovery.listen=",
    "--v2.handler.listen=",
    ...flags,
  ];
  const stack = await startStack(loadConfiguration(options, { args, env: {} }), silentLogger);
  return {
    httpUrl: `http://127.0.0.1:${stack.ports.http}`,
    grpcAddress: `127.0.0.1:${stack.ports.grpc}`,
    adminKey: (await readFile(join(dataDirectory, "admin-api-key"), "utf8")).trim(),
    dataDirectory,
    services: stack.services,
    close: () => stack.close(),
  };
}
