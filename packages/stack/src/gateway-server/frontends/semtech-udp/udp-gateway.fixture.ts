import { createSocket } from "node:dgram";
import type { TransmissionResult } from "../../../domain/downlink.ts";
import type { ContractGateway, ReceivedDownlink } from "../frontend.contract.ts";
import { datagram, pushData } from "./datagrams.fixture.ts";
import { packetTypes } from "./packet.ts";

/** A tiny packet forwarder with its two sockets. */
export interface UdpTestGateway extends ContractGateway {
  readonly acknowledgments: number[];
  push(bytes: Uint8Array): void;
  pull(bytes?: Uint8Array): void;
}

export async function connectUdpGateway(port: number, eui: string): Promise<UdpTestGateway> {
  const up = createSocket("udp4");
  const down = createSocket("udp4");
  await Promise.all(
    [up, down].map((socket) => new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", resolve))),
  );
  const downlinks: ReceivedDownlink[] = [];
  const acknowledgments: number[] = [];
  // A server that is away for a moment shows as ECONNREFUSED on a connected socket; forwarders go on.
  for (const socket of [up, down]) socket.on("error", () => {});
  up.on("message", (bytes) => acknowledgments.push(bytes[3]!));
  down.on("message", (bytes) => {
    acknowledgments.push(bytes[3]!);
    if (bytes[3] === packetTypes.pullResp) downlinks.push(readDownlink(bytes, (ack) => down.send(ack), eui));
  });
  const gateway: UdpTestGateway = {
    downlinks,
    acknowledgments,
    push: (bytes) => up.send(bytes),
    pull: (bytes = datagram(packetTypes.pullData, undefined, { eui })) => down.send(bytes),
    sendUplink: (phyPayload, timestamp) =>
      up.send(pushData({ rxpk: [rxpkOf(phyPayload, timestamp)] }, { eui })),
    sendStatus: ({ latitude, longitude }) =>
      up.send(
        pushData({ stat: { time: "2026-01-12 08:59:28 GMT", lati: latitude, long: longitude } }, { eui }),
      ),
    close: () => {
      up.close();
      down.close();
    },
  };
  // Datagrams may be lost, so it asks again as forwarders do.
  for (let waited = 0; !acknowledgments.includes(packetTypes.pullAck); waited++) {
    if (waited % 500 === 0) gateway.pull();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return gateway;
}

function rxpkOf(phyPayload: Uint8Array, timestamp: number): object {
  return {
    tmst: timestamp,
    freq: 868.1,
    chan: 0,
    rfch: 1,
    stat: 1,
    modu: "LORA",
    datr: "SF7BW125",
    codr: "4/5",
    rssi: -60,
    lsnr: 7.5,
    size: phyPayload.length,
    data: Buffer.from(phyPayload).toString("base64"),
  };
}

function readDownlink(bytes: Buffer, send: (acknowledgment: Buffer) => void, eui: string): ReceivedDownlink {
  const { txpk } = JSON.parse(bytes.toString("utf8", 4)) as {
    txpk: { tmst: number; freq: number; datr: string; data: string };
  };
  const token = bytes.readUInt16BE(1);
  return {
    timestamp: txpk.tmst,
    frequency: Math.round(txpk.freq * 1e6),
    spreadingFactor: Number(/^SF(\d+)/.exec(txpk.datr)?.[1]),
    phyPayload: Buffer.from(txpk.data, "base64"),
    acknowledge: (result: TransmissionResult) => {
      const body = result === "SUCCESS" ? undefined : { txpk_ack: { error: result } };
      send(datagram(packetTypes.txAck, body, { eui, token }));
    },
  };
}
