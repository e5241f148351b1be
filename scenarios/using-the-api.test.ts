import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { runCommand, shell } from "./shell.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// Each command of the page "Using the API", as pasted, with host, keys and EUIs filled in.

let stack: StackProcess;
let base: string;

before(async () => {
  stack = await startStackProcess();
  base = `http://localhost:${stack.httpPort}/api/v3`;
  await call("POST", "/users", {
    user: { ids: { user_id: "user1" }, primary_email_address: "u@example.com", password: "Passw0rd1234" },
  });
  const made = await call("POST", "/users/admin/applications", {
    application: { ids: { application_id: "app1" }, name: "first" },
  });
  assert.equal(made.status, 200, JSON.stringify(made.body));
});

after(async () => {
  assert.equal(await stack?.stop(), 0, "SIGTERM drains and exits with 0");
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the test asserts
  readonly body: any;
}

/** Pastes a curl command and parses what came back. */
async function curl(command: string): Promise<Answer> {
  const { stdout, stderr } = await shell(
    command.replace("curl --location", "curl --silent --show-error --include --location"),
  );
  const cut = stdout.lastIndexOf("\r\n\r\n");
  assert.ok(cut > 0, `no answer: ${stdout}${stderr}`);
  const [status = "", ...headers] = stdout.slice(0, cut).split("\r\n");
  const text = stdout.slice(cut + 4);
  return {
    status: Number(status.split(" ")[1]),
    headers: Object.fromEntries(
      headers.map((line) => [
        line.slice(0, line.indexOf(":")).toLowerCase(),
        line.slice(line.indexOf(":") + 1).trim(),
      ]),
    ),
    body: text === "" ? undefined : JSON.parse(text),
  };
}

async function call(method: string, path: string, body?: object, key = stack.adminKey): Promise<Answer> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.json(),
  };
}

const pasted = (method: string, path: string, data?: string, accept = true) => `curl --location \\
  ${accept ? "--header 'Accept: application/json' \\\n  " : ""}--header 'Authorization: Bearer ${stack.adminKey}' \\
  --header 'Content-Type: application/json' \\
  --header 'User-Agent: my-integration/my-integration-version' \\
  --request ${method} \\
  ${data === undefined ? "" : `--data-raw '${data}' \\\n  `}'${base}${path}'`;

describe("page Using the API", () => {
  it("registers an OTAA device in four calls", async () => {
    const ids = `"ids": { "device_id": "newdev1", "dev_eui": "70B3D57ED0000001", "join_eui": "70B3D57ED0000000" }`;
    const identity = await curl(
      pasted(
        "POST",
        "/applications/app1/devices",
        `{
    "end_device": {
      ${ids},
      "join_server_address": "localhost",
      "network_server_address": "localhost",
      "application_server_address": "localhost"
    },
    "field_mask": { "paths": [ "join_server_address", "network_server_address", "application_server_address", "ids.dev_eui", "ids.join_eui" ] }
  }`,
      ),
    );
    assert.equal(identity.status, 200, JSON.stringify(identity.body));
    assert.equal(identity.body.ids.dev_eui, "70B3D57ED0000001");
    const join = await curl(
      pasted(
        "PUT",
        "/js/applications/app1/devices/newdev1",
        `{
    "end_device": {
      ${ids},
      "network_server_address": "localhost",
      "application_server_address": "localhost",
      "root_keys": { "app_key": { "key": "0123456789ABCDEF0123456789ABCDEF" } }
    },
    "field_mask": { "paths": [ "network_server_address", "application_server_address", "ids.device_id", "ids.dev_eui", "ids.join_eui", "root_keys.app_key.key" ] }
  }`,
        false,
      ),
    );
    assert.equal(join.status, 200, JSON.stringify(join.body));
    assert.equal(join.body.root_keys.app_key.key, "0123456789ABCDEF0123456789ABCDEF");
    const network = await curl(
      pasted(
        "PUT",
        "/ns/applications/app1/devices/newdev1",
        `{
    "end_device": {
      "supports_join": true, "lorawan_version": "1.0.2",
      ${ids},
      "lorawan_phy_version": "1.0.2-b", "frequency_plan_id": "EU_863_870_TTN"
    },
    "field_mask": { "paths": [ "supports_join", "lorawan_version", "ids.device_id", "ids.dev_eui", "ids.join_eui", "lorawan_phy_version", "frequency_plan_id" ] }
  }`,
      ),
    );
    assert.equal(network.status, 200, JSON.stringify(network.body));
    assert.equal(network.body.lorawan_version, "MAC_V1_0_2");
    assert.equal(network.body.lorawan_phy_version, "PHY_V1_0_2_REV_B");
    const application = await curl(
      pasted(
        "PUT",
        "/as/applications/app1/devices/newdev1",
        `{ "end_device": { ${ids} }, "field_mask": { "paths": [ "ids.device_id", "ids.dev_eui", "ids.join_eui" ] } }`,
        false,
      ),
    );
    assert.equal(application.status, 200, JSON.stringify(application.body));
  });

  it("registers an ABP device in three calls", async () => {
    const identity = await curl(
      pasted(
        "POST",
        "/applications/app1/devices",
        `{
    "end_device": {
      "ids": { "device_id": "dev1", "dev_eui": "70B3D57ED0000002" },
      "name": "Device", "description": "on the roof",
      "network_server_address": "localhost", "application_server_address": "localhost"
    },
    "field_mask": { "paths": [ "network_server_address", "application_server_address", "ids.dev_eui" ] }
  }`,
      ),
    );
    assert.equal(identity.status, 200, JSON.stringify(identity.body));
    const network = await curl(
      pasted(
        "PUT",
        "/ns/applications/app1/devices/dev1",
        `{
    "end_device": {
      "supports_join": false,
      "lorawan_version": "1.0.2",
      "ids": { "device_id": "dev1", "dev_eui": "70B3D57ED0000002" },
      "session": {
        "keys": { "f_nwk_s_int_key": { "key": "00112233445566778899AABBCCDDEEFF" } },
        "dev_addr": "260B1234"
      },
      "mac_settings": {
        "resets_f_cnt": true,
        "factory_preset_frequencies": [ "868100000", "868300000", "868500000", "867100000", "867300000", "867500000", "867700000", "867900000" ]
      },
      "resets_f_cnt": false,
      "lorawan_phy_version": "1.0.2-b",
      "frequency_plan_id": "EU_863_870_TTN"
    },
    "field_mask": {
      "paths": [ "supports_join", "lorawan_version", "ids.device_id", "ids.dev_eui", "session.keys.f_nwk_s_int_key.key", "session.dev_addr",
        "mac_settings.resets_f_cnt", "mac_settings.factory_preset_frequencies", "lorawan_phy_version", "frequency_plan_id" ]
    }
  }`,
      ),
    );
    assert.equal(network.status, 200, JSON.stringify(network.body));
    assert.equal(network.body.mac_settings.resets_f_cnt, true);
    assert.equal(network.body.mac_settings.factory_preset_frequencies[7], "867900000");
    assert.equal(network.body.session.dev_addr, "260B1234");
    const application = await curl(
      pasted(
        "PUT",
        "/as/applications/app1/devices/dev1",
        `{
    "end_device": {
      "ids": { "device_id": "dev1", "dev_eui": "70B3D57ED0000002" },
      "session": {
        "keys": { "app_s_key": { "key": "FFEEDDCCBBAA99887766554433221100" } },
        "dev_addr": "260B1234"
      },
      "skip_payload_crypto": false
    },
    "field_mask": { "paths": [ "ids.device_id", "ids.dev_eui", "session.keys.app_s_key.key", "session.dev_addr", "skip_payload_crypto" ] }
  }`,
        false,
      ),
    );
    assert.equal(application.status, 200, JSON.stringify(application.body));
  });

  it("shows the fields of a device that its mask names", async () => {
    const answer = await curl(
      pasted("GET", "/applications/app1/devices/dev1?field_mask=name,description,locations"),
    );
    assert.equal(answer.status, 200);
    assert.equal(answer.body.name, "Device");
    assert.equal(answer.body.description, "on the roof");
    assert.deepEqual(Object.keys(answer.body).sort(), [
      "created_at",
      "description",
      "ids",
      "name",
      "updated_at",
    ]);
    assert.ok(Number(answer.headers["x-rate-limit-limit"]) > 0);
    assert.equal(answer.headers["x-rate-limit-available"], answer.headers["x-ratelimit-remaining"]);
  });

  it("streams the events of a device and schedules downlinks, trailing comma included", async () => {
    const stream = runCommand("curl", [
      "--no-buffer",
      "--silent",
      "--location",
      "--header",
      `Authorization: Bearer ${stack.adminKey}`,
      "--header",
      "Accept: text/event-stream",
      "--header",
      "Content-Type: application/json",
      "--request",
      "POST",
      "--data-raw",
      `{
    "identifiers":[{
        "device_ids":{
            "device_id":"dev1",
            "application_ids":{"application_id":"app1"}
        }
    }]
  }`,
      `${base}/events`,
    ]);
    try {
      const first = JSON.parse(await stream.line((line) => line.includes("events.stream.start")));
      assert.equal(first.result.name, "events.stream.start");
      const push = await curl(
        pasted(
          "POST",
          "/as/applications/app1/devices/dev1/down/push",
          `{
    "downlinks": [{
      "frm_payload": "vu8=",
      "f_port": 42,
    }]
  }`,
          false,
        ),
      );
      assert.equal(push.status, 200, JSON.stringify(push.body));
      assert.deepEqual(push.body, {});
      assert.match(push.headers["x-warning"] ?? "", /comma/);
      const event = JSON.parse(await stream.line((line) => line.includes('"as.down.data.receive"')));
      assert.equal(event.result.identifiers[0].device_ids.device_id, "dev1");
    } finally {
      stream.stop();
    }
    const queue = await curl(pasted("GET", "/as/applications/app1/devices/dev1/down"));
    assert.equal(queue.body.downlinks.length, 1);
    assert.equal(queue.body.downlinks[0].frm_payload, "vu8=");
    assert.equal(queue.body.downlinks[0].f_port, 42);
  });

  it("schedules a readable downlink through the encoder", async () => {
    const link = await call("PUT", "/as/applications/app1/link", {
      link: {
        default_formatters: {
          down_formatter: "FORMATTER_JAVASCRIPT",
          down_formatter_parameter:
            "function encodeDownlink(input) { return { bytes: input.data.bytes, fPort: 7 }; }",
        },
      },
      field_mask: "default_formatters",
    });
    assert.equal(link.status, 200, JSON.stringify(link.body));
    const push = await curl(
      pasted(
        "POST",
        "/as/applications/app1/devices/dev1/down/replace",
        `{"downlinks":[{
      "decoded_payload": {
        "bytes": [1, 2, 3]
      }
    }]
  }`,
        false,
      ),
    );
    assert.equal(push.status, 200, JSON.stringify(push.body));
    const queue = await curl(pasted("GET", "/as/applications/app1/devices/dev1/down"));
    assert.equal(queue.body.downlinks.length, 1);
    assert.equal(queue.body.downlinks[0].frm_payload, "AQID");
    assert.equal(queue.body.downlinks[0].f_port, 7);
  });

  it("registers a gateway", async () => {
    const answer = await curl(
      pasted(
        "POST",
        "/users/user1/gateways",
        `{
    "gateway": {
      "ids": { "gateway_id": "gtw1", "eui": "B827EBFFFE000001" },
      "name": "my gateway",
      "gateway_server_address": "localhost",
      "frequency_plan_id": "EU_863_870_TTN"
    }
  }`,
      ),
    );
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.ids.eui, "B827EBFFFE000001");
    assert.equal(answer.body.frequency_plan_id, "EU_863_870_TTN");
    const list = await call("GET", "/users/user1/gateways?limit=10");
    assert.equal(list.headers["x-total-count"], "1");
  });

  it("answers lists page by page, in the order asked for, with the total in a header", async () => {
    for (const id of ["page1", "page2", "page3"]) {
      const gateway = { ids: { gateway_id: id }, name: `Number ${id.at(-1)}` };
      assert.equal((await call("POST", "/users/user1/gateways", { gateway })).status, 200);
    }
    const idsOf = ({ body }: Answer): readonly string[] =>
      body.gateways.map(({ ids }: { ids: { gateway_id: string } }) => ids.gateway_id);
    const list = "/users/user1/gateways?order=-gateway_id&limit=2";
    const [first, second, third] = await Promise.all(
      [1, 2, 3].map((page) => curl(pasted("GET", `${list}&page=${page}`))),
    );
    assert.deepEqual(idsOf(first!), ["page3", "page2"]);
    assert.deepEqual(idsOf(second!), ["page1", "gtw1"]);
    assert.deepEqual(third!.body, {});
    for (const page of [first!, second!, third!]) assert.equal(page.headers["x-total-count"], "4");
    assert.equal((await call("GET", "/users/user1/gateways?limit=1001")).status, 400);

    const found = await curl(
      pasted("GET", "/search/gateways?name_contains=Number&order=name&limit=2&field_mask=name"),
    );
    assert.deepEqual(idsOf(found), ["page1", "page2"]);
    assert.equal(found.body.gateways[0].name, "Number 1");
    assert.equal(found.headers["x-total-count"], "3");
    const devices = await curl(pasted("GET", "/search/applications/app1/devices?id_contains=newdev"));
    assert.equal(devices.body.end_devices.length, 1);
  });

  it("says what is left of the rate limit, in both spellings, and refuses what is beyond", async () => {
    const limited = await startStackProcess({ flags: ["--rate-limit.reads=2"] });
    try {
      const read = () =>
        curl(
          pasted("GET", "/applications")
            .replace(base, `http://localhost:${limited.httpPort}/api/v3`)
            .replace(stack.adminKey, limited.adminKey),
        );
      const first = await read();
      assert.equal(first.headers["x-rate-limit-limit"], "2");
      assert.equal(first.headers["x-ratelimit-limit"], "2");
      assert.equal(first.headers["x-rate-limit-available"], "1");
      assert.equal(first.headers["x-ratelimit-remaining"], "1");
      await read();
      const refused = await read();
      assert.equal(refused.status, 429);
      assert.equal(refused.body.details[0].name, "rate_limit_exceeded");
      assert.ok(Number(refused.headers["x-rate-limit-retry"]) > 0);
    } finally {
      await limited.kill();
    }
  });

  it("sends the events of the past and the next as Server-Sent Events to a GET", async () => {
    const identifiers = JSON.stringify([{ application_ids: { application_id: "app1" } }]);
    const stream = runCommand("curl", [
      ...["--no-buffer", "--silent", "--get", "--header", `Authorization: Bearer ${stack.adminKey}`],
      ...["--data-urlencode", `identifiers=${identifiers}`, "--data", "tail=1", `${base}/events`],
    ]);
    try {
      const named = async (name: string) =>
        JSON.parse((await stream.line((line) => line.includes(`"name":"${name}"`))).replace(/^data: /, ""));
      assert.equal((await named("events.stream.start")).name, "events.stream.start");
      const { status } = await call("PUT", "/applications/app1", {
        application: { description: "watched" },
        field_mask: { paths: ["description"] },
      });
      assert.equal(status, 200);
      const { unique_id: id } = await named("application.update");
      assert.equal(await stream.line((line) => line === `id: ${id}`), `id: ${id}`);
    } finally {
      stream.stop();
    }
  });

  it("answers auth_info and the frequency plans", async () => {
    const info = await call("GET", "/auth_info");
    assert.equal(info.status, 200);
    assert.equal(info.body.is_admin, true);
    const plans = await call("GET", "/configuration/frequency-plans");
    assert.ok(plans.body.frequency_plans.some((plan: { id: string }) => plan.id === "EU_863_870_TTN"));
  });

  it("explains the errors of the page", async () => {
    const mask = await call("GET", "/applications/app1/devices/dev1?field_mask=name,root_keys");
    assert.equal(mask.status, 400);
    assert.match(mask.body.message, /forbidden path\(s\) in field mask/);
    assert.deepEqual(mask.body.details[0].attributes.forbidden_paths, ["root_keys"]);

    const badId = await call("POST", "/applications/app1/devices", {
      end_device: { ids: { device_id: "Bad_Id" } },
    });
    assert.equal(badId.status, 400);
    assert.match(badId.body.message, /invalid `end_device`: embedded message failed validation/);

    const key = await call("POST", "/applications/app1/api-keys", {
      name: "reader",
      rights: ["RIGHT_APPLICATION_TRAFFIC_READ"],
    });
    assert.equal(key.status, 200, JSON.stringify(key.body));
    const denied = await call(
      "POST",
      "/as/applications/app1/devices/dev1/down/push",
      { downlinks: [{ frm_payload: "vu8=", f_port: 1 }] },
      key.body.key,
    );
    assert.equal(denied.status, 403);
    assert.equal(denied.body.details[0].name, "insufficient_application_rights");
    assert.deepEqual(denied.body.details[0].attributes.missing, ["RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"]);

    const old = await shell(
      `curl --http1.0 --silent --output /dev/null --write-out '%{http_code}' '${base}/auth_info'`,
    );
    assert.equal(old.stdout, "426");
  });

  it("gives clear answers to bad input, and changes nothing", async () => {
    const raw = async (body: string) => {
      const response = await fetch(`${base}/as/applications/app1/devices/dev1/down/push`, {
        method: "POST",
        headers: { authorization: `Bearer ${stack.adminKey}` },
        body,
      });
      return { status: response.status, body: (await response.json()) as { code: number; message: string } };
    };
    const before = await call("GET", "/as/applications/app1/devices/dev1/down");
    for (const body of [
      "{",
      '{"downlinks": 7}',
      '{"downlinks":[{"frm_payload":"***","f_port":1}]}',
      '{"downlinks":[{"f_port":"x"}]}',
    ]) {
      const answer = await raw(body);
      assert.equal(answer.status, 400, body);
      assert.equal(answer.body.code, 3, body);
      assert.notEqual(answer.body.message, "", body);
    }
    for (const port of [0, 234, 255]) {
      const answer = await raw(`{"downlinks":[{"frm_payload":"vu8=","f_port":${port}}]}`);
      assert.equal(answer.status, 400, `FPort ${port}`);
    }
    assert.deepEqual((await call("GET", "/as/applications/app1/devices/dev1/down")).body, before.body);

    const unknown = await call("GET", "/applications/app1/devices/nobody");
    assert.equal(unknown.status, 404);
    const shortEui = await call("POST", "/applications/app1/devices", {
      end_device: { ids: { device_id: "dev9", dev_eui: "70B3D5" } },
    });
    assert.equal(shortEui.status, 400);
    const taken = await call("POST", "/applications/app1/devices", {
      end_device: { ids: { device_id: "dev9", dev_eui: "70B3D57ED0000001", join_eui: "70B3D57ED0000000" } },
    });
    assert.equal(taken.status, 409);
    assert.match(taken.body.message, /end_device_euis_taken/);
    const gatewayTaken = await call("POST", "/users/user1/gateways", {
      gateway: { ids: { gateway_id: "gtw2", eui: "B827EBFFFE000001" } },
    });
    assert.equal(gatewayTaken.status, 409);
    const huge = await raw(JSON.stringify({ downlinks: [{ frm_payload: "A".repeat(17 * 1024 * 1024) }] }));
    assert.equal(huge.status, 400);
    const noKey = await fetch(`${base}/auth_info`, { headers: { authorization: "Bearer NNSXS.AAA.BBB" } });
    assert.equal(noKey.status, 401);
  });

  it("refuses a deleted key", async () => {
    const made = await call("POST", "/applications/app1/api-keys", {
      name: "short",
      rights: ["RIGHT_APPLICATION_INFO"],
    });
    const read = () => call("GET", "/applications/app1?field_mask=name", undefined, made.body.key);
    assert.equal((await read()).status, 200);
    assert.equal((await call("DELETE", `/applications/app1/api-keys/${made.body.id}`)).status, 200);
    assert.equal((await read()).status, 401);
  });

  it("purges an application, for an admin only", async () => {
    const purge = `curl --location \\
  --header "Authorization: Bearer ${stack.adminKey}" \\
  --request DELETE \\
  '${base}/applications/app1/purge'`;
    const refused = await curl(purge);
    assert.equal(refused.status, 400);
    assert.match(refused.body.message, /application_has_devices/);
    for (const device of ["dev1", "newdev1"]) {
      assert.equal((await call("DELETE", `/applications/app1/devices/${device}`)).status, 200);
      assert.equal(
        (await call("GET", `/ns/applications/app1/devices/${device}`)).status,
        404,
        "deleting cascades",
      );
    }
    const key = await call("POST", "/applications/app1/api-keys", {
      name: "all",
      rights: ["RIGHT_APPLICATION_ALL"],
    });
    const notAdmin = await call("DELETE", "/applications/app1/purge", undefined, key.body.key);
    assert.equal(notAdmin.status, 403);
    assert.equal((await curl(purge)).status, 200);
    assert.equal((await call("GET", "/applications/app1")).status, 404);
  });

  it("purges gateways, clients, organizations and users", async () => {
    const owner = "/users/user1";
    const client = {
      ids: { client_id: "client1" },
      grants: ["GRANT_REFRESH_TOKEN"],
      rights: ["RIGHT_USER_INFO"],
    };
    await call("POST", `${owner}/clients`, { client });
    await call("POST", `${owner}/organizations`, { organization: { ids: { organization_id: "org1" } } });
    for (const path of ["/gateways/gtw1", "/clients/client1", "/organizations/org1", "/users/user1"]) {
      assert.equal((await call("GET", path)).status, 200, path);
      assert.equal((await curl(pasted("DELETE", `${path}/purge`))).status, 200, path);
      assert.equal((await call("GET", path)).status, 404, path);
    }
  });
});

describe("page Using the API, on a multi-tenant deployment", () => {
  it("shows the device of the tenant that the host names", async () => {
    const shared = await startStackProcess({ flags: ["--tenancy.tenants=tenant1,tenant2"] });
    try {
      const host = `tenant1.localhost:${shared.httpPort}`;
      const here = (command: string) =>
        curl(command.replace(base, `http://${host}/api/v3`).replace(stack.adminKey, shared.adminKey));
      const ids = `"ids": { "application_id": "app1" }`;
      await here(pasted("POST", "/users/admin/applications", `{ "application": { ${ids} } }`));
      const device = `"ids": { "device_id": "dev1" }, "name": "Device"`;
      await here(pasted("POST", "/applications/app1/devices", `{ "end_device": { ${device} } }`));
      const read = pasted("GET", "/applications/app1/devices/dev1?field_mask=name,description,locations");
      const answer = await here(read);
      assert.deepEqual([answer.status, answer.body.name], [200, "Device"]);
      const other = await curl(
        read
          .replace(base, `http://tenant2.localhost:${shared.httpPort}/api/v3`)
          .replace(stack.adminKey, shared.adminKey),
      );
      assert.equal(other.status, 401);
    } finally {
      await shared.kill();
    }
  });
});
