import type { QoS } from "./subscription-set.ts";

/** MQTT 3.1.1 table 3.1. */
export const connectReturnCodes = {
  accepted: 0,
  unacceptableProtocolVersion: 1,
  identifierRejected: 2,
  serverUnavailable: 3,
  badUserNameOrPassword: 4,
  notAuthorized: 5,
} as const;
export type ConnectReturnCode = (typeof connectReturnCodes)[keyof typeof connectReturnCodes];

export const subscriptionRefused = 0x80;

export function encodeConnack(returnCode: ConnectReturnCode, sessionPresent: boolean): Buffer {
  // [MQTT-3.2.2-4]: a refusal never says that there is a session.
  return Buffer.from([0x20, 2, sessionPresent && returnCode === 0 ? 1 : 0, returnCode]);
}

const acknowledgements = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70, unsuback: 0xb0 } as const;

export function encodeAcknowledgement(kind: keyof typeof acknowledgements, packetId: number): Buffer {
  return Buffer.from([acknowledgements[kind], 2, packetId >> 8, packetId & 0xff]);
}

export function encodeSuback(packetId: number, returnCodes: readonly number[]): Buffer {
  const header = encodeHeader(0x90, 2 + returnCodes.length);
  return Buffer.from([...header, packetId >> 8, packetId & 0xff, ...returnCodes]);
}

export const pingresp = Buffer.from([0xd0, 0]);

export interface PublishOptions {
  readonly qos: QoS;
  /** For QoS 1 and 2. */
  readonly packetId: number;
  readonly duplicate: boolean;
}

/** A PUBLISH from the server; RETAIN is never set, since nothing is retained: [MQTT-3.3.1-9]. */
export function encodePublish(
  topic: string,
  payload: Uint8Array,
  { qos, packetId, duplicate }: PublishOptions,
): Buffer {
  const topicLength = Buffer.byteLength(topic);
  const bodyLength = 2 + topicLength + (qos > 0 ? 2 : 0) + payload.length;
  const packet = allocate(1 + lengthOfLength(bodyLength) + bodyLength);
  packet[0] = 0x30 | (duplicate ? 0x08 : 0) | (qos << 1);
  let position = writeLength(packet, 1, bodyLength);
  packet[position++] = topicLength >> 8;
  packet[position++] = topicLength & 0xff;
  position += packet.write(topic, position);
  if (qos > 0) {
    packet[position++] = packetId >> 8;
    packet[position++] = packetId & 0xff;
  }
  packet.set(payload, position);
  return packet;
}

function encodeHeader(first: number, length: number): Buffer {
  const header = Buffer.alloc(1 + lengthOfLength(length));
  header[0] = first;
  writeLength(header, 1, length);
  return header;
}

function lengthOfLength(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  return length < 0x200000 ? 3 : 4;
}

function writeLength(target: Buffer, start: number, length: number): number {
  let rest = length;
  let position = start;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    target[position++] = rest > 0 ? low | 0x80 : low;
  } while (rest > 0);
  return position;
}

const slabLength = 32 * 1024;
let slab = Buffer.allocUnsafeSlow(slabLength);
let slabPosition = 0;

/** Cuts packets from a slab: several times cheaper than a buffer each, and freed once all of it is sent. */
function allocate(length: number): Buffer {
  if (length > slabLength / 4) return Buffer.allocUnsafeSlow(length);
  if (slabPosition + length > slabLength) {
    slab = Buffer.allocUnsafeSlow(slabLength);
    slabPosition = 0;
  }
  slabPosition += length;
  return slab.subarray(slabPosition - length, slabPosition);
}
