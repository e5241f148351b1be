import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { type Logger, silentLogger } from "../../../log/log.ts";
import { createTestServer, registeredEui, registeredGateway } from "../../gateway-server.fixture.ts";
import { frontEndContract, requestFor } from "../frontend.contract.ts";
import { datagram, multiAntennaRxpk, pushData } from "./datagrams.fixture.ts";
import { packetTypes } from "./packet.ts";
import { connectUdpGateway } from "./udp-gateway.fixture.ts";

frontEndContract({
  protocol: "udp",
  connect: async ({ server }, eui) => {
    const port = server.udpPort();
    assert.ok(port !== undefined);
    return connectUdpGateway(port, eui);
  },
});

async function withServer(
  run: (
    gateway: Awaited<ReturnType<typeof connectUdpGateway>>,
    tested: ReturnType<typeof createTestServer>,
  ) => Promise<void>,
  given: Parameters<typeof createTestServer>[0] = {},
): Promise<void> {
  const tested = createTestServer(given);
  const { udpPort } = await tested.server.listen();
  const gateway = await connectUdpGateway(udpPort!, registeredEui);
  try {
    await run(gateway, tested);
  } finally {
    gateway.close();
    await tested.server.close();
  }
}

test("answers each antenna of a frame as one uplink with several receptions", () =>
  withServer(async (gateway, { uplinks, until }) => {
    gateway.push(pushData({ rxpk: [multiAntennaRxpk] }, { eui: registeredEui }));
    const { receptions } = await until(() => uplinks[0]);
    assert.deepEqual(
      receptions.map(({ antennaIndex, rssi, fineTimestampNs }) => [antennaIndex, rssi, fineTimestampNs]),
      [
        [0, -90, 987654321],
        [1, -95, undefined],
      ],
    );
  }));

test("acknowledges, and drops with a counter, what is broken", () =>
  withServer(async (gateway, { server, uplinks, events, until }) => {
    gateway.push(pushData("{", { eui: registeredEui }));
    gateway.push(pushData({ rxpk: [{ ...multiAntennaRxpk, data: "*" }] }, { eui: registeredEui }));
    gateway.push(Buffer.from([2, 0, 0, 0]));
    await until(() => server.frontEndCounters().udp?.dropped_too_short === 1);
    const counters = server.frontEndCounters().udp;
    assert.deepEqual([counters?.dropped_json, counters?.dropped_base64], [1, 1]);
    await until(() => gateway.acknowledgments.filter((type) => type === packetTypes.pushAck).length === 2);
    await until(() => events.some(({ name }) => name === "gs.up.drop"));
    assert.deepEqual(uplinks, []);
  }));

test("a frame that the gateway sends twice is forwarded once", () =>
  withServer(async (gateway, { server, uplinks, events, until }) => {
    const payload = Uint8Array.of(0x40, 1, 2, 3);
    gateway.sendUplink(payload, 1_000_000);
    gateway.sendUplink(payload, 1_000_000);
    gateway.sendUplink(payload, 4_000_000);
    await until(() => uplinks.length === 2);
    assert.equal(server.counters.uplinksRepeated, 1);
    assert.ok(events.some(({ name }) => name === "gs.io.up.repeat"));
  }));

test("speaks version 1 to a gateway of version 1, and hands over late what it cannot queue", () =>
  withServer(
    async (gateway, { server, uplinks, until }) => {
      gateway.pull(datagram(packetTypes.pullData, undefined, { eui: registeredEui, version: 1 }));
      gateway.sendUplink(Uint8Array.of(0x40, 1, 2, 3), 1_000_000);
      const reservation = server.reserve(requestFor(await until(() => uplinks[0]), 1000));
      const result = reservation.transmit(Uint8Array.of(0x60), []);
      await until(() => gateway.downlinks[0]);
      assert.ok(reservation.startsAt - Date.now() < 400, "sent 300 ms before the window");
      assert.equal(await result, "NO_ACKNOWLEDGMENT");
    },
    { options: { "gs.udp.schedule-late-time": 300 } },
  ));

test("refuses UDP for a gateway that requires authenticated connections", () =>
  withServer(
    async (gateway, { uplinks, events, until }) => {
      gateway.sendUplink(Uint8Array.of(0x40, 1, 2, 3), 1_000_000);
      const event = await until(() => events.find(({ name }) => name === "gs.gateway.connect.fail"));
      assert.equal(
        (event.data?.json as { name: string } | undefined)?.name,
        "unauthenticated_gateway_connection",
      );
      assert.deepEqual(uplinks, []);
    },
    { gateways: [{ ...registeredGateway, requireAuthenticatedConnection: true }] },
  ));

test("no downlink goes to a gateway that has stopped to pull", () =>
  withServer(
    async (gateway, { server, uplinks, until }) => {
      gateway.sendUplink(Uint8Array.of(0x40, 1, 2, 3), 1_000_000);
      const request = requestFor(await until(() => uplinks[0]));
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.throws(
        () => server.reserve(request),
        (error: Error & { details: unknown }) => /downlink_path_expired/.test(JSON.stringify(error.details)),
      );
    },
    { options: { "gs.udp.downlink-path-expires": 50 } },
  ));

test("a registration that appears lets a refused gateway in", () =>
  withServer(
    async (gateway, { uplinks, events, register, until }) => {
      gateway.sendUplink(Uint8Array.of(0x40, 1, 2, 3), 1_000_000);
      await until(() => events.some(({ name }) => name === "gs.gateway.connect.fail"));
      register(registeredGateway.ids, registeredGateway);
      gateway.sendUplink(Uint8Array.of(0x40, 1, 2, 3), 2_000_000);
      assert.equal((await until(() => uplinks[0])).receptions[0].gateway.ids.gatewayId, "gtw1");
    },
    { gateways: [], options: { "gs.require-registered-gateways": true } },
  ));

test("a registered gateway connects, and stays, while strangers keep the table full", async () => {
  const lines: string[] = [];
  const logger: Logger = { ...silentLogger, info: (message) => void lines.push(message) };
  const maxUdpGateways = 32;
  const options = { "gs.require-registered-gateways": true };
  const { server, uplinks, until } = createTestServer({ options, logger, maxUdpGateways });
  const { udpPort } = await server.listen();
  const socket = createSocket("udp4");
  let strangers = 0;
  const flooding = setInterval(() => {
    for (let sent = 0; sent < 20; sent++) {
      const eui = (0x0900_0000 + strangers++).toString(16).padStart(16, "0");
      socket.send(datagram(packetTypes.pullData, undefined, { eui }), udpPort!, "127.0.0.1");
    }
  }, 20);
  try {
    await until(() => server.counters.connectionsRefused > 2 * maxUdpGateways);
    const gateway = await connectUdpGateway(udpPort!, registeredEui);
    // In a flood datagrams get lost before anybody reads them, so each is sent until it is there.
    const send = async (frame: number, timestamp: number) => {
      const before = uplinks.length;
      const sending = setInterval(() => gateway.sendUplink(Uint8Array.of(0x40, 1, 2, frame), timestamp), 50);
      await until(() => uplinks.length > before).finally(() => clearInterval(sending));
    };
    await send(3, 1_000_000);
    const before = strangers;
    await until(() => strangers > before + 10 * maxUdpGateways);
    await send(4, 9_000_000);
    assert.equal(uplinks.length, 2);
    assert.equal(server.connectedGateways(), 1);
    assert.equal(
      uplinks[0]?.receptions[0].gateway.connectionCorrelationId,
      uplinks[1]?.receptions[0].gateway.connectionCorrelationId,
      "it is the same connection",
    );
    assert.equal(lines.filter((line) => line === "gateway cannot connect").length, 10);
    gateway.close();
  } finally {
    clearInterval(flooding);
    socket.close();
    await server.close();
  }
});

test("a port already taken is an error that names the option", async () => {
  const first = createTestServer();
  const { udpPort } = await first.server.listen();
  const second = createTestServer({ options: { "gs.udp.listen": { host: "127.0.0.1", port: udpPort! } } });
  await assert.rejects(second.server.listen(), /gs\.udp\.listen.*already taken/);
  await second.server.close();
  await first.server.close();
});

test("without an address nothing listens", async () => {
  const { server } = createTestServer({ options: { "gs.udp.listen": undefined } });
  assert.deepEqual(await server.listen(), { udpPort: undefined });
  await server.close();
});

test("a receiving thread that fails is replaced on the same port", async () => {
  let thread: Worker | undefined;
  process.once("worker", (started: Worker) => {
    thread = started;
  });
  await withServer(async (gateway, { uplinks, until }) => {
    gateway.sendUplink(Uint8Array.of(0x40, 1, 2, 3), 1_000_000);
    await until(() => uplinks.length === 1);
    await thread?.terminate();
    const sending = setInterval(() => gateway.sendUplink(Uint8Array.of(0x40, 1, 2, 4), 9_000_000), 50);
    await until(() => uplinks.length === 2).finally(() => clearInterval(sending));
  });
});
