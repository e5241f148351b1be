import { randomUUID } from "node:crypto";
import { type Client, type ConnectRequest, Refusal, type StoredSession } from "./backend.ts";
import type { Connection } from "./connection.ts";
import type { ConnectPacket } from "./packet-decoding.ts";
import { connectReturnCodes } from "./packet-encoding.ts";

/** What becomes of a CONNECT on its way through the steps. */
export interface Handshake {
  readonly packet: ConnectPacket;
  readonly connection: Connection;
  request: ConnectRequest;
  client: Client | undefined;
  stored: StoredSession | undefined;
}

/** Undefined goes on to the next step. */
type StepResult = Refusal | undefined;

export interface ConnectStep {
  readonly clauses: readonly string[];
  run(handshake: Handshake): StepResult | Promise<StepResult>;
}

const maxClientIdLength = 256;

/** From CONNECT to CONNACK, in this order; the protocol name and level were checked when the packet was read. */
export const connectSteps: readonly ConnectStep[] = [
  { clauses: ["MQTT-3.1.3-6", "MQTT-3.1.3-7", "MQTT-3.1.3-8"], run: checkClientIdentifier },
  { clauses: [], run: checkCapacity },
  { clauses: ["MQTT-3.1.4-2"], run: authenticate },
  { clauses: ["MQTT-3.1.4-2"], run: takeOver },
  { clauses: ["MQTT-3.1.2-4", "MQTT-3.1.2-6"], run: openSession },
  { clauses: ["MQTT-3.2.0-1", "MQTT-3.2.2-2", "MQTT-3.2.2-3"], run: accept },
];

/** An empty identifier is given one, and cannot have a session that lasts. */
function checkClientIdentifier(handshake: Handshake): StepResult {
  const { clientId, cleanSession } = handshake.packet;
  if (clientId.length > maxClientIdLength || (clientId === "" && !cleanSession)) {
    return new Refusal(connectReturnCodes.identifierRejected);
  }
  if (clientId === "") handshake.request = { ...handshake.request, clientId: `auto-${randomUUID()}` };
  return undefined;
}

function checkCapacity({ connection }: Handshake): StepResult {
  const { server, remoteAddress } = connection;
  return server.isFull || server.addresses.isRefused(remoteAddress)
    ? new Refusal(connectReturnCodes.serverUnavailable)
    : undefined;
}

async function authenticate(handshake: Handshake): Promise<StepResult> {
  const outcome = await handshake.connection.server.backend.authenticate(handshake.request);
  if (outcome instanceof Refusal) return outcome;
  handshake.client = outcome;
  handshake.connection.adopt(outcome);
  return undefined;
}

/** The earlier connection has saved its session before the later one reads it. */
async function takeOver({ connection, client }: Handshake): Promise<StepResult> {
  await connection.server.claim(client!.sessionKey, connection);
  return undefined;
}

async function openSession(handshake: Handshake): Promise<StepResult> {
  handshake.stored = await handshake.client!.openSession(handshake.request.cleanSession);
  return undefined;
}

async function accept({ connection, client, stored }: Handshake): Promise<StepResult> {
  await connection.begin(client!, stored);
  return undefined;
}
