import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Clock } from "../clock/clock.ts";
import type { ListenAddress } from "../config/option.ts";
import type { Logger } from "../log/log.ts";
import { AddressLimits } from "./address-limits.ts";
import type { Backend } from "./backend.ts";
import { Connection } from "./connection.ts";
import { type MqttCounters, type MqttLimits, newCounters, pauseBytes } from "./limits.ts";

export interface MqttServerOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: MqttLimits;
}

export interface TlsCertificate {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** Sockets may be this many times the connections, so that a CONNECT is still refused politely. */
const socketsPerConnection = 1.25;

/** The listeners of one kind of MQTT client, and all its connections. */
export class MqttServer {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: MqttLimits;
  readonly counters: MqttCounters = newCounters();
  readonly addresses: AddressLimits;
  /** Clients that do not keep up. */
  readonly slow = new Set<Connection>();
  readonly #listeners = new Set<Server>();
  readonly #connections = new Set<Connection>();
  readonly #bySessionKey = new Map<string, Connection>();

  constructor({ backend, clock, log, limits }: MqttServerOptions) {
    this.backend = backend;
    this.clock = clock;
    this.log = log;
    this.limits = limits;
    this.addresses = new AddressLimits(clock, limits);
  }

  /** Bytes that may wait for one client: the fewer, the more clients are slow. */
  get pendingLimit(): number {
    const { maxPendingBytes, maxTotalPendingBytes } = this.limits;
    if (this.slow.size < 2) return maxPendingBytes;
    return Math.max(pauseBytes, Math.min(maxPendingBytes, maxTotalPendingBytes / this.slow.size));
  }

  get isFull(): boolean {
    return this.#bySessionKey.size >= this.limits.maxConnections;
  }

  get connectionCount(): number {
    return this.#bySessionKey.size;
  }

  /** Resolves with the port; rejects when it is taken. */
  async listen({ host, port }: ListenAddress, tls?: TlsCertificate): Promise<number> {
    const accept = (socket: Socket): void => {
      const address = socket.remoteAddress ?? "";
      if (this.addresses.beginConnecting(address))
        this.#connections.add(new Connection(this, socket, address));
      else socket.destroy();
    };
    const listener: Server =
      tls === undefined
        ? createServer({ noDelay: true }, accept)
        : createTlsServer(
            { ...tls, minVersion: "TLSv1.2", handshakeTimeout: this.limits.connectTimeoutMs },
            accept,
          );
    listener.maxConnections = Math.ceil(this.limits.maxConnections * socketsPerConnection);
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(host === undefined ? { port } : { host, port }, resolve);
    });
    listener.on("error", (error) => this.log.error("an MQTT listener failed", { error }));
    this.#listeners.add(listener);
    const address = listener.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  /** Makes the connection the only one of its session; resolves when an earlier one has left. */
  async claim(sessionKey: string, connection: Connection): Promise<void> {
    const earlier = this.#bySessionKey.get(sessionKey);
    this.#bySessionKey.set(sessionKey, connection);
    if (earlier === undefined) return;
    earlier.end("taken over by another connection");
    await earlier.ended;
  }

  release(connection: Connection): void {
    this.#connections.delete(connection);
    this.slow.delete(connection);
    const key = connection.client?.sessionKey;
    if (key !== undefined && this.#bySessionKey.get(key) === connection) this.#bySessionKey.delete(key);
  }

  /** Saves all sessions and closes all connections. */
  async close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
    const connections = [...this.#connections];
    for (const connection of connections) connection.end("server stops");
    await Promise.all(connections.map(({ ended }) => ended));
  }
}
