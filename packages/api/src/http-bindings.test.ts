import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { httpBindings, parseTemplate } from "./http-bindings.ts";
import { digestOf, referenceFolder, serviceFacts } from "./public-facts.fixture.ts";
import { registry, schemaFiles } from "./registry.ts";
import { AppAs, ApplicationRegistry, NsEndDeviceRegistry } from "./schema.ts";
import { httpStatus, statusCodes } from "./status-codes.ts";

const reference = new URL("tts.md", referenceFolder);

const publicServices = schemaFiles
  .filter(({ proto }) => proto.package === "ttn.lorawan.v3")
  .flatMap(({ services }) => services);

/** Verbs and paths of a method, with its variables nameless; what only Skylark has is left out. */
function bindingsOf(method: DescMethod): readonly string[] {
  return httpBindings(method.parent)
    .filter((binding) => binding.method === method)
    .map(({ verb, template }) => `${verb} ${nameless(template)}`)
    .filter((text) => text !== "GET /events")
    .sort();
}

const nameless = (path: string): string => path.replaceAll(/\{[^}]+\}/g, "{}");

function serviceLines({ methods }: DescService): readonly string[] {
  return methods.flatMap((method) => [
    `${method.name} ${method.input.name} ${method.output.name} ${method.methodKind}`,
    ...bindingsOf(method),
  ]);
}

describe("services, methods and HTTP bindings", () => {
  test("are the public ones", () => {
    assert.deepEqual(publicServices.map(({ name }) => name).sort(), Object.keys(serviceFacts).sort());
    for (const service of publicServices) {
      const count = service.methods.flatMap(bindingsOf).length;
      const fact = `${service.methods.length} ${count} ${digestOf(serviceLines(service))}`;
      assert.equal(
        fact,
        serviceFacts[service.name],
        `${service.name} is ${fact} now: see CONTRIBUTING.md on methods`,
      );
    }
    assert.equal(publicServices.length, 68);
    assert.equal(publicServices.flatMap(({ methods }) => methods).length, 282);
  });

  test("are the public ones, one by one", { skip: !existsSync(reference) && "no reference here" }, () => {
    const text = readFileSync(reference, "utf8");
    const listed = readListedMethods(text.slice(text.indexOf("\n## 2.1 "), text.indexOf("\n## 2.2 ")));
    const methods = publicServices.flatMap((service) => service.methods);
    assert.deepEqual(
      methods.map(({ parent, name }) => `${parent.name}.${name}`).sort(),
      [...listed.keys()].sort(),
    );
    for (const method of methods) {
      const name = `${method.parent.name}.${method.name}`;
      assert.deepEqual(bindingsOf(method), listed.get(name), name);
    }
  });
});

/** The bindings of each method of a list such as `- [s] Get(…) → Application — \`GET /applications/{app}\``. */
function readListedMethods(text: string): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, readonly string[]>();
  let service = "";
  for (const line of text.split("\n")) {
    service = /^\*\*(\w+)\*\*/.exec(line)?.[1] ?? service;
    const [, name, bindings] = /^- (?:\[[sS]\] )?(\w+)\(.*?\) → .*? — (.*)$/.exec(line) ?? [];
    if (name === undefined || bindings === undefined) continue;
    const paths = [...bindings.matchAll(/`([A-Z]+) ([^`]+)`/g)];
    methods.set(
      `${service}.${name}`,
      paths.map(([, verb, path]) => `${verb} ${nameless(path ?? "")}`).sort(),
    );
  }
  return methods;
}

describe("HTTP bindings", () => {
  test("name verb, path and where the request comes from", () => {
    const bindings = httpBindings(NsEndDeviceRegistry).map(({ verb, template, hasBody, method }) => [
      method.name,
      verb,
      template,
      hasBody,
    ]);
    const device = "{end_device.ids.application_ids.application_id}/devices";
    assert.deepEqual(bindings.slice(1, 3), [
      ["Set", "PUT", `/ns/applications/${device}/{end_device.ids.device_id}`, true],
      ["Set", "POST", `/ns/applications/${device}`, true],
    ]);
  });

  test("leave out what is only on gRPC", () => {
    assert.ok(!httpBindings(AppAs).some(({ method }) => method.name === "Subscribe"));
    assert.ok(httpBindings(ApplicationRegistry).length >= 10);
  });

  test("are all readable, and their variables are text fields of the request", () => {
    const services = schemaFiles.flatMap((file) => file.services);
    assert.ok(services.length >= 20);
    for (const { method, segments } of services.flatMap(httpBindings)) {
      for (const segment of segments) {
        if (segment.kind === "literal") continue;
        let message = registry.getMessage(method.input.typeName);
        const names = segment.field.split(".");
        for (const [index, name] of names.entries()) {
          const field = message?.fields.find((each) => each.name === name);
          assert.ok(field, `${method.name}: ${segment.field}`);
          if (index === names.length - 1) assert.notEqual(field.fieldKind, "message");
          message = field.message;
        }
      }
    }
  });

  test("of a form that is not read are refused", () => {
    assert.throws(() => parseTemplate("/a/{b=**}"), TypeError);
  });
});

test("every gRPC code has an HTTP status", () => {
  assert.deepEqual(
    Object.values(statusCodes).map(httpStatus),
    [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401],
  );
  assert.equal(httpStatus(99), 500);
});
