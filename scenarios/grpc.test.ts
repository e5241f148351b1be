import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, describe, it } from "node:test";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  ApplicationRegistry,
  ApplicationWebhookRegistry,
  create,
  type DescMethod,
  EntityAccess,
  Events,
  fromBinary,
  Health,
  type MessageInitShape,
  type MessageShape,
  registry,
  ServerReflection,
  toBinary,
} from "@skylark/api";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// The API over gRPC, as clients in any language use it.

let stack: StackProcess;
let client: Client;

before(async () => {
  stack = await startStackProcess();
  client = new Client(`127.0.0.1:${stack.grpcPort}`, credentials.createInsecure());
});

after(async () => {
  client?.close();
  await stack?.kill();
});

const asIs = (bytes: Buffer): Buffer => bytes;
const pathOf = ({ parent, name }: DescMethod): string => `/${parent.typeName}/${name}`;

function bytesOf<M extends DescMethod>(method: M, request: MessageInitShape<M["input"]>): Buffer {
  return Buffer.from(toBinary(method.input, create(method.input, request) as MessageShape<M["input"]>));
}

function withKey(): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${stack.adminKey}`);
  return metadata;
}

async function call<M extends DescMethod>(
  method: M,
  request: MessageInitShape<M["input"]>,
): Promise<MessageShape<M["output"]>> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  client.makeUnaryRequest(
    pathOf(method),
    asIs,
    asIs,
    bytesOf(method, request),
    withKey(),
    { deadline: Date.now() + 20_000 },
    (error, bytes) => (error === null ? resolve(bytes) : reject(error)),
  );
  return fromBinary(method.output, (await promise) ?? Buffer.alloc(0)) as MessageShape<M["output"]>;
}

describe("a client of gRPC", () => {
  it("learns that the server serves, and what", async () => {
    assert.equal((await call(Health.method.check, {})).status, 1);
    const { serverReflectionInfo } = ServerReflection.method;
    const asking = client.makeBidiStreamRequest(pathOf(serverReflectionInfo), asIs, asIs);
    asking.end(bytesOf(serverReflectionInfo, { messageRequest: { case: "listServices", value: "" } }));
    const answers: Buffer[] = await asking.toArray();
    const { messageResponse } = fromBinary(serverReflectionInfo.output, answers[0] ?? Buffer.alloc(0));
    assert.equal(messageResponse.case, "listServicesResponse");
    const listed = new Set(
      messageResponse.case === "listServicesResponse"
        ? messageResponse.value.service.map(({ name }) => name)
        : [],
    );
    const ofSchema = [...registry].filter(
      (type) => type.kind === "service" && type.typeName.startsWith("ttn."),
    );
    assert.ok(ofSchema.length >= 68);
    const missing = ofSchema.filter(({ typeName }) => !listed.has(typeName));
    assert.deepEqual(
      missing.map(({ typeName }) => typeName),
      [],
    );
  });

  it("finds over HTTP what it made over gRPC", async () => {
    assert.equal((await call(EntityAccess.method.authInfo, {})).isAdmin, true);
    const made = await call(ApplicationRegistry.method.create, {
      application: { ids: { applicationId: "grpc-app" }, name: "made over gRPC" },
      collaborator: { ids: { case: "userIds", value: { userId: "admin" } } },
    });
    assert.equal(made.name, "made over gRPC");
    const response = await fetch(
      `http://127.0.0.1:${stack.httpPort}/api/v3/applications/grpc-app?field_mask=name`,
      { headers: { Authorization: `Bearer ${stack.adminKey}` } },
    );
    assert.equal(((await response.json()) as { name: string }).name, "made over gRPC");
  });

  it("is told which area a method belongs to that is not there yet", async () => {
    await assert.rejects(
      call(ApplicationWebhookRegistry.method.list, { applicationIds: { applicationId: "grpc-app" } }),
      (error: ServiceError) => error.code === status.UNIMPLEMENTED && /webhooks/.test(error.details),
    );
  });

  it("follows events until the server stops, which it does in time", async () => {
    const { stream } = Events.method;
    const identifiers = [{ ids: { case: "applicationIds", value: { applicationId: "grpc-app" } } }] as const;
    const events = client.makeServerStreamRequest(
      pathOf(stream),
      asIs,
      asIs,
      bytesOf(stream, { identifiers: [...identifiers] }),
      withKey(),
    );
    const names: string[] = [];
    const failed = new Promise<ServiceError>((resolve) => events.on("error", resolve));
    const updated = new Promise<void>((resolve) =>
      events.on("data", (bytes: Buffer) => {
        const { name } = fromBinary(stream.output, bytes);
        names.push(name);
        if (name === "application.update") resolve();
      }),
    );
    await new Promise((resolve) => events.once("data", resolve));
    await call(ApplicationRegistry.method.update, {
      application: { ids: { applicationId: "grpc-app" }, name: "changed" },
      fieldMask: { paths: ["name"] },
    });
    await updated;
    assert.equal(names[0], "events.stream.start");
    const begun = performance.now();
    assert.equal(await stack.stop(), 0);
    assert.equal((await failed).code, status.UNAVAILABLE);
    assert.ok(performance.now() - begun < 10_000);
  });
});
