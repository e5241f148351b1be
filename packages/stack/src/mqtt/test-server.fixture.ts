import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, systemClock } from "../clock/clock.ts";
import { silentLogger } from "../log/log.ts";
import { defaultLimits, type MqttLimits } from "./limits.ts";
import { type MemoryBackend, memoryBackend } from "./memory-backend.fixture.ts";
import { MqttServer } from "./mqtt-server.ts";
import { type ConnectOptions, RawClient } from "./raw-client.fixture.ts";

/** A server on a free port over a backend in memory, with its clients; new for each test. */
export class TestServer {
  backend: MemoryBackend = memoryBackend();
  port = 0;
  #server: MqttServer | undefined;
  #limits: Partial<MqttLimits> = {};
  #clock: Clock = systemClock;
  readonly #clients: RawClient[] = [];

  get server(): MqttServer {
    assert.ok(this.#server !== undefined, "not started");
    return this.#server;
  }

  async restart(limits: Partial<MqttLimits> = {}, clock: Clock = systemClock): Promise<void> {
    await this.close();
    this.#clock = clock;
    this.backend = memoryBackend();
    this.#limits = limits;
    await this.startAgain();
  }

  /** Over what the backend holds. */
  async startAgain(): Promise<void> {
    const limits = { ...defaultLimits, ...this.#limits };
    this.#server = new MqttServer({ backend: this.backend, clock: this.#clock, log: silentLogger, limits });
    this.port = await this.#server.listen({ host: "127.0.0.1", port: 0 });
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.socket.destroy();
    await this.#server?.close();
  }

  newClient(): RawClient {
    const client = new RawClient(this.port);
    this.#clients.push(client);
    return client;
  }

  async allClosed(): Promise<void> {
    await Promise.all(this.#clients.map(({ closed }) => closed));
  }

  async connected(clientId: string, options: ConnectOptions = {}): Promise<RawClient> {
    const client = this.newClient();
    const connack = await client.connect(clientId, options);
    assert.equal(connack?.[3], 0, "refused");
    return client;
  }

  async subscribed(clientId: string, filter: string, qos: number, clean = true): Promise<RawClient> {
    const client = await this.connected(clientId, { clean });
    client.send(0x82, 0, 1, filter, qos);
    assert.deepEqual(await client.receive(), Buffer.from([0x90, 3, 0, 1, qos]));
    return client;
  }
}

/** Until what the server does of itself is done. */
export async function eventually(check: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 2000 && !check(); attempt++) await delay(10);
  assert.ok(check(), "did not come about in time");
}
