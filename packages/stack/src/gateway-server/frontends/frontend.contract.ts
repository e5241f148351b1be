import assert from "node:assert/strict";
import { test } from "node:test";
import type { EUI64 } from "@skylark/lorawan";
import { parseEUI64 } from "@skylark/lorawan";
import type { ReceiveWindow, TransmissionRequest, TransmissionResult } from "../../domain/downlink.ts";
import type { GatewayUplink } from "../../domain/uplink.ts";
import { SkylarkError } from "../../errors/errors.ts";
import {
  createTestServer,
  registeredEui,
  registeredGateway,
  type TestServer,
  type TestServerOptions,
} from "../gateway-server.fixture.ts";

/** A downlink as a gateway gets it. */
export interface ReceivedDownlink {
  /** Concentrator counter, 32 bits. */
  readonly timestamp: number;
  /** Hz. */
  readonly frequency: number;
  readonly spreadingFactor: number;
  readonly phyPayload: Uint8Array;
  acknowledge(result: TransmissionResult): void;
}

/** A gateway of the protocol under test, with a counter of its own. */
export interface ContractGateway {
  /** Sends a frame of SF7BW125 on 868.1 MHz, RSSI -60 dBm and SNR 7.5 dB, that it heard at `timestamp`. */
  sendUplink(phyPayload: Uint8Array, timestamp: number): void;
  sendStatus(location: { readonly latitude: number; readonly longitude: number }): void;
  readonly downlinks: ReceivedDownlink[];
  close(): void;
}

export interface FrontEndHarness {
  readonly protocol: string;
  /** Connects a gateway to a server that listens; resolves when downlinks can reach it. */
  connect(testServer: TestServer, eui: EUI64): Promise<ContractGateway>;
}

const frame = Uint8Array.of(0x40, 1, 2, 3, 4, 0, 1, 0, 1, 9, 8, 7, 6);
const rx1: ReceiveWindow = {
  window: 1,
  delayMs: 5000,
  frequency: 868_100_000,
  dataRate: { modulation: "LORA", spreadingFactor: 7, bandwidth: 125_000, codingRate: "4/5" },
};
const rx2: ReceiveWindow = {
  window: 2,
  delayMs: 6000,
  frequency: 869_525_000,
  dataRate: { modulation: "LORA", spreadingFactor: 9, bandwidth: 125_000, codingRate: "4/5" },
};

/** With receive windows so late that the slowest machine is in time for them, unless a test waits for them to pass. */
export function requestFor(uplink: GatewayUplink, rx1DelayMs = rx1.delayMs): TransmissionRequest {
  const windows: TransmissionRequest["windows"] = [
    { ...rx1, delayMs: rx1DelayMs },
    { ...rx2, delayMs: rx1DelayMs + 1000 },
  ];
  return { paths: uplink.receptions, windows, payloadLength: 13, priority: "NORMAL" };
}

type Run = (gateway: ContractGateway, testServer: TestServer) => Promise<void>;
type WithGateway = (run: Run, options?: TestServerOptions & { readonly eui?: EUI64 }) => Promise<void>;

/** What every protocol of gateways has to do. */
export function frontEndContract(harness: FrontEndHarness): void {
  const withGateway: WithGateway = async (run, options = {}) => {
    const testServer = createTestServer(options);
    await testServer.server.listen();
    const gateway = await harness.connect(testServer, options.eui ?? registeredEui);
    try {
      await run(gateway, testServer);
    } finally {
      gateway.close();
      await testServer.server.close();
    }
  };
  uplinkCases(harness.protocol, withGateway);
  downlinkCases(harness.protocol, withGateway);
  refusedDownlinkCases(harness.protocol, withGateway);
  registrationCases(harness.protocol, withGateway);
}

function uplinkCases(protocol: string, withGateway: WithGateway): void {
  test(`${protocol}: an uplink reaches the Network Server with all that the gateway said`, () =>
    withGateway(async (gateway, { uplinks, events, until }) => {
      const sentAt = Date.now();
      gateway.sendUplink(frame, 5_000_000);
      const uplink = await until(() => uplinks[0]);
      assert.deepEqual([...uplink.rawPayload], [...frame]);
      assert.equal(uplink.frequency, 868_100_000);
      assert.deepEqual(uplink.dataRate, rx1.dataRate);
      assert.match(uplink.correlationId, /^gs:uplink:[0-9A-Z]{26}$/);
      const [reception] = uplink.receptions;
      assert.deepEqual(reception.gateway.ids, registeredGateway.ids);
      assert.deepEqual(reception.gateway.publicLocation, registeredGateway.antennas[0]?.location);
      assert.deepEqual([reception.rssi, reception.channelRssi, reception.snr], [-60, -60, 7.5]);
      assert.equal(reception.timestamp, 5_000_000);
      assert.ok(reception.receivedAt >= sentAt && reception.receivedAt <= Date.now());
      await until(() => events.some(({ name }) => name === "gs.up.forward"));
      assert.ok(events.some(({ name }) => name === "gs.gateway.connect"));
    }));

  test(`${protocol}: a status shows in the statistics and moves the gateway`, () =>
    withGateway(async (gateway, { server, events, located, until }) => {
      gateway.sendStatus({ latitude: 48.5, longitude: 2.25 });
      await until(() => events.some(({ name }) => name === "gs.status.receive"));
      assert.equal(located[0]?.latitude, 48.5);
      const { lastStatus } = server.stats(registeredGateway.ids) ?? {};
      assert.equal(lastStatus?.status.antennaLocations[0]?.longitude, 2.25);
    }));
}

function downlinkCases(protocol: string, withGateway: WithGateway): void {
  test(`${protocol}: a downlink reaches the gateway for its window, and its answer comes back`, () =>
    withGateway(async (gateway, { server, uplinks, events, until }) => {
      gateway.sendUplink(frame, 2 ** 32 - 100_000);
      const uplink = await until(() => uplinks[0]);
      const reservation = server.reserve(requestFor(uplink));
      assert.equal(reservation.window.window, 1);
      assert.ok(Math.abs(reservation.startsAt - uplink.receptions[0].receivedAt - rx1.delayMs) < 1);
      const result = reservation.transmit(Uint8Array.of(0x60, 1, 2, 3), ["ns:downlink:1"]);
      const downlink = await until(() => gateway.downlinks[0]);
      // The counter wraps between the uplink and its window.
      assert.equal(downlink.timestamp, 4_900_000);
      assert.equal(downlink.frequency, rx1.frequency);
      assert.equal(downlink.spreadingFactor, 7);
      assert.deepEqual([...downlink.phyPayload], [0x60, 1, 2, 3]);
      downlink.acknowledge("SUCCESS");
      assert.equal(await result, "SUCCESS");
      const names = events.map(({ name }) => name);
      for (const name of [
        "gs.down.schedule.attempt",
        "gs.down.send",
        "gs.txack.receive",
        "gs.down.tx.success",
      ])
        assert.ok(names.includes(name), name);
      const stats = server.stats(registeredGateway.ids);
      assert.equal(stats?.protocol, protocol);
      assert.deepEqual(
        [stats?.uplinkCount, stats?.downlinkCount, stats?.acknowledgmentCount, stats?.roundTripTimes?.count],
        [1, 1, 1, 1],
      );
    }));

  test(`${protocol}: a second downlink at the same time goes to the second window`, () =>
    withGateway(async (gateway, { server, uplinks, until }) => {
      gateway.sendUplink(frame, 5_000_000);
      const request = requestFor(await until(() => uplinks[0]));
      const first = server.reserve(request);
      const second = server.reserve(request);
      assert.deepEqual([first.window.window, second.window.window], [1, 2]);
      assert.throws(() => server.reserve(request), /schedule/);
      first.cancel();
      assert.equal(server.reserve(request).window.window, 1);
    }));
}

function refusedDownlinkCases(protocol: string, withGateway: WithGateway): void {
  test(`${protocol}: the gateway's refusal comes back and frees the place`, () =>
    withGateway(async (gateway, { server, uplinks, events, until }) => {
      gateway.sendUplink(frame, 5_000_000);
      const request = requestFor(await until(() => uplinks[0]));
      const result = server.reserve(request).transmit(Uint8Array.of(0x60), []);
      (await until(() => gateway.downlinks[0])).acknowledge("COLLISION_PACKET");
      assert.equal(await result, "COLLISION_PACKET");
      assert.ok(events.some(({ name }) => name === "gs.down.tx.fail"));
      assert.equal(server.reserve(request).window.window, 1);
    }));

  test(`${protocol}: what the gateway never answers is not acknowledged`, () =>
    withGateway(async (gateway, { server, uplinks, until }) => {
      gateway.sendUplink(frame, 5_000_000);
      const request = requestFor(await until(() => uplinks[0]), 1000);
      const result = server.reserve(request).transmit(Uint8Array.of(0x60), []);
      await until(() => gateway.downlinks[0]);
      assert.equal(await result, "NO_ACKNOWLEDGMENT");
    }));

  test(`${protocol}: without its gateway a downlink is refused with every path's reason`, () =>
    withGateway(async (gateway, { server, uplinks, register, until }) => {
      gateway.sendUplink(frame, 5_000_000);
      const request = requestFor(await until(() => uplinks[0]));
      register(registeredGateway.ids, undefined);
      assert.throws(
        () => server.reserve(request),
        (error) => {
          assert.ok(error instanceof SkylarkError);
          assert.equal(error.name, "pkg/gatewayserver:schedule");
          assert.match(JSON.stringify(error.details), /"name":"not_connected".*"gateway_uid":"gtw1"/);
          return true;
        },
      );
      assert.notEqual(server.stats(registeredGateway.ids)?.disconnectedAt, undefined);
    }));
}

function registrationCases(protocol: string, withGateway: WithGateway): void {
  test(`${protocol}: a gateway that is not registered is taken as eui-… unless that is forbidden`, () =>
    withGateway(
      async (gateway, { uplinks, server, until }) => {
        gateway.sendUplink(frame, 5_000_000);
        const [reception] = (await until(() => uplinks[0])).receptions;
        assert.equal(reception.gateway.ids.gatewayId, "eui-ff02030405060708");
        assert.equal(reception.gateway.frequencyPlanId, "EU_863_870_TTN");
        assert.equal(server.connectedGateways(), 1);
      },
      { eui: parseEUI64("FF02030405060708") },
    ));

  test(`${protocol}: a gateway that is not registered is refused where that is forbidden`, () =>
    withGateway(
      async (gateway, { uplinks, events, server, until }) => {
        gateway.sendUplink(frame, 5_000_000);
        const event = await until(() => events.find(({ name }) => name === "gs.gateway.connect.fail"));
        assert.equal(event.gatewayId, "eui-ff02030405060708");
        assert.equal((event.data?.json as { name: string } | undefined)?.name, "gateway_eui_not_registered");
        assert.equal(server.connectedGateways(), 0);
        assert.deepEqual(uplinks, []);
      },
      { eui: parseEUI64("FF02030405060708"), options: { "gs.require-registered-gateways": true } },
    ));
}
