/** Packet identifiers of the Semtech UDP protocol (PROTOCOL.TXT of the packet forwarder, §3 and §5). */
export const packetTypes = {
  pushData: 0,
  pushAck: 1,
  pullData: 2,
  pullResp: 3,
  pullAck: 4,
  txAck: 5,
} as const;

/** Version, token, identifier and gateway EUI. */
export const headerLength = 12;

/** Forwarders send at most a few kilobytes; a datagram of IPv4 cannot be longer than 65,507 bytes. */
const maxDatagramLength = 16_384;

/** Why something received was not taken over; the names of the counters. */
export const dropReasons = [
  "too_short",
  "too_long",
  "protocol_version",
  "packet_type",
  "json",
  "rxpk_fields",
  "rxpk_count",
  "data_rate",
  "base64",
  "payload_length",
  "status",
  "crc",
  "repeated",
  "address_change",
  "flood",
  "too_many_gateways",
  "gateway_queue_full",
  "queue_full",
] as const;
export type DropReason = (typeof dropReasons)[number];

/** Checks version, identifier and length of a datagram that came from a gateway. */
export function checkHeader(bytes: Uint8Array): DropReason | undefined {
  if (bytes.length < headerLength) return "too_short";
  if (bytes.length > maxDatagramLength) return "too_long";
  if (bytes[0] !== 1 && bytes[0] !== 2) return "protocol_version";
  switch (bytes[3]) {
    case packetTypes.pushData:
    case packetTypes.pullData:
    case packetTypes.txAck:
      return undefined;
    default:
      return "packet_type";
  }
}
