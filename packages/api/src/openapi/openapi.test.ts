import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import fc from "fast-check";
import { httpBindings } from "../http-bindings.ts";
import { arbitraryMessage } from "../json/arbitrary-message.fixture.ts";
import { toJSON } from "../json/json.ts";
import { describeAPI } from "../openapi.ts";
import { schemaFiles } from "../registry.ts";
import { EndDeviceRegistry, EventSchema } from "../schema.ts";
import { comments } from "./comments.ts";
import { MessageSchemas } from "./message-schemas.ts";
import { violationOf } from "./schema-violation.fixture.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const services = schemaFiles
  .filter(({ proto }) => /^(ttn|tti|skylark)\./.test(proto.package))
  .flatMap((file) => file.services);
const document = (await describeAPI({
  services,
  version: "1.2.3",
  later: (method) => (method === EndDeviceRegistry.method.list ? "a later issue" : undefined),
})) as JsonObject & { paths: Record<string, Record<string, Operation>> };

interface Operation extends JsonObject {
  operationId: string;
  tags: string[];
  parameters?: { name: string; in: string; required?: boolean; schema?: JsonObject }[];
}

const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
);

function* objectsIn(value: JsonValue): Generator<JsonObject> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value;
  for (const child of Object.values(value)) yield* objectsIn(child as JsonValue);
}

describe("the OpenAPI document", () => {
  test("has every HTTP binding once", () => {
    const nameless = (path: string) => path.replaceAll(/\{[^}]+\}/g, "{}");
    const bindings = services
      .flatMap(httpBindings)
      .map(({ verb, template }) => `${verb.toLowerCase()} ${nameless(template)}`);
    assert.ok(bindings.length > 320);
    assert.deepEqual(operations.map(({ verb, path }) => `${verb} ${nameless(path)}`).sort(), bindings.sort());
  });

  test("has a name of its own for each operation", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[A-Za-z]+_[A-Za-z0-9]+(_[0-9]+)?$/);
  });

  test("refers to nothing that it does not have", () => {
    let count = 0;
    for (const { $ref } of objectsIn(document)) {
      if (typeof $ref !== "string") continue;
      let target: JsonValue | undefined = document;
      for (const name of $ref.slice(2).split("/")) target = (target as JsonObject | undefined)?.[name];
      assert.ok(target !== undefined, $ref);
      count++;
    }
    assert.ok(count > 1000);
  });

  test("names the parameters of each path, and no other, as parts of it", () => {
    for (const { path, verb, operation } of operations) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      assert.deepEqual(
        inPath.map(({ name }) => name),
        names,
        `${verb} ${path}`,
      );
      assert.ok(inPath.every(({ required }) => required === true));
      const all = (operation.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`);
      assert.equal(new Set(all).size, all.length, `${verb} ${path}`);
    }
  });

  test("has regular expressions that every reader of JSON Schema can read", () => {
    for (const { pattern } of objectsIn(document)) {
      if (typeof pattern === "string") assert.ok(new RegExp(pattern, "u"), pattern);
    }
  });

  test("says which methods are not there yet, what streams, and which fields a mask may name", () => {
    const list = document.paths["/applications/{application_id}/devices"]?.get;
    assert.equal(list?.["x-skylark-later"], "a later issue");
    const mask = list?.["x-skylark-field-mask"];
    assert.ok(Array.isArray(mask) && mask.includes("version_ids.brand_id") && !mask.includes("session"));
    const stream = document.paths["/events"];
    assert.ok(JSON.stringify(stream?.get?.responses).includes("text/event-stream"));
    assert.ok(JSON.stringify(stream?.post?.responses).includes('"result"'));
    assert.deepEqual(stream?.get?.security, [{ bearer: [] }]);
  });

  test("spells query parameters as the query is read", () => {
    const get = document.paths["/applications/{application_id}"]?.get;
    const names = (get?.parameters ?? []).map(({ name }) => name);
    assert.deepEqual(names, ["application_id", "field_mask"]);
    const versions = document.paths["/ns/default_mac_settings/{frequency_plan_id}/{lorawan_phy_version}"];
    assert.deepEqual(versions?.get?.parameters?.[1]?.schema, { $ref: "#/components/schemas/PHYVersion" });
  });

  test("describes every service, method, message and enum", () => {
    const named = schemaFiles.filter(({ name }) => /^(ttn|tti|skylark\/v1)\//.test(name));
    const missing = named
      .flatMap((file) => [
        ...file.services.map(({ typeName }) => typeName),
        ...file.messages.map(({ typeName }) => typeName),
        ...file.enums.map(({ typeName }) => typeName),
      ])
      .filter((name) => comments[name] === undefined);
    assert.deepEqual(missing, []);
    const methods = named.flatMap((file) => file.services.flatMap((service) => service.methods));
    const silent = methods.filter(({ parent, name }) => comments[`${parent.typeName}.${name}`] === undefined);
    assert.deepEqual(silent.map(String), []);
  });
});

test("what the codec writes of any message is as its schema says", () => {
  const schemas = new MessageSchemas({});
  const messages = schemaFiles.flatMap((file) => file.messages);
  assert.ok(messages.length > 400);
  for (const desc of messages) {
    const schema = schemas.message(desc);
    const components = schemas.components();
    fc.assert(
      fc.property(arbitraryMessage(desc, 3), (message) => {
        assert.equal(violationOf(toJSON(desc, message), schema, components), undefined, desc.typeName);
      }),
      { numRuns: 5 },
    );
  }
});

test("a value that is not as a schema says is told apart", () => {
  const schemas = new MessageSchemas({});
  const schema = schemas.message(EventSchema);
  const check = (json: JsonValue) => violationOf(json, schema, schemas.components());
  assert.equal(check({}), undefined);
  assert.match(check({ no_such_field: 1 }) ?? "", /no_such_field/);
});
