import assert from "node:assert/strict";
import { test } from "node:test";
import type { DescMessage } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import {
  BatchGetEndDevicesRequestSchema,
  CreateApplicationRequestSchema,
  GetEndDeviceRequestSchema,
  ListApplicationsRequestSchema,
  ListEndDevicesRequestSchema,
  StreamEventsRequestSchema,
} from "../schema.ts";
import { toJSON } from "./json.ts";
import { JSONDecodeError } from "./json-decode-error.ts";
import { textField } from "./text-field.ts";

function set(schema: DescMessage, ...fields: readonly (readonly [path: string, ...texts: string[]])[]) {
  const message = create(schema);
  for (const [path, ...texts] of fields) textField(schema, path)?.(message, texts);
  return toJSON(schema, message);
}

test("a nested field is set and its parents made", () => {
  const json = set(
    GetEndDeviceRequestSchema,
    ["end_device_ids.application_ids.application_id", "app1"],
    ["end_device_ids.device_id", "dev1"],
  );
  assert.deepEqual(json, {
    end_device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } },
  });
});

test("a field within a oneof chooses its member", () => {
  const json = set(CreateApplicationRequestSchema, ["collaborator.user_ids.user_id", "user1"]);
  assert.deepEqual(json, { collaborator: { user_ids: { user_id: "user1" } } });
});

test("a field mask is a list with commas, given once or more, under its short and its long name", () => {
  for (const path of ["field_mask", "fieldMask", "field_mask.paths", "fieldMask.paths"]) {
    assert.deepEqual(set(GetEndDeviceRequestSchema, [path, "name,ids", "locations"]), {
      field_mask: { paths: ["name", "ids", "locations"] },
    });
  }
});

test("numbers, times, lists and messages are read as their JSON would be", () => {
  assert.deepEqual(set(ListEndDevicesRequestSchema, ["limit", "10"], ["page", "2"], ["order", "-name"]), {
    order: "-name",
    limit: 10,
    page: 2,
  });
  assert.deepEqual(set(BatchGetEndDevicesRequestSchema, ["device_ids", "a", "b"]), {
    device_ids: ["a", "b"],
  });
  const identifiers = [{ application_ids: { application_id: "app1" } }];
  assert.deepEqual(
    set(
      StreamEventsRequestSchema,
      ["identifiers", JSON.stringify(identifiers)],
      ["after", "2026-01-01T00:00:00Z"],
    ),
    { identifiers, after: "2026-01-01T00:00:00Z" },
  );
});

test("truth has the spellings that addresses have", () => {
  for (const text of ["true", "TRUE", "t", "1"]) {
    assert.deepEqual(set(ListApplicationsRequestSchema, ["deleted", text]), { deleted: true }, text);
  }
  for (const text of ["false", "False", "f", "0"]) {
    assert.deepEqual(set(ListApplicationsRequestSchema, ["deleted", text]), {}, text);
  }
  assert.throws(() => set(ListApplicationsRequestSchema, ["deleted", "yes"]), JSONDecodeError);
});

test("what does not fit names the field", () => {
  assert.throws(
    () => set(ListEndDevicesRequestSchema, ["limit", "many"]),
    (error) => {
      assert.ok(error instanceof JSONDecodeError);
      assert.equal(error.message, 'limit: expected a whole number, got "many"');
      return true;
    },
  );
  assert.throws(() => set(StreamEventsRequestSchema, ["identifiers", "[{"]), JSONDecodeError);
  assert.throws(() => set(GetEndDeviceRequestSchema, ["end_device_ids", "dev1"]), JSONDecodeError);
});

test("a name that no field has sets nothing", () => {
  for (const path of [
    "no_such",
    "end_device_ids.no_such",
    "end_device_ids.device_id.deeper",
    "",
    "__proto__",
  ]) {
    assert.equal(textField(GetEndDeviceRequestSchema, path), undefined, path);
  }
});
