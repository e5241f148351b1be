import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldPaths } from "./field-paths.ts";
import { httpRequest } from "./method.ts";
import {
  ApplicationAccess,
  ApplicationRegistry,
  EndDeviceRegistry,
  EntityRegistrySearch,
  NsEndDeviceRegistry,
} from "./services.ts";

const deviceIds = { application_ids: { application_id: "app1" }, device_id: "dev1" };

test("a request fills path and query, or is the body", () => {
  assert.deepEqual(
    httpRequest(ApplicationRegistry.Get, {
      application_ids: { application_id: "a/b" },
      field_mask: "name,ids",
    }),
    { verb: "GET", path: "/applications/a%2Fb?field_mask=name%2Cids", body: undefined },
  );
  const created = { end_device: { ids: deviceIds } };
  assert.deepEqual(httpRequest(EndDeviceRegistry.Create, created), {
    verb: "POST",
    path: "/applications/app1/devices",
    body: JSON.stringify(created),
  });
  assert.deepEqual(httpRequest(ApplicationRegistry.Restore, { application_id: "app1" }), {
    verb: "POST",
    path: "/applications/app1/restore",
    body: undefined,
  });
});

test("of several paths, the one that the request fills most", () => {
  const list = (request: object) => httpRequest(ApplicationRegistry.List, request).path;
  assert.equal(list({ limit: 3, deleted: false }), "/applications?limit=3&deleted=false");
  assert.equal(list({ collaborator: { user_ids: { user_id: "u" } } }), "/users/u/applications");
  assert.equal(
    list({ collaborator: { organization_ids: { organization_id: "o" } }, page: 2 }),
    "/organizations/o/applications?page=2",
  );
  const collaborator = { organization_ids: { organization_id: "o" } };
  const request = { application_ids: { application_id: "app1" }, collaborator };
  assert.equal(
    httpRequest(ApplicationAccess.GetCollaborator, request).path,
    "/applications/app1/collaborator/organization/o",
  );
  assert.equal(httpRequest(NsEndDeviceRegistry.Set, { end_device: { ids: deviceIds } }).verb, "PUT");
});

test("lists, maps and objects have their forms in the query, and what is unset is left out", () => {
  const { path } = httpRequest(EntityRegistrySearch.SearchApplications, {
    attributes_contain: { "a b": "1" },
    field_mask: { paths: ["name", "ids"] },
    query: undefined,
  });
  assert.equal(
    decodeURIComponent(path),
    "/search/applications?attributes_contain[a+b]=1&field_mask.paths=name&field_mask.paths=ids",
  );
  const events = httpRequest("GET /events", {
    identifiers: [{ gateway_ids: { gateway_id: "g" } }],
    names: ["a", "b"],
  });
  assert.equal(
    decodeURIComponent(events.path),
    '/events?identifiers=[{"gateway_ids":{"gateway_id":"g"}}]&names=a&names=b',
  );
});

test("a request that fits no path says so before anything is sent", () => {
  assert.throws(
    () => httpRequest(ApplicationRegistry.Get, { field_mask: "name" }),
    /lacks what one of these paths/,
  );
  assert.throws(() => httpRequest(ApplicationRegistry.Delete, { application_id: "" }), TypeError);
});

test("a change names its fields as deep as a mask can", () => {
  assert.deepEqual(
    fieldPaths({
      ids: { device_id: "dev1" },
      name: "",
      description: undefined,
      attributes: { a: "1" },
      locations: { user: { latitude: 1 } },
      mac_settings: { rx1_delay: 5, factory_preset_frequencies: [] },
      root_keys: { app_key: { key: "00" } },
      formatters: {},
    }),
    [
      "name",
      "attributes",
      "locations",
      "mac_settings.rx1_delay",
      "mac_settings.factory_preset_frequencies",
      "root_keys.app_key.key",
      "formatters",
    ],
  );
});
