import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { httpBindings, parseTemplate } from "./http-bindings.ts";
import { registry, schemaFiles } from "./registry.ts";
import { AppAs, ApplicationRegistry, NsEndDeviceRegistry } from "./schema.ts";
import { httpStatus, statusCodes } from "./status-codes.ts";

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
