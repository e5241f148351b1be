import { createRequire } from "node:module";
import type * as MqttPacket from "mqtt-packet";
import type { IConnectPacket, Packet, Parser } from "mqtt-packet";
import { MalformedPacket } from "./packet-framing.ts";
import type { QoS } from "./subscription-set.ts";
import { isTopicFilter, isTopicName } from "./topic-filter.ts";

export interface ConnectPacket {
  readonly kind: "connect";
  readonly clientId: string;
  readonly cleanSession: boolean;
  readonly keepAliveSeconds: number;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly will: PublishedMessage | undefined;
}

export interface PublishedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
}

export interface PublishPacket extends PublishedMessage {
  readonly kind: "publish";
  /** 0 for QoS 0. */
  readonly packetId: number;
}

export interface AcknowledgementPacket {
  readonly kind: "puback" | "pubrec" | "pubrel" | "pubcomp";
  readonly packetId: number;
}

export interface SubscribePacket {
  readonly kind: "subscribe";
  readonly packetId: number;
  readonly requests: readonly { readonly filter: string; readonly qos: QoS }[];
}

export interface UnsubscribePacket {
  readonly kind: "unsubscribe";
  readonly packetId: number;
  readonly filters: readonly string[];
}

export type ClientPacket =
  | ConnectPacket
  | PublishPacket
  | AcknowledgementPacket
  | SubscribePacket
  | UnsubscribePacket
  | { readonly kind: "pingreq" | "disconnect" };

/** The CONNECT names a protocol or level that this server does not speak. */
export class UnsupportedProtocol extends Error {}

/** By the first byte, flags included: [MQTT-3.6.1-1]. */
const acknowledgements: Readonly<Record<number, AcknowledgementPacket["kind"]>> = {
  64: "puback",
  80: "pubrec",
  98: "pubrel",
  112: "pubcomp",
};
const connectType = 1;
/** Protocol names with their level: MQTT 3.1 and 3.1.1. Bridges set the highest bit of the level. */
const protocols: Readonly<Record<string, number>> = { MQIsdp: 3, MQTT: 4 };

/** Loaded with the first client: it brings streams that nothing here uses, 20 ms of every start. */
let mqttPacket: typeof MqttPacket | undefined;

function newParser(): Parser {
  mqttPacket ??= createRequire(import.meta.url)("mqtt-packet") as typeof MqttPacket;
  return mqttPacket.parser();
}

/** Reads whole packets of a client, and refuses everything the specification forbids. */
export class PacketDecoder {
  readonly #parser: Parser = newParser();
  #packet: Packet | undefined;
  #error: Error | undefined;

  constructor() {
    this.#parser.on("packet", (packet: Packet) => {
      this.#packet = packet;
    });
    this.#parser.on("error", (error: Error) => {
      this.#error = error;
    });
  }

  decode(frame: Buffer): ClientPacket {
    // One for each message of QoS 1 and two of QoS 2: read here, several times cheaper.
    const acknowledgement = acknowledgements[frame[0]!];
    if (acknowledgement !== undefined && frame.length === 4) {
      return { kind: acknowledgement, packetId: checkedPacketId({ messageId: frame.readUInt16BE(2) }) };
    }
    if (frame[0]! >> 4 === connectType) checkProtocol(frame);
    this.#packet = undefined;
    try {
      // One packet at a time: a length inside it that points behind its end finds nothing there.
      this.#parser.parse(frame);
    } catch (error) {
      throw new MalformedPacket((error as Error).message);
    }
    if (this.#error !== undefined) throw new MalformedPacket(this.#error.message);
    if (this.#packet === undefined) throw new MalformedPacket("incomplete packet");
    return checkedPacket(this.#packet, frame);
  }
}

function checkProtocol(frame: Buffer): void {
  let position = 1;
  while ((frame[position++] ?? 0) & 0x80);
  const nameLength = ((frame[position] ?? 0) << 8) | (frame[position + 1] ?? 0);
  const name = frame.toString("latin1", position + 2, position + 2 + nameLength);
  const level = frame[position + 2 + nameLength];
  if (level === undefined) throw new MalformedPacket("CONNECT ends within the protocol name");
  if (protocols[name] !== (level & 0x7f))
    throw new UnsupportedProtocol(`${name.slice(0, 16)} level ${level}`);
}

function checkedPacket(packet: Packet, frame: Buffer): ClientPacket {
  switch (packet.cmd) {
    case "connect":
      return checkedConnect(packet, frame);
    case "publish":
      check(isTopicName(packet.topic), "[MQTT-3.3.2-2] invalid topic name");
      // [MQTT-3.3.1-2]
      check(packet.qos > 0 || !packet.dup, "DUP with QoS 0");
      return {
        kind: "publish",
        topic: packet.topic,
        payload: packet.payload as Buffer,
        qos: packet.qos,
        packetId: packet.qos > 0 ? checkedPacketId(packet) : 0,
      };
    case "puback":
    case "pubrec":
    case "pubrel":
    case "pubcomp":
      throw new MalformedPacket("acknowledgement of wrong length");
    case "subscribe": {
      // [MQTT-3.8.3-3]
      check(packet.subscriptions.length > 0, "SUBSCRIBE without a filter");
      const requests = packet.subscriptions.map(({ topic, qos }) => ({ filter: checkedFilter(topic), qos }));
      return { kind: "subscribe", packetId: checkedPacketId(packet), requests };
    }
    case "unsubscribe":
      // [MQTT-3.10.3-2]
      check(packet.unsubscriptions.length > 0, "UNSUBSCRIBE without a filter");
      return {
        kind: "unsubscribe",
        packetId: checkedPacketId(packet),
        filters: packet.unsubscriptions.map(checkedFilter),
      };
    case "pingreq":
    case "disconnect":
      check(frame.length === 2, `${packet.cmd} with a body`);
      return { kind: packet.cmd };
    default:
      throw new MalformedPacket(`${packet.cmd} is not for clients to send`);
  }
}

function checkedConnect(packet: IConnectPacket, frame: Buffer): ConnectPacket {
  const { clientId, username, password, will, keepalive = 0 } = packet;
  // [MQTT-3.1.2-22]
  check(username !== undefined || password === undefined, "password without user name");
  check(isText(clientId) && isText(username ?? ""), "[MQTT-1.5.3-1] text is not UTF-8");
  // [MQTT-3.1.2-14]
  check((will?.qos ?? 0) <= 2, "will of QoS 3");
  if (will !== undefined) check(isTopicName(will.topic), "invalid will topic");
  check(frame.length === connectLength(packet, frame), "CONNECT with trailing bytes");
  return {
    kind: "connect",
    clientId,
    cleanSession: packet.clean ?? false,
    keepAliveSeconds: keepalive,
    username,
    password,
    will: will && { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos ?? 0 },
  };
}

function connectLength(
  { protocolId, clientId, username, password, will }: IConnectPacket,
  frame: Buffer,
): number {
  let headerLength = 2;
  while (frame[headerLength - 1]! & 0x80) headerLength++;
  const fields = [protocolId ?? "", clientId, username, password, will?.topic, will?.payload];
  const lengths = fields.map((field) => (field === undefined ? 0 : 2 + Buffer.byteLength(field)));
  return headerLength + 4 + lengths.reduce((sum, length) => sum + length, 0);
}

function checkedFilter(filter: string): string {
  check(isTopicFilter(filter), "invalid topic filter");
  return filter;
}

/** [MQTT-2.3.1-1]; the parser gives -1 for one that is cut off. */
function checkedPacketId({ messageId = 0 }: Pick<Packet, "messageId">): number {
  if (messageId < 1) throw new MalformedPacket("no packet identifier");
  return messageId;
}

function isText(text: string): boolean {
  return !text.includes("\u0000") && !text.includes("\ufffd");
}

function check(condition: boolean, problem: string): void {
  if (!condition) throw new MalformedPacket(problem);
}
