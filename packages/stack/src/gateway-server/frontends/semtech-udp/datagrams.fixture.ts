import { packetTypes } from "./packet.ts";

/*
 * Datagrams as forwarders send them, for tests.
 */

const testEui = "AA555A0000000101";

/** As lora_pkt_fwd 4.0.1 writes it. */
export const sx1301Rxpk = {
  tmst: 3512348611,
  chan: 2,
  rfch: 0,
  freq: 866.349812,
  stat: 1,
  modu: "LORA",
  datr: "SF7BW125",
  codr: "4/6",
  rssi: -35,
  lsnr: 5.1,
  size: 32,
  data: "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIQ==",
};

/** As the forwarder of sx1302_hal 2.1.0 writes it, with GPS and fine timestamps. */
export const sx1302Rxpk = {
  jver: 1,
  tmst: 749876123,
  time: "2026-01-14T12:08:59.123456Z",
  tmms: 1452427757123,
  ftime: 123456789,
  chan: 7,
  rfch: 1,
  freq: 868.5,
  mid: 8,
  stat: 1,
  modu: "LORA",
  datr: "SF12BW125",
  codr: "4/5",
  rssis: -102,
  lsnr: -12.8,
  foff: -1283,
  rssi: -101,
  size: 16,
  data: "QAEAACaAAQABHEdaX0B0nA==",
};

/** A Kerlink-like version 2 gateway with two antennas. */
export const multiAntennaRxpk = {
  tmst: 1000001,
  freq: 868.3,
  brd: 1,
  stat: 1,
  modu: "LORA",
  datr: "SF9BW125",
  codr: "4/5",
  size: 16,
  data: "QAEAACaAAQABHEdaX0B0nA==",
  rsig: [
    { ant: 0, chan: 3, rssic: -90, rssis: -91, lsnr: 7.5, foff: 120, ftime: 987654321 },
    { ant: 1, chan: 3, rssic: -95, lsnr: 3.25 },
  ],
};

export const fskRxpk = {
  tmst: 3512348514,
  chan: 9,
  rfch: 1,
  freq: 869.1,
  stat: 1,
  modu: "FSK",
  datr: 50000,
  rssi: -75,
  size: 16,
  data: "VEVTVF9QQUNLRVRfMTIzNA==",
};

export const stat = {
  time: "2026-01-12 08:59:28 GMT",
  lati: 46.24,
  long: 3.2523,
  alti: 145,
  rxnb: 2,
  rxok: 2,
  rxfw: 1,
  ackr: 100.0,
  dwnb: 2,
  txnb: 1,
  temp: 31.5,
};

export function datagram(type: number, body?: unknown, options: DatagramOptions = {}): Buffer {
  const { version = 2, token = 0x1234, eui = testEui } = options;
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  return Buffer.concat([
    Buffer.from([version, token >> 8, token & 255, type]),
    Buffer.from(eui, "hex"),
    Buffer.from(text),
  ]);
}

export interface DatagramOptions {
  readonly version?: number;
  readonly token?: number;
  readonly eui?: string;
}

export function pushData(body: unknown, options?: DatagramOptions): Buffer {
  return datagram(packetTypes.pushData, body, options);
}
