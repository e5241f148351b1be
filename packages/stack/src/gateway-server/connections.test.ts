import assert from "node:assert/strict";
import { test } from "node:test";
import { type EUI64, parseEUI64 } from "@skylark/lorawan";
import { ManualClock } from "../clock/manual-clock.ts";
import type { Priority, ReceiveWindow, TransmissionRequest } from "../domain/downlink.ts";
import type { GatewayIdentifiers } from "../domain/identifiers.ts";
import type { RegisteredGateway } from "../domain/registered-gateway.ts";
import type { GatewayUplink, Location } from "../domain/uplink.ts";
import { SkylarkError } from "../errors/errors.ts";
import { silentLogger } from "../log/log.ts";
import type { GatewayConnection } from "./connection.ts";
import { Connections, type ConnectionsOptions } from "./connections.ts";
import { createCounters } from "./counters.ts";
import { registeredEui, registeredGateway } from "./gateway-server.fixture.ts";
import type { GatewayLink, Transmission } from "./link.ts";

interface TestLink extends GatewayLink {
  readonly sent: Transmission[];
  isClosed: boolean;
}

function createLink(change: Partial<GatewayLink> = {}): TestLink {
  const link: TestLink = {
    protocol: "udp",
    isAuthenticated: false,
    queuesTransmissions: true,
    remoteAddress: "10.0.0.1",
    requireDownlinkPath: () => {},
    send: (transmission) => link.sent.push(transmission),
    close: () => {
      link.isClosed = true;
    },
    sent: [],
    isClosed: false,
    ...change,
  };
  return link;
}

function createConnections(
  change: Partial<ConnectionsOptions> = {},
  gateway: Partial<RegisteredGateway> = {},
) {
  const clock = new ManualClock();
  const uplinks: GatewayUplink[] = [];
  const events: string[] = [];
  const located: Location[] = [];
  let changed: ((ids: GatewayIdentifiers, gateway: RegisteredGateway | undefined) => void) | undefined;
  const registered = { ...registeredGateway, ...gateway };
  const connections = new Connections({
    context: {
      clock,
      logger: silentLogger,
      events: { publish: ({ name }) => events.push(name) },
      counters: createCounters(),
      networkServer: () => ({ handleUplink: (uplink) => uplinks.push(uplink) }),
      gatewayLocated: (_ids, location) => located.push(location),
      scheduleLateMs: 800,
      randomId: () => 0xffff,
    },
    gatewayRegistry: {
      findByEui: (eui) => Promise.resolve(eui === registeredEui ? registered : undefined),
      onGatewayChanged: (callback) => {
        changed = callback;
      },
      gatewayLocated: () => {},
    },
    tenantId: "default",
    requireRegisteredGateways: false,
    fallbackFrequencyPlanId: "EU_863_870_TTN",
    maxUnregisteredGateways: 2,
    connectionExpiryMs: 180_000,
    ...change,
  });
  const receive = (connection: GatewayConnection, timestamp: number): GatewayUplink => {
    connection.handleFrame({
      rawPayload: Uint8Array.of(0x40, uplinks.length),
      frequency: 868_100_000,
      dataRate: rx1.dataRate,
      timestamp,
      receivedAt: clock.now(),
      signals: [{ antennaIndex: 0, rssi: -60 }],
    });
    return uplinks.at(-1)!;
  };
  return {
    clock,
    connections,
    uplinks,
    events,
    located,
    receive,
    change: (ids: GatewayIdentifiers, to: RegisteredGateway | undefined) => changed?.(ids, to),
  };
}

const rx1: ReceiveWindow = {
  window: 1,
  delayMs: 1000,
  frequency: 868_100_000,
  dataRate: { modulation: "LORA", spreadingFactor: 7, bandwidth: 125_000, codingRate: "4/5" },
};

function requestFor(uplink: GatewayUplink, priority: Priority = "NORMAL"): TransmissionRequest {
  return { paths: uplink.receptions, windows: [rx1], payloadLength: 13, priority };
}

function reserve(connection: GatewayConnection, uplink: GatewayUplink, window = rx1) {
  return connection.reserve(uplink.receptions[0], window, requestFor(uplink));
}

function refusedWith(name: string) {
  return (error: unknown) => error instanceof SkylarkError && error.name.endsWith(`:${name}`);
}

const payload = Uint8Array.of(0x60, 1);
const numberedEui = (number: number): EUI64 => parseEUI64(number.toString(16).padStart(16, "0"));

test("a silent gateway is disconnected after three minutes, and its statistics stay", async () => {
  const { clock, connections, events, receive } = createConnections();
  const link = createLink();
  const connection = await connections.connect(registeredEui, link);
  await clock.advance(170_000);
  receive(connection, 1_000_000);
  await clock.advance(170_000);
  assert.equal(connections.count, 1);
  await clock.advance(20_000);
  assert.equal(connections.count, 0);
  assert.ok(link.isClosed);
  assert.equal(events.at(-1), "gs.gateway.disconnect");
  const stats = connections.stats(registeredGateway.ids);
  assert.equal(stats?.uplinkCount, 1);
  assert.ok(stats?.disconnectedAt !== undefined && stats.disconnectedAt > stats.connectedAt);
});

test("no more gateways that are not registered than the limit, until one leaves", async () => {
  const { clock, connections, events } = createConnections();
  await connections.connect(numberedEui(1), createLink());
  await connections.connect(numberedEui(2), createLink());
  const third = connections.connect(numberedEui(3), createLink());
  await assert.rejects(third, refusedWith("too_many_unregistered_gateways"));
  assert.equal(events.at(-1), "gs.gateway.connect.fail");
  await connections.connect(registeredEui, createLink());
  await clock.advance(190_000);
  await connections.connect(numberedEui(3), createLink());
});

test("a new connection of a gateway ends the old one, but UDP does not end an authenticated one", async () => {
  const { connections } = createConnections();
  const first = createLink();
  await connections.connect(registeredEui, first);
  const second = createLink({ protocol: "ws", isAuthenticated: true });
  await connections.connect(registeredEui, second);
  assert.ok(first.isClosed && !second.isClosed);
  await assert.rejects(
    connections.connect(registeredEui, createLink()),
    refusedWith("unauthenticated_gateway_connection"),
  );
  assert.ok(!second.isClosed);
  assert.equal(connections.count, 1);
});

test("a gateway without a usable frequency plan is refused", async () => {
  const none = createConnections({ fallbackFrequencyPlanId: "" });
  await assert.rejects(
    none.connections.connect(numberedEui(1), createLink()),
    refusedWith("no_fallback_frequency_plan"),
  );
  const unknown = createConnections({}, { frequencyPlanIds: ["MARS_1"] });
  await assert.rejects(
    unknown.connections.connect(registeredEui, createLink()),
    refusedWith("frequency_plan_not_configured"),
  );
});

test("a moved antenna changes the connection in place, another plan ends it", async () => {
  const { connections, receive, change } = createConnections();
  const connection = await connections.connect(registeredEui, createLink());
  const moved = { gain: 2, location: { latitude: 1, longitude: 2 } };
  change(registeredGateway.ids, { ...registeredGateway, antennas: [moved] });
  const { gateway } = receive(connection, 1_000_000).receptions[0];
  assert.deepEqual(gateway.publicLocation, moved.location);
  change(registeredGateway.ids, { ...registeredGateway, locationPublic: false });
  assert.equal(receive(connection, 2_000_000).receptions[0].gateway.publicLocation, undefined);
  change(registeredGateway.ids, { ...registeredGateway, frequencyPlanIds: ["EU_863_870"] });
  assert.equal(connections.count, 0);
});

test("registering a gateway that is connected without being so ends that connection", async () => {
  const { connections, change } = createConnections();
  const eui = numberedEui(1);
  await connections.connect(eui, createLink());
  change({ tenantId: "default", gatewayId: "mine", eui }, { ...registeredGateway });
  assert.equal(connections.count, 0);
});

test("a place not used in time is free again, and its frame is too late", async () => {
  const { clock, connections, receive } = createConnections();
  const link = createLink();
  const connection = await connections.connect(registeredEui, link);
  const uplink = receive(connection, 1_000_000);
  const reservation = reserve(connection, uplink);
  assert.equal(reservation.startsAt, clock.now() + 1000);
  assert.throws(() => reserve(connection, uplink), refusedWith("conflict"));
  await clock.advance(900);
  assert.equal(await reservation.transmit(payload, []), "TOO_LATE");
  assert.deepEqual(link.sent, []);
  assert.throws(() => reserve(connection, uplink), refusedWith("too_late"));
  reserve(connection, uplink, { ...rx1, delayMs: 1200 });
});

test("a frame is sent once, at the counter of its window and with the antenna's gain taken off", async () => {
  const { connections, receive } = createConnections();
  const link = createLink();
  const connection = await connections.connect(registeredEui, link);
  const reservation = reserve(connection, receive(connection, 2 ** 32 - 1));
  const result = reservation.transmit(payload, ["a"]);
  assert.equal(await reservation.transmit(payload, ["a"]), "TOO_LATE");
  assert.equal(link.sent.length, 1);
  assert.equal(link.sent[0]?.timestamp, 999_999);
  assert.ok(Math.abs(link.sent[0].power - 14.15) < 1e-9);
  // Identifiers have 16 bits.
  assert.equal(link.sent[0].id, 0);
  connection.handleTransmissionResult(link.sent[0].id, "SUCCESS", 0);
  assert.equal(await result, "SUCCESS");
});

test("the lead time follows the measured round trips", async () => {
  const { clock, connections, receive } = createConnections();
  const link = createLink();
  const connection = await connections.connect(registeredEui, link);
  assert.equal(connection.leadTimeMs(), 130);
  const uplink = receive(connection, 1_000_000);
  for (let each = 0; each < 5; each++) {
    const result = reserve(connection, uplink, { ...rx1, delayMs: 5000 + 200 * each }).transmit(payload, []);
    await clock.advance(40);
    connection.handleTransmissionResult(link.sent.at(-1)!.id, "SUCCESS", clock.now());
    await result;
  }
  assert.equal(connection.leadTimeMs(), 70);
  // The frame left the gateway half a round trip before.
  assert.equal(receive(connection, 1_280_000).receptions[0].receivedAt, clock.now() - 20);
});

test("a gateway set to late scheduling gets its frame 800 ms before", async () => {
  const { clock, connections, receive } = createConnections({}, { scheduleDownlinkLate: true });
  const link = createLink();
  const connection = await connections.connect(registeredEui, link);
  const reservation = reserve(connection, receive(connection, 1_000_000), { ...rx1, delayMs: 5000 });
  const result = reservation.transmit(payload, []);
  await clock.advance(4199);
  assert.equal(link.sent.length, 0);
  await clock.advance(1);
  assert.equal(link.sent.length, 1);
  await clock.advance(1800);
  assert.equal(await result, "NO_ACKNOWLEDGMENT");
});

test("a connection that ends leaves no transmission waiting", async () => {
  const { connections, receive, change } = createConnections();
  const connection = await connections.connect(registeredEui, createLink());
  const result = reserve(connection, receive(connection, 1_000_000)).transmit(payload, []);
  change(registeredGateway.ids, undefined);
  assert.equal(await result, "NO_ACKNOWLEDGMENT");
});

test("a reception of an earlier connection can be answered over the new one", async () => {
  const { clock, connections, receive } = createConnections();
  const first = await connections.connect(registeredEui, createLink());
  receive(first, 4_294_000_000);
  await clock.advance(2000);
  const uplink = receive(first, 1_032_704);
  assert.ok(uplink.receptions[0].concentratorTimeUs > 2 ** 32);
  const link = createLink();
  const second = await connections.connect(registeredEui, link);
  assert.throws(() => reserve(second, uplink), refusedWith("no_clock_sync"));
  await clock.advance(100);
  receive(second, 1_132_704);
  const reservation = reserve(second, uplink);
  assert.equal(reservation.startsAt, clock.now() + 900);
  void reservation.transmit(payload, []);
  assert.equal(link.sent[0]?.timestamp, 2_032_704);
});

test("nothing is sent over another antenna, nor by a gateway that must not send", async () => {
  const { connections, receive } = createConnections();
  const connection = await connections.connect(registeredEui, createLink());
  const uplink = receive(connection, 1_000_000);
  const otherAntenna = { ...uplink.receptions[0], antennaIndex: 1 };
  assert.throws(() => connection.reserve(otherAntenna, rx1, requestFor(uplink)), refusedWith("not_allowed"));
  const never = createConnections({}, { downlinkPathConstraint: "NEVER" });
  const silent = await never.connections.connect(registeredEui, createLink());
  assert.throws(() => reserve(silent, never.receive(silent, 1_000_000)), refusedWith("not_allowed"));
});

test("a frame that the radio cannot send is refused, not thrown at the server", async () => {
  const { connections, receive } = createConnections();
  const connection = await connections.connect(registeredEui, createLink());
  const uplink = receive(connection, 1_000_000);
  assert.throws(
    () => reserve(connection, uplink, { ...rx1, frequency: 915_000_000 }),
    refusedWith("sub_band_not_found"),
  );
});

test("the place of a gateway is taken over from its status once an hour", async () => {
  const { clock, connections, located } = createConnections();
  const connection = await connections.connect(registeredEui, createLink());
  const status = (latitude: number) =>
    connection.handleStatus(
      { versions: {}, ip: [], metrics: {}, antennaLocations: [{ latitude, longitude: 2 }] },
      clock.now(),
    );
  status(1);
  status(2);
  for (let minutes = 0; minutes < 60; minutes++) {
    await clock.advance(60_000);
    connection.handleSign(clock.now());
  }
  status(3);
  assert.deepEqual(
    located.map(({ latitude }) => latitude),
    [1, 3],
  );
});
