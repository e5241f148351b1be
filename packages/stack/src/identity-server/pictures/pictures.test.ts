import assert from "node:assert/strict";
import { test } from "node:test";
import { statement } from "../../store/store.ts";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";
import { gif, png } from "./images.fixture.ts";

async function setPicture(server: TestServer, key: string, picture: object | undefined) {
  return server.call("PUT", "/users/user1", {
    key,
    body: {
      user: picture === undefined ? {} : { profile_picture: picture },
      field_mask: "profile_picture",
    },
  });
}

function embedded(data: Uint8Array, mimeType = "image/png") {
  return { embedded: { mime_type: mimeType, data: Buffer.from(data).toString("base64") } };
}

async function stored(server: TestServer): Promise<number> {
  const [row] = await server.store.query(statement("SELECT COUNT(*) AS total FROM pictures"));
  return Number(row?.total);
}

const rights = ["RIGHT_USER_ALL"];

test("an uploaded picture is served to anyone, as what it is, until it is replaced", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  await createUser(server, "user1");
  const { key } = await createKey(server, "/users/user1", rights);
  // What the client says of the type is not believed.
  const set = await setPicture(server, key, embedded(png("SECRET PLACE"), "text/html"));
  assert.equal(set.status, 200, JSON.stringify(set.body));
  const path = set.body.profile_picture.sizes["0"];
  assert.match(path, /^\/assets\/blob\/profile_pictures\/user1\.[0-9A-Z]{26}\/original\.png$/);
  const url = `http://127.0.0.1:${server.port}`;
  const response = await fetch(url + path);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "image/png");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("content-security-policy"), "default-src 'none'; sandbox");
  assert.match(response.headers.get("cache-control") ?? "", /immutable/);
  const elsewhere = await fetch(url + path, { headers: { Cookie: "_session=x" } });
  assert.equal(elsewhere.headers.get("set-cookie"), null);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), png());
  const again = await setPicture(server, key, { sizes: { 0: path } });
  assert.equal(again.body.profile_picture.sizes["0"], path);
  assert.equal(await stored(server), 1);
  const replaced = await setPicture(server, key, embedded(gif()));
  assert.match(replaced.body.profile_picture.sizes["0"], /original\.gif$/);
  assert.equal((await fetch(url + path)).status, 404);
  assert.equal(await stored(server), 1);
  assert.equal((await fetch(`${url}/assets/blob/profile_pictures/../x`)).status, 404);
  await server.call("DELETE", "/users/user1/purge", { key: server.adminKey });
  assert.equal(await stored(server), 0);
});

test("what is no picture, too large, or an address of another sort is refused", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  await createUser(server, "user1");
  const { key } = await createKey(server, "/users/user1", rights);
  const refusals = [
    [embedded(Buffer.from("<svg onload='alert(1)'/>"), "image/svg+xml"), "unknown_format"],
    [embedded(png(undefined, 2049, 1)), "dimensions"],
    [embedded(Buffer.concat([png(), Buffer.alloc(2 * 1024 * 1024)])), "too_large"],
    [{ sizes: { 0: "http://10.0.0.1/secret.png" } }, "address"],
    [{ sizes: { 0: "/assets/blob/profile_pictures/user2.X/original.png" } }, "original_not_found"],
  ] as const;
  for (const [picture, name] of refusals) {
    const answer = await setPicture(server, key, picture);
    assert.equal(errorName(answer), `pkg/identityserver/picture:${name}`, JSON.stringify(answer.body));
  }
  assert.equal(await stored(server), 0);
});

test("a user without a picture shows the one of gravatar.com, where that is wanted", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  await createUser(server, "user1");
  const get = (of: TestServer) =>
    of.call("GET", "/users/user1?field_mask=profile_picture", { key: of.adminKey });
  const { sizes } = (await get(server)).body.profile_picture;
  // The MD5 of user1@example.com.
  assert.equal(sizes["64"], "https://www.gravatar.com/avatar/111d68d06e2d317b5a59c2c6c5bad808?s=64&d=404");
  assert.deepEqual(Object.keys(sizes), ["64", "128", "256", "512"]);
  const args = [
    "--is.admin-rights.all",
    "--is.profile-picture.use-gravatar=false",
    "--is.profile-picture.disable-upload",
  ];
  const plain = await startIdentityServer(t, { args });
  await createUser(plain, "user1");
  assert.equal((await get(plain)).body.profile_picture, undefined);
  const refused = await setPicture(plain, plain.adminKey, embedded(png()));
  assert.equal(errorName(refused), "pkg/identityserver:profile_picture_uploads_disabled");
});

test("a device brings its picture when it is created, and an update gives it another or none", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const { adminKey: key } = server;
  const path = "/applications/app1/devices";
  const device = (picture: object) => ({ end_device: { ids: { device_id: "dev1" }, picture } });
  const wrong = await server.call("POST", path, {
    key,
    body: device(embedded(Buffer.from("<svg/>"), "image/svg+xml")),
  });
  assert.equal(errorName(wrong), "pkg/identityserver/picture:unknown_format");
  const created = await server.call("POST", path, { key, body: device(embedded(png())) });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  const address = created.body.picture.sizes["0"];
  assert.match(address, /^\/assets\/blob\/end_device_pictures\/app1\.dev1\.[0-9A-Z]{26}\/original\.png$/);
  assert.equal(created.body.picture.embedded, undefined);
  assert.equal((await fetch(`http://127.0.0.1:${server.port}${address}`)).status, 200);
  const shown = async (query: string) => (await server.call("GET", query, { key })).body;
  assert.equal((await shown(`${path}/dev1?field_mask=picture`)).picture.sizes["0"], address);
  const listed = await shown(`${path}?field_mask=picture`);
  assert.equal(listed.end_devices[0].picture.sizes["0"], address);
  const found = await shown("/search/applications/app1/devices?field_mask=picture");
  assert.equal(found.end_devices[0].picture.sizes["0"], address);

  const update = (end_device: object, paths: string[]) =>
    server.call("PUT", `${path}/dev1`, { key, body: { end_device, field_mask: { paths } } });
  assert.equal((await update({ name: "Changed" }, ["name"])).status, 200);
  assert.equal(await stored(server), 1);
  const replaced = await update({ picture: embedded(gif(), "image/gif") }, ["picture"]);
  assert.match(replaced.body.picture?.sizes["0"] ?? JSON.stringify(replaced.body), /original\.gif$/);
  assert.equal(await stored(server), 1);
  const sentBack = await update({ picture: replaced.body.picture }, ["picture"]);
  assert.deepEqual(sentBack.body.picture, replaced.body.picture);
  assert.equal(await stored(server), 1);
  assert.equal((await update({}, ["picture"])).status, 200);
  assert.equal((await shown(`${path}/dev1?field_mask=picture`)).picture, undefined);
  assert.equal(await stored(server), 0);

  assert.equal((await server.call("DELETE", `${path}/dev1`, { key })).status, 200);
  await server.call("POST", path, { key, body: device(embedded(png())) });
  assert.equal(await stored(server), 1);
  assert.equal((await server.call("DELETE", `${path}/dev1`, { key })).status, 200);
  assert.equal(await stored(server), 0);
});
