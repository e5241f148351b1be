import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, describe, test } from "node:test";
import type { DescMethod, MessageInitShape, MessageShape } from "@skylark/api";
import {
  create,
  FileDescriptorProtoSchema,
  fromBinary,
  ServerReflection,
  ServerReflectionAlpha,
  type ServerReflectionRequest,
  toBinary,
} from "@skylark/api";
import { asIs, pathOf, type RunningGrpcSample, startGrpcSample } from "./grpc-platform.fixture.ts";

const v1 = ServerReflection.method.serverReflectionInfo;
const alpha = ServerReflectionAlpha.method.serverReflectionInfo;

for (const method of [v1, alpha] satisfies DescMethod[]) {
  describe(`${method.parent.typeName}`, () => {
    let sample: RunningGrpcSample;
    before(async () => {
      sample = await startGrpcSample();
    });
    after(() => sample.close());

    type Asked = NonNullable<
      Exclude<MessageInitShape<typeof v1.input>, ServerReflectionRequest>["messageRequest"]
    >;

    /** The answers to questions asked over one call. */
    async function ask(
      ...questions: readonly Asked[]
    ): Promise<MessageShape<typeof v1.output>["messageResponse"][]> {
      const call = sample.client.makeBidiStreamRequest(pathOf(method), asIs, asIs);
      for (const messageRequest of questions) {
        call.write(Buffer.from(toBinary(v1.input, create(v1.input, { host: "here", messageRequest }))));
      }
      call.end();
      const answers: MessageShape<typeof v1.output>["messageResponse"][] = [];
      for await (const bytes of call) {
        const { validHost, originalRequest, messageResponse } = fromBinary(v1.output, bytes as Buffer);
        assert.equal(validHost, "here");
        assert.equal(originalRequest?.messageRequest.case, questions[answers.length]?.case);
        answers.push(messageResponse);
      }
      return answers;
    }

    async function filesOf(question: Asked): Promise<string[]> {
      const [answer] = await ask(question);
      assert.equal(answer?.case, "fileDescriptorResponse");
      const files = answer.case === "fileDescriptorResponse" ? answer.value.fileDescriptorProto : [];
      return files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
    }

    test("lists the services, itself included", async () => {
      const [answer] = await ask({ case: "listServices", value: "" });
      assert.equal(answer?.case, "listServicesResponse");
      const names =
        answer.case === "listServicesResponse" ? answer.value.service.map(({ name }) => name) : [];
      for (const name of ["ttn.lorawan.v3.EndDeviceRegistry", v1.parent.typeName, alpha.parent.typeName]) {
        assert.ok(names.includes(name), name);
      }
    });

    test("gives the file of a name or a symbol first, and all that it imports", async () => {
      const name = "ttn/lorawan/v3/end_device.proto";
      const questions: Asked[] = [
        { case: "fileByFilename", value: name },
        ...[
          "ttn.lorawan.v3.EndDevice",
          "ttn.lorawan.v3.EndDevice.ids",
          "ttn.lorawan.v3.EndDevice.AttributesEntry",
        ].map((value): Asked => ({ case: "fileContainingSymbol", value })),
      ];
      for (const question of questions) {
        const files = await filesOf(question);
        assert.equal(files[0], name);
        assert.ok(files.includes("google/protobuf/descriptor.proto"));
        assert.equal(new Set(files).size, files.length);
      }
      const service = await filesOf({
        case: "fileContainingSymbol",
        value: "ttn.lorawan.v3.EndDeviceRegistry.Get",
      });
      assert.equal(service[0], "ttn/lorawan/v3/end_device_services.proto");
      const value = await filesOf({ case: "fileContainingSymbol", value: "ttn.lorawan.v3.RIGHT_ALL" });
      assert.equal(value[0], "ttn/lorawan/v3/rights.proto");
    });

    test("sends over one call what is imported only once", async () => {
      const question: Asked = { case: "fileByFilename", value: "ttn/lorawan/v3/end_device.proto" };
      const [first, second] = await ask(question, question);
      const count = (answer: typeof first): number =>
        answer?.case === "fileDescriptorResponse" ? answer.value.fileDescriptorProto.length : 0;
      assert.ok(count(first) > 1);
      assert.equal(count(second), 1);
    });

    test("finds extensions", async () => {
      const [numbers] = await ask({
        case: "allExtensionNumbersOfType",
        value: "google.protobuf.MethodOptions",
      });
      assert.equal(numbers?.case, "allExtensionNumbersResponse");
      const known = numbers.case === "allExtensionNumbersResponse" ? numbers.value.extensionNumber : [];
      // google.api.http
      assert.ok(known.includes(72295728));
      const value = { containingType: "google.protobuf.MethodOptions", extensionNumber: 72295728 };
      assert.equal(
        (await filesOf({ case: "fileContainingExtension", value }))[0],
        "google/api/annotations.proto",
      );
    });

    test("says what it does not know, and goes on", async () => {
      const answers = await ask(
        { case: "fileByFilename", value: "no.proto" },
        { case: "fileContainingSymbol", value: "no.Symbol" },
        { case: "fileContainingExtension", value: { containingType: "no.Type", extensionNumber: 1 } },
        { case: "allExtensionNumbersOfType", value: "no.Type" },
        { case: undefined },
        { case: "listServices", value: "*" },
      );
      const codes = answers.map((answer) =>
        answer.case === "errorResponse" ? answer.value.errorCode : answer.case,
      );
      assert.deepEqual(codes, [5, 5, 5, 5, 3, "listServicesResponse"]);
    });
  });
}
