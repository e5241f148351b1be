import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import { Client, credentials, type Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { DescMethod, MessageInitShape, MessageShape } from "@skylark/api";
import { fromBinary, v2 } from "@skylark/api";
import { asIs, metadataOf, pathOf, toBytes } from "../rpc/grpc-platform.fixture.ts";
import { startTestStack, type TestStack } from "./running-stack.fixture.ts";

/** A client of V2 as one of its SDKs would be: from discovery to the handler that it names, over TLS. */
export interface V2Client {
  close(): void;
  call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<MessageShape<M["output"]>>;
  /** The same with the headers of the answer. */
  callWithHeaders<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<{ readonly message: MessageShape<M["output"]>; readonly headers: Metadata }>;
}

export interface V2Stack extends TestStack {
  readonly discovery: V2Client;
  /** As it is announced for an application. */
  readonly handler: V2Client;
  readonly announcement: v2.Announcement;
  /** Makes a key of the application `my-app`. */
  keyWith(...rights: readonly string[]): Promise<string>;
}

/** A stack with the application `my-app` and V2's ports open. */
export async function startV2Stack(t: TestContext, args: readonly string[] = []): Promise<V2Stack> {
  const stack = await startTestStack(t, [
    "--v2.discovery.listen=127.0.0.1:0",
    "--v2.handler.listen=127.0.0.1:0",
    "--as.mqtt.listen=127.0.0.1:0",
    ...args,
  ]);
  const body = { application: { ids: { application_id: "my-app" } } };
  assert.equal((await stack.call("POST", "/users/admin/applications", { body })).status, 200);
  const certificate = await readFile(`${stack.dataDirectory}/v2-certificate.pem`);
  const open = (address: string, roots: Buffer): V2Client => {
    const client = openV2Client(address, roots);
    t.after(() => client.close());
    return client;
  };
  const discovery = open(`localhost:${stack.ports.v2Discovery}`, certificate);
  const announcement = await discovery.call(v2.Discovery.method.getByAppID, { appId: "my-app" });
  return {
    ...stack,
    discovery,
    announcement,
    handler: open(announcement.netAddress, Buffer.from(announcement.certificate)),
    async keyWith(...rights) {
      const made = await stack.call("POST", "/applications/my-app/api-keys", { body: { name: "k", rights } });
      assert.equal(made.status, 200, JSON.stringify(made.body));
      return made.body.key;
    },
  };
}

export function openV2Client(address: string, roots: Buffer): V2Client {
  const client = new Client(address, credentials.createSsl(roots));
  const callWithHeaders: V2Client["callWithHeaders"] = (method, request, metadata = {}) =>
    new Promise((resolve, reject) => {
      let headers = metadataOf({});
      const call = client.makeUnaryRequest(
        pathOf(method),
        asIs,
        asIs,
        toBytes(method, request),
        metadataOf(metadata),
        { deadline: Date.now() + 10_000 },
        (error, bytes) => {
          if (error !== null) reject(error);
          else resolve({ message: fromBinary(method.output, bytes ?? Buffer.alloc(0)), headers } as never);
        },
      );
      call.on("metadata", (received) => {
        headers = received;
      });
    });
  return {
    close: () => client.close(),
    callWithHeaders,
    call: async (method, request, metadata) => (await callWithHeaders(method, request, metadata)).message,
  };
}

/** `<STATUS>: <text>` of a call that fails. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as ServiceError;
    return `${status[code]}: ${details}`;
  }
  return "OK";
}
