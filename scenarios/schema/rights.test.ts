import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Client } from "@grpc/grpc-js";
import {
  allRights,
  credentials_required,
  type DescMethod,
  getOption,
  httpBindings,
  impliedRights,
  type ProtoMessage,
  Right,
  type RightKind,
  rightName,
  rightsByKind,
  statusCodes,
} from "@skylark/api";
import { V3Client } from "@skylark/testkit";
import type { Requirement, ServiceImplementation } from "../../packages/stack/src/rpc/service.ts";
import { type InProcessStack, startInProcess } from "./in-process.ts";
import { type Refusal, refusals } from "./refusals.ts";
import { sampleRequest, type World } from "./sample-request.ts";
import { callGrpc, callHttp, grpcClient, type Outcome } from "./transports.ts";
import { type Keyed, WorldBuilder } from "./world.ts";

/** One credential, and how a call with it must end. */
interface Probe {
  readonly what: string;
  readonly token: string | undefined;
  readonly expected: Expected;
}

type Expected =
  /** Whatever is answered, it is no refusal. */
  | { readonly allowed: true }
  | { readonly code: number; readonly error: string; readonly missing?: readonly Right[] };

/** All that a user's key can hold. */
const ofUsers = Object.values(rightsByKind).flat();

const { unauthenticated, permissionDenied, invalidArgument } = statusCodes;

let stack: InProcessStack;
let grpc: Client;
let builder: WorldBuilder;
let expired: string;

before(async () => {
  stack = await startInProcess(["--is.admin-rights.all=true", "--rate-limit.attempts="]);
  grpc = grpcClient(stack.grpcAddress);
  builder = new WorldBuilder(new V3Client({ url: stack.httpUrl, apiKey: stack.adminKey }));
  await builder.user("alice");
  await builder.user("bob");
  expired = await builder.expiredKey("alice");
});
after(async () => {
  grpc?.close();
  await stack?.close();
});

/** Keys that are none, whatever the method. */
function invalidKeys(): readonly Probe[] {
  const unknown = `NNSXS.${"A".repeat(39)}.${"A".repeat(52)}`;
  const wrongSecret = `${stack.adminKey.slice(0, -52)}${"B".repeat(52)}`;
  const refused = (error: string): Expected => ({
    code: unauthenticated,
    error: `pkg/identityserver:${error}`,
  });
  return [
    {
      what: "a malformed key",
      token: "nonsense",
      expected: { code: invalidArgument, error: "pkg/auth:token" },
    },
    { what: "an unknown key", token: unknown, expected: refused("api_key_not_found") },
    { what: "a wrong secret", token: wrongSecret, expected: refused("invalid_authorization") },
    { what: "an expired key", token: expired, expected: refused("api_key_expired") },
  ];
}

/** Who calls without a key: told to bring one, or what it lacks. */
function withoutKey(service: ServiceImplementation, error: string | undefined): Probe {
  if (getOption(service.descriptor, credentials_required)) {
    return {
      what: "no key",
      token: undefined,
      expected: { code: unauthenticated, error: "pkg/rpcmetadata:unauthenticated" },
    };
  }
  const expected =
    error === undefined
      ? { code: unauthenticated, error: "pkg/identityserver:unauthenticated" }
      : { code: permissionDenied, error };
  return { what: "no key", token: undefined, expected };
}

/** The rights of a kind without one, nor any that implies it. */
function allBut(kind: RightKind, missing: Right): readonly Right[] {
  return rightsByKind[kind].filter((right) => !impliedRights([right]).has(missing));
}

async function probesOfRights(
  entity: Keyed,
  rights: readonly Right[],
  owner: string,
): Promise<readonly Probe[]> {
  const { type } = entity;
  const error = (how: "no" | "insufficient") => `pkg/auth/rights:${how}_${type}_rights`;
  const probes: Probe[] = [
    {
      what: "a key of another entity",
      token: await builder.key({ type: "user", id: "bob" }, "bob", ofUsers),
      expected: { code: permissionDenied, error: error("no") },
    },
    {
      what: `exactly ${rights.map(rightName).join(" and ")}`,
      token: await builder.key(entity, owner, rights),
      expected: { allowed: true },
    },
  ];
  for (const missing of rights) {
    probes.push({
      what: `all rights but ${rightName(missing)}`,
      token: await builder.key(entity, owner, allBut(type, missing)),
      expected: { code: permissionDenied, error: error("insufficient"), missing: [missing] },
    });
  }
  return probes;
}

async function probesOfUniversal(rights: readonly Right[]): Promise<readonly Probe[]> {
  const admin = { type: "user", id: "admin" } as const;
  const without = allRights.filter((right) => !rights.some((needed) => impliedRights([right]).has(needed)));
  return [
    {
      what: "a key of a user who is no admin",
      token: await builder.key({ type: "user", id: "bob" }, "bob", ofUsers),
      expected: { code: permissionDenied, error: "pkg/auth/rights:no_universal_rights" },
    },
    {
      what: `an admin's key without ${rights.map(rightName).join(" and ")}`,
      token: await builder.key(admin, "admin", without),
      expected: {
        code: permissionDenied,
        error: "pkg/auth/rights:insufficient_universal_rights",
        missing: rights,
      },
    },
    {
      what: `an admin's key with exactly ${rights.map(rightName).join(" and ")}`,
      token: await builder.key(admin, "admin", rights),
      expected: { allowed: true },
    },
  ];
}

/** Rights on one entity are one requirement. */
function merged(requirements: readonly Requirement[]): readonly Requirement[] {
  const flat = requirements.flatMap((each) => (each.kind === "allOf" ? merged(each.requirements) : [each]));
  const rights = flat.filter((each) => each.kind === "rights");
  const [first] = rights;
  if (first === undefined || rights.some(({ entity }) => entity.id !== first.entity.id)) return flat;
  const all = [...new Set(rights.flatMap((each) => each.rights))];
  return [{ ...first, rights: all }, ...flat.filter((each) => each.kind !== "rights")];
}

/** What `requires` says, as far as it decides; several entities are one after the other. */
async function probesOf(
  service: ServiceImplementation,
  requirement: Requirement,
  owner: string,
): Promise<readonly Probe[]> {
  switch (requirement.kind) {
    case "public":
      return [{ what: "no key", token: undefined, expected: { allowed: true } }];
    case "rights": {
      const entity = requirement.entity as Keyed;
      const none = withoutKey(service, `pkg/auth/rights:no_${entity.type}_rights`);
      return [none, ...(await probesOfRights(entity, requirement.rights, owner))];
    }
    case "anyRight": {
      const entity = requirement.entity as Keyed;
      const none = withoutKey(service, `pkg/auth/rights:no_${entity.type}_rights`);
      const [one = Right.ALL] = rightsByKind[entity.type];
      return [none, ...(await probesOfRights(entity, [one], owner)).slice(0, 2)];
    }
    case "universal":
      return [
        withoutKey(service, "pkg/auth/rights:no_universal_rights"),
        ...(await probesOfUniversal(requirement.rights)),
      ];
    case "allOf": {
      const [first, ...others] = merged(requirement.requirements);
      if (first === undefined || others.length > 0) {
        throw new Error(`${service.descriptor.name}: rights on several entities cannot be tried one by one`);
      }
      return probesOf(service, first, owner);
    }
    case "authenticated":
    case "handler":
      return [];
  }
}

/** What the handler decides itself, by the table of such methods. */
async function probesOfHandler(
  service: ServiceImplementation,
  refusal: Refusal,
  world: World,
): Promise<readonly Probe[]> {
  const stranger = await builder.key({ type: "user", id: "bob" }, "bob", ofUsers);
  switch (refusal.kind) {
    case "right": {
      const id = world[refusal.on];
      const none = refusal.anonymous ?? `pkg/auth/rights:no_${refusal.on}_rights`;
      return [
        withoutKey(service, none === "unauthenticated" ? undefined : none),
        ...(await probesOfRights({ type: refusal.on, id }, [refusal.right], "alice")),
      ];
    }
    case "admin":
      return [
        {
          what: "a key of a user who is no admin",
          token: stranger,
          expected: { code: refusal.code ?? permissionDenied, error: refusal.error },
        },
        { what: "an admin's key", token: stack.adminKey, expected: { allowed: true } },
      ];
    case "own":
      return [
        ...(refusal.anonymous === "unauthenticated" ? [withoutKey(service, undefined)] : []),
        { what: "a key of anybody", token: stranger, expected: { allowed: true } },
      ];
    case "nobody":
      return [
        { what: "a key of anybody", token: stranger, expected: { code: refusal.code, error: refusal.error } },
      ];
  }
}

function check(outcome: Outcome, { expected, what }: Probe, how: string): void {
  const where = `${how} with ${what}: ${JSON.stringify(outcome)}`;
  if ("allowed" in expected) {
    assert.notEqual(outcome.code, unauthenticated, where);
    // Other refusals than for want of rights depend on what was done before.
    assert.ok(!outcome.error?.startsWith("pkg/auth/rights:"), where);
    // What the original answers always is no lack of an implementation.
    if (outcome.error === "pkg/applicationserver:linking_not_implemented") return;
    assert.ok(
      ![statusCodes.internal, statusCodes.unknown, statusCodes.unimplemented].includes(outcome.code as never),
      where,
    );
    return;
  }
  assert.deepEqual([outcome.code, outcome.error], [expected.code, expected.error], where);
  if (expected.missing !== undefined) {
    assert.deepEqual(outcome.attributes.missing, expected.missing.map(rightName), where);
  }
}

interface Case {
  readonly service: ServiceImplementation;
  readonly method: DescMethod;
  readonly requires: (request: ProtoMessage) => Requirement;
}

function implementedMethods(services: readonly ServiceImplementation[]): readonly Case[] {
  return services.flatMap((service) =>
    service.descriptor.methods.flatMap((method) => {
      const implementation = service.methods[method.localName];
      if (implementation === undefined || "later" in implementation) return [];
      return [{ service, method, requires: implementation.requires as Case["requires"] }];
    }),
  );
}

/** A world whose user is the method's own where the method may end the user. */
async function worldOf(method: DescMethod): Promise<World> {
  const isAboutUser = /^(User|Email)/.test(method.parent.name);
  return builder.world(isAboutUser ? await builder.user(`user${builder.next()}`) : "alice");
}

/** The sample request does not get through its query yet; gateway-batches.test.ts asks it over HTTP. */
const notOverHttp: ReadonlySet<string> = new Set(["GatewayBatchAccess.AssertRights"]);

async function probeMethod({ service, method, requires }: Case): Promise<void> {
  const name = `${service.descriptor.name}.${method.name}`;
  const binding = notOverHttp.has(name)
    ? undefined
    : httpBindings(service.descriptor).find((each) => each.method === method);
  for (const over of ["gRPC", "HTTP"] as const) {
    if (over === "HTTP" && binding === undefined) continue;
    const world = await worldOf(method);
    const request = prepared(sampleRequest(method, world, Date.now()), refusals[name]);
    const requirement = requires(request);
    const decided = requirement.kind === "authenticated" || requirement.kind === "handler";
    const refusal = refusals[name];
    assert.ok(
      !decided || refusal !== undefined,
      `${name} leaves it to its handler: say in refusals.ts what it refuses`,
    );
    const probes = decided
      ? await probesOfHandler(service, refusal!, world)
      : await probesOf(service, requirement, world.user);
    // Who is allowed comes last: the method may end the entity.
    const ordered = [...invalidKeys(), ...probes].toSorted(
      (a, b) => Number("allowed" in a.expected) - Number("allowed" in b.expected),
    );
    for (const probe of ordered) {
      const called = { method, request, token: probe.token };
      const outcome =
        over === "gRPC" ? await callGrpc(grpc, called) : await callHttp(stack.httpUrl, binding!, called);
      check(outcome, probe, `${name} over ${over}`);
    }
  }
}

/** Asks for a field that is not public, where the answer depends on what is asked for. */
function prepared(request: ProtoMessage, refusal: Refusal | undefined): ProtoMessage {
  if (refusal?.kind !== "right" || refusal.field === undefined) return request;
  return {
    ...request,
    fieldMask: { $typeName: "google.protobuf.FieldMask", paths: [refusal.field] },
  } as ProtoMessage;
}

test("every implemented method refuses who may not call it, by gRPC and by HTTP", async (t) => {
  const cases = implementedMethods(stack.services);
  assert.ok(cases.length >= 100, `${cases.length} methods`);
  for (const each of cases) {
    await t.test(`${each.service.descriptor.name}.${each.method.name}`, () => probeMethod(each));
  }
});

test("the table of what handlers refuse names implemented methods only", () => {
  const implemented = new Set(
    implementedMethods(stack.services).map(
      ({ service, method }) => `${service.descriptor.name}.${method.name}`,
    ),
  );
  assert.deepEqual(
    Object.keys(refusals).filter((name) => !implemented.has(name)),
    [],
  );
});
