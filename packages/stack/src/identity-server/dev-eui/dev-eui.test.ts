import assert from "node:assert/strict";
import { test } from "node:test";
import { createApplication, createKey, errorName, startIdentityServer } from "../identity-server.fixture.ts";
import { devEuiIssuing } from "./dev-eui-issuer.ts";
import { parseEuiBlock } from "./eui-block.ts";

const block = ["--is.dev-eui-block.enabled=true", "--is.dev-eui-block.prefix=70B3D57ED0000000/36"];

test("issues the EUIs of the block one after the other, over all applications, and goes on after a restart", async (t) => {
  const server = await startIdentityServer(t, { args: [...block, "--is.dev-eui-block.init-counter=254"] });
  await createApplication(server, "app1");
  await createApplication(server, "app2");
  const issue = async (application: string) => {
    const answer = await server.call("POST", `/applications/${application}/dev-eui`, {
      key: server.adminKey,
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.dev_eui;
  };
  assert.equal(await issue("app1"), "70B3D57ED00000FE");
  assert.equal(await issue("app2"), "70B3D57ED00000FF");
  const application = await server.call("GET", "/applications/app1?field_mask=dev_eui_counter", {
    key: server.adminKey,
  });
  assert.equal(application.body.dev_eui_counter, 1);
  await server.stop();
  const again = await startIdentityServer(t, { dataDirectory: server.dataDirectory, args: block });
  const next = await again.call("POST", "/applications/app1/dev-eui", { key: again.adminKey });
  assert.equal(next.body.dev_eui, "70B3D57ED0000100");
});

test("issues no EUI twice to callers at once, and no more than the limit of each application", async (t) => {
  const server = await startIdentityServer(t, {
    args: [...block, "--is.dev-eui-block.application-limit=20"],
  });
  await createApplication(server, "app1");
  const answers = await Promise.all(
    Array.from({ length: 30 }, () =>
      server.call("POST", "/applications/app1/dev-eui", { key: server.adminKey }),
    ),
  );
  const issued = answers.filter(({ status }) => status === 200).map(({ body }) => body.dev_eui);
  assert.equal(issued.length, 20);
  assert.equal(new Set(issued).size, 20);
  const refused = answers.find(({ status }) => status !== 200)!;
  assert.equal(errorName(refused), "pkg/identityserver/store:application_dev_eui_limit_reached");
  assert.deepEqual(refused.body.details[0].attributes, { dev_eui_limit: 20 });
});

test("says when the block is used up, when issuing is off, and what right is missing", async (t) => {
  const server = await startIdentityServer(t, {
    args: ["--is.dev-eui-block.enabled=true", "--is.dev-eui-block.prefix=70B3D57ED0000000/63"],
  });
  await createApplication(server, "app1");
  const issue = (key = server.adminKey) => server.call("POST", "/applications/app1/dev-eui", { key });
  const reader = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_DEVICES_READ"]);
  assert.equal(errorName(await issue(reader.key)), "pkg/auth/rights:insufficient_application_rights");
  assert.deepEqual([(await issue()).status, (await issue()).status], [200, 200]);
  assert.equal(errorName(await issue()), "pkg/identityserver/store:no_eui_or_block_available");
  const off = await startIdentityServer(t);
  await createApplication(off, "app1");
  const refused = await off.call("POST", "/applications/app1/dev-eui", { key: off.adminKey });
  assert.equal(errorName(refused), "pkg/identityserver:dev_eui_issuing_not_enabled");
});

test("reads blocks as they are written down, and refuses what is none", () => {
  assert.deepEqual(parseEuiBlock("70b3d57edfffffff/36"), {
    text: "70B3D57ED0000000/36",
    first: 0x70b3d57ed0000000n,
    size: 2 ** 28,
  });
  assert.equal(parseEuiBlock(""), undefined);
  for (const text of ["70B3D57ED0000000", "70B3/16", "70B3D57ED0000000/64", "70B3D57ED0000000/8"]) {
    assert.throws(() => parseEuiBlock(text), TypeError, text);
  }
  const options = {
    "is.dev-eui-block.enabled": true,
    "is.dev-eui-block.prefix": undefined,
    "is.dev-eui-block.init-counter": 0,
    "is.dev-eui-block.application-limit": 0,
  };
  assert.throws(() => devEuiIssuing(options), /prefix/);
});
