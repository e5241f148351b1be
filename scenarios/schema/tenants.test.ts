import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@grpc/grpc-js";
import { type DescMethod, type HttpBinding, httpBindings, type ProtoMessage } from "@skylark/api";
import { type InProcessStack, startInProcess } from "./in-process.ts";
import { sampleRequest, type World } from "./sample-request.ts";
import { callGrpc, grpcClient, httpForm } from "./transports.ts";

/** Stands in every text of the other tenant's entities. */
const marker = "OnlyInTenantA";
const tenantAdminKey = "0".repeat(64);

/** Entities of the other tenant alone, of neither, and of both under the same names. */
const theirs: World = {
  user: "alice-a",
  organization: "org-a",
  application: "app-a",
  gateway: "gtw-a",
  client: "cli-a",
  device: "dev-a",
};
const nobodys: World = {
  user: "alice-x",
  organization: "org-x",
  application: "app-x",
  gateway: "gtw-x",
  client: "cli-x",
  device: "dev-x",
};
const both: World = {
  user: "alice-s",
  organization: "org-s",
  application: "app-s",
  gateway: "gtw-s",
  client: "cli-s",
  device: "dev-s",
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface HttpCall {
  readonly host?: string;
  readonly key: string;
  readonly verb: string;
  /** From `/api/v3` on. */
  readonly path: string;
  readonly body?: object | undefined;
}

let stack: InProcessStack;
let grpc: Client;
let keyOfA: string;

before(async () => {
  // The caller's tenant is the default one, so that no transport needs a host name.
  stack = await startInProcess([
    "--is.admin-rights.all=true",
    "--tenancy.tenants=tenant-b,tenant-a",
    `--tenancy.admin-keys=${tenantAdminKey}`,
  ]);
  grpc = grpcClient(stack.grpcAddress);
  keyOfA = readFileSync(join(stack.dataDirectory, "admin-api-key@tenant-a"), "utf8").trim();
  await populate(asA, theirs, marker);
  await populate(asA, both, marker);
  await populate(asB, both, "TenantB");
});
after(async () => {
  grpc?.close();
  await stack?.close();
});

/** Of a stream only what comes at once. */
function callHttp({ host, key, verb, path, body }: HttpCall): Promise<Answer> {
  const headers = { Authorization: `Bearer ${key}`, ...(host === undefined ? {} : { Host: host }) };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      stack.httpUrl + path,
      { method: verb, headers, agent: false },
      (response) => {
        let text = "";
        const done = () => resolve({ status: response.statusCode ?? 0, text });
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        const timer = setTimeout(() => {
          done();
          outgoing.destroy();
        }, 1000);
        response.once("error", done).once("end", () => {
          clearTimeout(timer);
          done();
        });
      },
    );
    outgoing.once("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

type Caller = (verb: string, path: string, body?: object) => Promise<Answer>;

const asA: Caller = (verb, path, body) =>
  callHttp({ host: "tenant-a.localhost", key: keyOfA, verb, path: `/api/v3${path}`, body });
const asB: Caller = (verb, path, body) =>
  callHttp({ key: stack.adminKey, verb, path: `/api/v3${path}`, body });

/** Identifiers of the other tenant's that a request cannot know are the EUIs that samples are made of. */
const sampleEui = "0101010101010101";

async function populate(as: Caller, world: World, text: string): Promise<void> {
  const made = async (verb: string, path: string, body: object) => {
    const answer = await as(verb, path, body);
    assert.equal(answer.status, 200, `${verb} ${path}: ${answer.text}`);
  };
  const texts = { name: text, description: text, attributes: { where: text } };
  const of = `/users/${world.user}`;
  const isTheirs = world === theirs;
  await made("POST", "/users", {
    user: {
      ids: { user_id: world.user },
      ...texts,
      password: "Passw0rd-Passw0rd",
      primary_email_address: `${world.user}@${text}.example.com`,
    },
  });
  await made("POST", `${of}/organizations`, {
    organization: { ids: { organization_id: world.organization }, ...texts },
  });
  await made("POST", `${of}/applications`, {
    application: { ids: { application_id: world.application }, ...texts },
  });
  await made("POST", `${of}/gateways`, {
    gateway: {
      ids: { gateway_id: world.gateway, ...(isTheirs ? { eui: sampleEui } : {}) },
      ...texts,
      status_public: true,
      location_public: true,
    },
  });
  await made("POST", `${of}/clients`, {
    client: { ids: { client_id: world.client }, ...texts, redirect_uris: ["https://example.com"] },
  });
  const ids = {
    device_id: world.device,
    ...(isTheirs ? { join_eui: sampleEui, dev_eui: sampleEui } : {}),
  };
  await made("POST", `/applications/${world.application}/devices`, { end_device: { ids, ...texts } });
  for (const kind of ["applications", "gateways", "users", "organizations"] as const) {
    const id = world[kind.slice(0, -1) as "application"];
    await made("POST", `/${kind}/${id}/api-keys`, {
      name: text,
      rights: [`RIGHT_${kind.slice(0, -1).toUpperCase()}_INFO`],
    });
  }
  await made("POST", `${of}/bookmarks`, {
    entity_ids: { application_ids: { application_id: world.application } },
  });
}

/** What the other tenant's admin sees of it. */
async function stateOfA(): Promise<readonly string[]> {
  const paths = [theirs, both].flatMap((world) => [
    `/users/${world.user}?field_mask=name,description,attributes,admin,state,primary_email_address`,
    `/users/${world.user}/api-keys`,
    `/users/${world.user}/bookmarks`,
    `/organizations/${world.organization}?field_mask=name,description,attributes`,
    `/organizations/${world.organization}/collaborators`,
    `/applications/${world.application}?field_mask=name,description,attributes`,
    `/applications/${world.application}/api-keys`,
    `/applications/${world.application}/collaborators`,
    `/applications/${world.application}/devices?field_mask=name,description,attributes`,
    `/gateways/${world.gateway}?field_mask=name,description,attributes`,
    `/gateways/${world.gateway}/api-keys`,
    `/gateways/${world.gateway}/collaborators`,
    `/clients/${world.client}?field_mask=name,description,attributes,state`,
    `/clients/${world.client}/collaborators`,
  ]);
  return Promise.all(
    [...paths, "/search/users", "/search/applications", "/search/gateways", "/search/clients"].map(
      async (path) => {
        const { status, text } = await asA("GET", path);
        assert.equal(status, 200, `${path}: ${text}`);
        return `${path}: ${text}`;
      },
    ),
  );
}

interface Case {
  readonly method: DescMethod;
  readonly binding: HttpBinding | undefined;
}

function implementedCases(): readonly Case[] {
  return stack.services.flatMap(({ descriptor, methods }) =>
    descriptor.methods.flatMap((method): readonly Case[] => {
      const implementation = methods[method.localName];
      if (implementation === undefined || "later" in implementation) return [];
      const bindings = httpBindings(descriptor).filter((each) => each.method === method);
      return bindings.length === 0
        ? [{ method, binding: undefined }]
        : bindings.map((binding) => ({ method, binding }));
    }),
  );
}

/** What makes something comes last: it succeeds under any name, which is then no longer nobody's. */
function inOrder(cases: readonly Case[]): readonly Case[] {
  const makes = ({ method }: Case) => /^(Create|Set|Send|Invite|Issue)/.test(method.name);
  return [...cases.filter((each) => !makes(each)), ...cases.filter(makes)];
}

function withFieldMask(method: DescMethod, request: ProtoMessage): ProtoMessage {
  const hasMask = method.input.fields.some(({ name }) => name === "field_mask");
  if (!hasMask || !/^(Get|List|Search)/.test(method.name)) return request;
  const paths = ["name", "description", "attributes"];
  return { ...request, fieldMask: { $typeName: "google.protobuf.FieldMask", paths } } as ProtoMessage;
}

async function ask(each: Case, world: World): Promise<Answer> {
  const { method, binding } = each;
  const request = sampleRequest(method, world, Date.now());
  if (binding === undefined) {
    const called = callGrpc(grpc, { method, request, token: stack.adminKey });
    // A stream that says nothing is one that was let in.
    const letIn = () => sleep(1000, { code: 0, error: undefined, attributes: {} }, { ref: false });
    const outcome = await (method.methodKind === "unary" ? called : Promise.race([called, letIn()]));
    return { status: outcome.code, text: JSON.stringify(outcome) };
  }
  const { verb, path, body } = formOf(binding, request, world);
  const masked = formOf(binding, withFieldMask(method, request), world);
  const answer = await callHttp({ key: stack.adminKey, ...masked });
  // Not every mask takes these fields.
  return answer.status === 400 ? callHttp({ key: stack.adminKey, verb, path, body }) : answer;
}

/** Bindings after the first may name entities that the sample does not: an organization in place of the user. */
function formOf(binding: HttpBinding, request: ProtoMessage, world: World) {
  const form = httpForm(binding, request);
  const named: Readonly<Record<string, string>> = {
    application_id: world.application,
    client_id: world.client,
    device_id: world.device,
    gateway_id: world.gateway,
    organization_id: world.organization,
    user_id: world.user,
  };
  const given = form.path.replace("/api/v3/", "").split("?")[0]!.split("/");
  const path = binding.segments
    .map((segment, index) => {
      if (segment.kind === "literal") return segment.text;
      return given[index] || (named[segment.field.split(".").at(-1) ?? ""] ?? "sample");
    })
    .join("/");
  const query = form.path.includes("?") ? form.path.slice(form.path.indexOf("?")) : "";
  return { ...form, path: `/api/v3/${path}${query}` };
}

/** An answer without the names in it and what is new each time; an error is its name. */
function comparable({ status, text }: Answer, world: World): string {
  const named = Object.values(world).reduce((replaced, id) => replaced.replaceAll(id, "<id>"), text);
  const error = /"namespace":"([^"]*)","name":"([^"]*)"/.exec(named);
  return `${status} ${error === null ? "" : `${error[1]}:${error[2]}`}`;
}

describe("a tenant's admin", () => {
  test("learns nothing of another tenant by any method, and changes nothing there", async (t) => {
    const before = await stateOfA();
    const cases = inOrder(implementedCases());
    assert.ok(cases.length >= 130, `${cases.length} ways to call methods`);
    for (const each of cases) {
      const { method, binding } = each;
      const name = `${method.parent.name}.${method.name} ${binding?.template ?? "over gRPC"}`;
      await t.test(name, async () => {
        const ofNobody = await ask(each, nobodys);
        const ofTheirs = await ask(each, theirs);
        for (const { text } of [ofNobody, ofTheirs]) assert.ok(!text.includes(marker), text);
        for (const id of Object.values(theirs)) assert.ok(!ofNobody.text.includes(`"${id}"`), ofNobody.text);
        if (namesEntity(each)) {
          const answers = `${ofTheirs.text}\n${ofNobody.text}`;
          assert.equal(comparable(ofTheirs, theirs), comparable(ofNobody, nobodys), answers);
        }
        const ofBoth = await ask(each, both);
        assert.ok(!ofBoth.text.includes(marker), ofBoth.text);
      });
    }
    assert.deepEqual(await stateOfA(), before);
  });

  test("cannot use the keys of another tenant, nor manage tenants", async () => {
    const foreign = await callHttp({ key: keyOfA, verb: "GET", path: "/api/v3/applications" });
    assert.equal(foreign.status, 401, foreign.text);
    const tenants = await asB("GET", "/tenants");
    assert.match(tenants.text, /not_tenant_admin/);
  });
});

/** Whether the requests differ at all between worlds. */
function namesEntity({ method }: Case): boolean {
  const text = JSON.stringify(sampleRequest(method, theirs, Date.now()), (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return Object.values(theirs).some((id) => text.includes(`"${id}"`));
}

test("the samples of most methods are about the world that they were made for", () => {
  const named = implementedCases().filter(namesEntity);
  assert.ok(named.length >= 100, `${named.length} requests name an entity`);
});
