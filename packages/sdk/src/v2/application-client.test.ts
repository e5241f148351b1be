import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerUnaryCall, status } from "@grpc/grpc-js";
import {
  AnnouncementSchema,
  AnnouncementsResponseSchema,
  GetByAppIDRequestSchema,
} from "../../../api/src/gen/discovery/discovery_pb.ts";
import { ApplicationIdentifierSchema } from "../../../api/src/gen/handler/handler_pb.ts";
import { ApplicationClient, DiscoveryClient, HandlerClient, MQTTClient, TTNError } from "./index.ts";
import { ApplicationSchema } from "./schema.ts";
import { MockApplicationManager, stubs } from "./testing.ts";

const clientOf = (manager: MockApplicationManager, key = "ttn-account-v2.secret") =>
  new ApplicationClient("test", key, { client: manager });

test("changes of the application leave the rest of it", async () => {
  const client = clientOf(new MockApplicationManager("test"));
  await client.setPayloadFormat("cayennelpp");
  assert.equal((await client.get()).payload_format, "cayennelpp");
  await client.setCustomPayloadFunctions({ decoder: "decoder", encoder: "encoder", converter: "converter" });
  await client.setRegisterOnJoinAccessKey("ttn-account-v2.join");
  await client.setCustomPayloadFunctions({ validator: "validator", decoder: "", converter: null });
  assert.deepEqual(await client.get(), {
    app_id: "test",
    payload_format: "custom",
    decoder: "decoder",
    encoder: "encoder",
    converter: "",
    validator: "validator",
    register_on_join_access_key: "ttn-account-v2.join",
  });
});

test("registers, shows, lists, changes and deletes devices", async () => {
  const client = clientOf(new MockApplicationManager("test"));
  await client.registerDevice("foo", stubs.devicetest);
  const whole = {
    app_id: "test",
    dev_id: "foo",
    latitude: 100,
    longitude: 200,
    altitude: 10,
    description: "a device for tests",
    attributes: { room: "lab" },
    lorawan_device: {
      app_eui: "0102030405060708",
      dev_eui: "1122334455667788",
      dev_addr: "11223344",
      nwk_s_key: "11223344556677881122334455667788",
      app_s_key: "1122334455667788AABBCCDDEEFF0011",
      app_key: "AABBCCDDEEFF00112233445566778899",
      f_cnt_up: 1,
      f_cnt_down: 2,
      disable_f_cnt_check: true,
      uses32_bit_f_cnt: true,
      activation_constraints: "",
    },
  };
  assert.deepEqual(await client.device("foo"), whole);
  assert.deepEqual(await client.devices(), [whole]);
  await client.updateDevice("foo", { devEui: "1100223344556677", latitude: 52.2345 });
  assert.deepEqual(await client.device("foo"), {
    ...whole,
    latitude: 52.2345,
    lorawan_device: { ...whole.lorawan_device, dev_eui: "1100223344556677" },
  });
  await client.deleteDevice("foo");
  await assert.rejects(client.device("foo"), (error) => {
    assert.ok(error instanceof TTNError);
    assert.deepEqual([error.message, error.code], ["Error while getting the device: NOT_FOUND", "NOT_FOUND"]);
    assert.equal(error.details, "Device foo not found");
    return true;
  });
});

test("takes devices as they are documented, as the Python SDK takes them, and as they were read", async () => {
  const client = clientOf(new MockApplicationManager("test"));
  const lorawan = { app_eui: "0102030405060708", dev_eui: "aabbccddeeff0011", app_key: Buffer.alloc(16, 7) };
  await client.registerDevice("nested", { altitude: 1.6, lorawan_device: lorawan });
  await client.registerDevice("flat", { altitude: 1.6, ...lorawan });
  await client.registerDevice("copy", await client.device("nested"));
  const shown = async (devId: string) => {
    const { altitude, lorawan_device } = await client.device(devId);
    return [altitude, lorawan_device.dev_eui, lorawan_device.app_key];
  };
  const expected = [2, "AABBCCDDEEFF0011", "07".repeat(16)];
  for (const devId of ["nested", "flat", "copy"]) assert.deepEqual(await shown(devId), expected, devId);
  for (const wrong of [{ devEui: "11" }, { appKey: "x".repeat(32) }, { dev_uei: "1122334455667788" }]) {
    await assert.rejects(client.registerDevice("wrong", wrong), TypeError);
    await assert.rejects(client.updateDevice("flat", wrong), TypeError);
  }
});

test("unregisters the application with its devices", async () => {
  const client = clientOf(new MockApplicationManager("test"));
  await client.registerDevice("foo", {});
  await client.unregister();
  await assert.rejects(client.get(), { message: "Error while getting the application: NOT_FOUND" });
  await assert.rejects(client.devices(), { message: "Error while getting the list of devices: NOT_FOUND" });
  await assert.rejects(client.unregister(), { message: "Error while deleting the application: NOT_FOUND" });
  await assert.rejects(client.registerDevice("foo", {}), {
    message: "Error when updating the device: NOT_FOUND",
  });
  await assert.rejects(client.setPayloadFormat(""), {
    message: "Error while getting the application: NOT_FOUND",
  });
});

test("an access key goes as key, a JSON Web Token as token", async () => {
  const manager = new MockApplicationManager("test");
  await clientOf(manager, "ttn-account-v2.secret").get();
  assert.deepEqual(manager.lastMetadata, { key: "ttn-account-v2.secret" });
  const key = "NNSXS.ABCDEFGHIJKLMNOPQRSTUVWXYZ234567.ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRST";
  await clientOf(manager, key).get();
  assert.deepEqual(manager.lastMetadata, { key });
  const token = `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.x`;
  await clientOf(manager, token).get();
  assert.deepEqual(manager.lastMetadata, { token });
});

/** Discovery and handler without TLS, which never answers `getDevice`. */
async function startServers(t: TestContext): Promise<{ address: string; calls: string[] }> {
  const server = new Server();
  const calls: string[] = [];
  let address = "";
  const announced = () =>
    create(AnnouncementSchema, {
      id: "handler",
      serviceName: "handler",
      netAddress: address,
      mqttAddress: "127.0.0.1:1883",
      metadata: [
        { metadata: { case: "appId", value: "test" } },
        { metadata: { case: "appEui", value: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) } },
      ],
    });
  const plain = (path: string) => ({
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  });
  type Call = ServerUnaryCall<Buffer, Buffer>;
  type Done = (error: { code: status; details: string } | null, answer?: Buffer) => void;
  const answer = (bytes: Uint8Array, done: Done) => done(null, Buffer.from(bytes));
  server.addService(
    {
      getAll: plain("/discovery.Discovery/GetAll"),
      get: plain("/discovery.Discovery/Get"),
      getByAppID: plain("/discovery.Discovery/GetByAppID"),
      getApplication: plain("/handler.ApplicationManager/GetApplication"),
      getDevice: plain("/handler.ApplicationManager/GetDevice"),
    },
    {
      getAll: (_: Call, done: Done) =>
        answer(
          toBinary(
            AnnouncementsResponseSchema,
            create(AnnouncementsResponseSchema, { services: [announced()] }),
          ),
          done,
        ),
      get: (_: Call, done: Done) => answer(toBinary(AnnouncementSchema, announced()), done),
      getByAppID(call: Call, done: Done) {
        const { appId } = fromBinary(GetByAppIDRequestSchema, call.request);
        if (appId === "test") answer(toBinary(AnnouncementSchema, announced()), done);
        else done({ code: status.NOT_FOUND, details: `${appId} not found` });
      },
      getApplication(call: Call, done: Done) {
        const { appId } = fromBinary(ApplicationIdentifierSchema, call.request);
        calls.push(`${appId} ${call.metadata.get("key")} ${call.getDeadline() !== Number.POSITIVE_INFINITY}`);
        answer(toBinary(ApplicationSchema, create(ApplicationSchema, { appId, decoder: "decoder" })), done);
      },
      getDevice(_: Call, done: Done) {
        done({ code: status.PERMISSION_DENIED, details: 'No "devices" rights' });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  address = `127.0.0.1:${port}`;
  t.after(() => server.forceShutdown());
  return { address, calls };
}

test("finds services, handlers and applications over gRPC", async (t) => {
  const { address, calls } = await startServers(t);
  const discovery = new DiscoveryClient({ address, insecure: true });
  t.after(() => discovery.close());
  const [service] = await discovery.getAll("handler");
  assert.deepEqual(service?.metadata, [{ app_id: "test" }, { app_eui: "0102030405060708" }]);
  assert.equal((await discovery.get("handler", "handler")).net_address, address);
  assert.equal((await discovery.getByAppId("test")).mqtt_address, "127.0.0.1:1883");
  await assert.rejects(discovery.getByAppId("other"), {
    name: "TTNError",
    code: "NOT_FOUND",
    details: "other not found",
  });

  const lazy = new ApplicationClient("test", "key", {
    discoveryAddress: address,
    discovery: { insecure: true },
    insecure: true,
  });
  t.after(() => lazy.close());
  assert.equal((await lazy.get()).decoder, "decoder");
  assert.deepEqual(calls, ["test key true"]);
  await assert.rejects(lazy.device("dev1"), { code: "PERMISSION_DENIED", details: 'No "devices" rights' });
});

test("a handler client is opened before it makes clients", async (t) => {
  const { address } = await startServers(t);
  const handler = new HandlerClient("test", "key", { discoveryAddress: address, insecureChannel: true });
  assert.throws(() => handler.data(), {
    message: "HandlerClient needs to be open before it can create a data client.",
  });
  assert.throws(() => handler.application(), TTNError);
  assert.equal(await handler.open(), handler);
  assert.ok(handler.data() instanceof MQTTClient);
  const application = handler.application();
  t.after(() => application.close());
  assert.equal((await application.get()).app_id, "test");
  const other = HandlerClient.open("other", "key", { discoveryAddress: address, insecureChannel: true });
  await assert.rejects(other, { code: "NOT_FOUND" });
});

test("an address of a handler needs its certificate, and a certificate is read from its file", async (t) => {
  assert.throws(() => new ApplicationClient("test", "key", "127.0.0.1:1904"), {
    message: "You need to provide credentials",
  });
  const folder = await mkdtemp(join(tmpdir(), "skylark-sdk-"));
  t.after(() => rm(folder, { recursive: true }));
  await assert.rejects(new HandlerClient("test", "key", "127.0.0.1:1", join(folder, "none.pem")).open(), {
    code: "ENOENT",
  });
  await writeFile(join(folder, "wrong.pem"), "no certificate");
  await assert.rejects(new HandlerClient("test", "key", "127.0.0.1:1", join(folder, "wrong.pem")).open());
});
