import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import {
  create,
  type Event as EventMessage,
  EventSchema,
  fromBinary,
  fromJSON,
  type StreamEventsRequest,
  StreamEventsRequestSchema,
  toBinary,
} from "@skylark/api";
import { defineEvent } from "../events/events.ts";
import { silentLogger } from "../log/log.ts";
import { listenGrpc } from "../rpc/grpc-listener.ts";
import { createGrpcPlatform } from "../rpc/grpc-platform.ts";
import { eventService } from "./event-service.ts";
import { generousHistory, withApplication } from "./event-stream.fixture.ts";

const grpcInfo = defineEvent("grpc.info", "test", ["RIGHT_APPLICATION_INFO"]);

const subject = {
  kind: "device",
  ids: { tenantId: "default", applicationId: "app1", deviceId: "dev1" },
} as const;

test("events are streamed over gRPC, the past before the present", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  const { events, clock } = server;
  const { authority } = server.identityServer;
  const platform = createGrpcPlatform({
    services: [eventService({ events, authority, clock, origin: "test-host" })],
    authority,
    clock,
    log: silentLogger,
    tenantOfHost: () => "default",
  });
  const listener = await listenGrpc(platform, { port: 0, host: "127.0.0.1" });
  const client = new Client(`127.0.0.1:${listener.port}`, credentials.createInsecure());
  t.after(async () => {
    client.close();
    platform.stop();
    await listener.close(100);
  });
  const open = (request: StreamEventsRequest, key: string) => {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${key}`);
    return client.makeServerStreamRequest(
      "/ttn.lorawan.v3.Events/Stream",
      (message: StreamEventsRequest) => Buffer.from(toBinary(StreamEventsRequestSchema, message)),
      (bytes) => fromBinary(EventSchema, bytes),
      request,
      metadata,
    );
  };
  events.publish(grpcInfo, subject, () => ({ correlationIds: ["n1"] }));
  const request = fromJSON(StreamEventsRequestSchema, {
    identifiers: [{ application_ids: { application_id: "app1" } }],
    names: ["grpc.info"],
    tail: 1,
  });
  const call = open(request, server.adminKey);
  const seen: EventMessage[] = [];
  const three = Promise.withResolvers<void>();
  call.on("error", () => {});
  call.on("data", (event: EventMessage) => {
    seen.push(event);
    if (seen.length === 2) events.publish(grpcInfo, subject, () => ({ correlationIds: ["n2"] }));
    if (seen.length === 3) three.resolve();
  });
  await three.promise;
  assert.deepEqual(seen.map(({ name, correlationIds }) => [name, correlationIds[0]]).slice(1), [
    ["grpc.info", "n1"],
    ["grpc.info", "n2"],
  ]);
  assert.equal(seen[0]?.name, "events.stream.start");
  call.cancel();
  const refused = open(create(StreamEventsRequestSchema), server.adminKey);
  const error = await new Promise<ServiceError>((resolve) => refused.on("error", resolve));
  assert.equal(error.code, 3);
  assert.match(error.details, /pkg\/events\/grpc:no_identifiers/);
});
