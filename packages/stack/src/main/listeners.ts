import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ConfigurationError } from "../config/load.ts";
import type { ListenAddress } from "../config/option.ts";
import { defineErrors } from "../errors/errors.ts";
import type { GatewayServer } from "../gateway-server/gateway-server.ts";
import { type GrpcListener, listenGrpc } from "../rpc/grpc-listener.ts";
import { type HttpListener, listenHttp } from "../rpc/http-listener.ts";
import type { V2Server } from "../v2/v2-server.ts";
import type { Api } from "./api.ts";
import type { Options } from "./options.ts";

const errors = defineErrors("skylark/main");
const cannotListen = errors.failedPrecondition(
  "cannot_listen",
  "{option}: cannot listen on {address}: {reason}",
);

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is already taken; stop what listens there, or choose another",
  EACCES: "this user may not open the port",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "there is no host of this name",
};

/** The ports that are open; undefined for a listener that is off. */
export interface Ports {
  readonly http: number | undefined;
  readonly httpTls: number | undefined;
  readonly grpc: number | undefined;
  readonly grpcTls: number | undefined;
  readonly mqtt: number | undefined;
  readonly mqttTls: number | undefined;
  readonly udp: number | undefined;
  readonly v2Discovery: number | undefined;
  readonly v2Handler: number | undefined;
  readonly v2HandlerHttp: number | undefined;
}

export interface RunningListeners {
  readonly ports: Ports;
  close(): Promise<void>;
}

/** An MQTT server, as far as a listener needs it. */
interface MqttListening {
  listen(address: ListenAddress, tls?: TlsFiles): Promise<number>;
  close(): Promise<void>;
}

interface ListeningServers {
  readonly options: Options;
  readonly api: Pick<Api, "http" | "grpc">;
  readonly mqttServer: MqttListening;
  readonly gatewayServer: Pick<GatewayServer, "listen">;
  readonly v2: V2Server;
}

type V2Option = "v2.discovery.listen" | "v2.handler.listen" | "v2.handler-http.listen";
type ApiOption = "http.listen" | "http.listen-tls" | "grpc.listen" | "grpc.listen-tls";

/** How long requests under way may take once the stack stops. */
const graceMs = 3000;

/** Opens every listener that is on; gateways come last, when everything behind them is there. */
export async function openListeners(servers: ListeningServers): Promise<RunningListeners> {
  const { options, api, mqttServer, gatewayServer, v2 } = servers;
  const tls = readTlsFiles(options["tls.certificate"], options["tls.key"]);
  const listeners: (HttpListener | GrpcListener)[] = [];
  const listen = async (option: ApiOption, files?: TlsFiles) => {
    const listener = await open(option, options[option], ({ host, port }) => {
      const on = { port, ...(host !== undefined && { host }), ...(files !== undefined && { tls: files }) };
      return option.startsWith("grpc.") ? listenGrpc(api.grpc, on) : listenHttp(api.http, on);
    });
    if (listener !== undefined) listeners.push(listener);
    return listener?.port;
  };
  const mqtt = (option: "as.mqtt.listen" | "as.mqtt.listen-tls", files?: TlsFiles) =>
    open(option, options[option], ({ host, port }) => mqttServer.listen({ host, port }, files));
  const listenV2 = async (
    option: V2Option,
    begin: (address: ListenAddress) => Promise<HttpListener | GrpcListener>,
  ) => {
    const listener = await open(option, options[option], begin);
    if (listener !== undefined) listeners.push(listener);
    return listener?.port;
  };
  const close = async (): Promise<void> => {
    api.http.stop();
    api.grpc.stop();
    v2.stop();
    await Promise.all([...listeners.map((listener) => listener.close(graceMs)), mqttServer.close()]);
  };
  try {
    const mqttPort = await mqtt("as.mqtt.listen");
    v2.mqttListensOn(mqttPort);
    const ports: Ports = {
      http: await listen("http.listen"),
      httpTls: tls === undefined ? undefined : await listen("http.listen-tls", tls),
      grpc: await listen("grpc.listen"),
      grpcTls: tls === undefined ? undefined : await listen("grpc.listen-tls", tls),
      mqtt: mqttPort,
      mqttTls: tls === undefined ? undefined : await mqtt("as.mqtt.listen-tls", tls),
      v2Discovery: await listenV2("v2.discovery.listen", (address) => v2.listenDiscovery(address, tls)),
      v2Handler: await listenV2("v2.handler.listen", (address) => v2.listenHandler(address)),
      v2HandlerHttp: await listenV2("v2.handler-http.listen", (address) => v2.listenHandlerHttp(address)),
      udp: await open(
        "gs.udp.listen",
        options["gs.udp.listen"],
        async () => (await gatewayServer.listen()).udpPort,
      ),
    };
    return { ports, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a listener unless it is off; a port that cannot be had is an error that names the option. */
async function open<Listener>(
  option: string,
  address: ListenAddress | undefined,
  listen: (address: ListenAddress) => Promise<Listener>,
): Promise<Listener | undefined> {
  if (address === undefined) return undefined;
  const { host, port } = address;
  try {
    return await listen(address);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const reason = reasons[code];
    if (reason === undefined) throw error;
    throw cannotListen({ option, address: `${host ?? ""}:${port}`, reason });
  }
}

interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** The certificate and its key, when both options name a file. */
function readTlsFiles(certificate: string, key: string): TlsFiles | undefined {
  if (certificate === "" && key === "") return undefined;
  if (certificate === "" || key === "") {
    throw new ConfigurationError("tls.certificate and tls.key belong together: only one is set");
  }
  const files = { cert: readFile("tls.certificate", certificate), key: readFile("tls.key", key) };
  try {
    createSecureContext(files);
  } catch (error) {
    const { message, reason = message } = error as Error & { readonly reason?: string };
    throw new ConfigurationError(
      `tls.certificate and tls.key cannot be used: ${reason}; both must be PEM, and belong together`,
    );
  }
  return files;
}

function readFile(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigurationError(`${option}: ${(error as Error).message}`);
  }
}
