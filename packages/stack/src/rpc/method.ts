import type { DescMethod, ProtoMessage } from "@skylark/api";
import {
  create,
  credentials_required,
  forbiddenFieldMaskPaths,
  getOption,
  nonZeroPath,
  toJSONText,
  validate,
} from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import { validationError } from "./error-status.ts";
import type { RateLimiter, RateLimitProfile, RateLimitResult } from "./rate-limiter.ts";
import type { Authority, CallContext, Requirement, ServiceImplementation } from "./service.ts";

const validator = defineErrors("pkg/rpcmiddleware/validator");
const fieldMaskPaths = validator.invalidArgument("field_mask_paths", "forbidden path(s) in field mask");
const nonZero = validator.invalidArgument("non_zero_path", "path `{path}` is not zero");
const identifiers = defineErrors("pkg/ttnpb").invalidArgument("identifiers", "invalid identifiers");
const unauthenticated = defineErrors("pkg/rpcmetadata").unauthenticated(
  "unauthenticated",
  "the context is not authenticated",
);
const rateLimitExceeded = defineErrors("pkg/ratelimit").resourceExhausted(
  "rate_limit_exceeded",
  "rate limit of `{rate}` accesses per minute exceeded for resource `{key}`",
);
const notInThisRelease = defineErrors("skylark/rpc").unimplemented(
  "not_in_this_release",
  "`{method}` is not in this release; it belongs to {area}",
);

/** What every method is called with, whichever way the call came. */
export interface PlatformOptions {
  readonly authority: Authority;
  readonly rateLimiter: RateLimiter;
  readonly rateLimit: RateLimitProfile;
  /** Of the wall clock, for rules about past and future. */
  readonly now: () => number;
}

/** A call while it is on its way through the platform: what a handler sees, and what the platform tells it. */
export interface PlatformCall extends CallContext {
  readonly authorization: string | undefined;
  caller: CallContext["caller"];
  rateLimit: RateLimitResult | undefined;
}

/** A method of the schema with its handler, ready to be called. */
export interface Method {
  readonly desc: DescMethod;
  /** `/ttn.lorawan.v3.<Service>/<Method>` */
  readonly fullName: string;
  /** Resolves when the handler may run; throws what is wrong with the request, or what the caller lacks. */
  check(request: ProtoMessage, call: PlatformCall): Promise<void>;
  /** The answer as JSON text, of a method that is no stream. */
  answer(request: ProtoMessage, call: PlatformCall): Promise<string>;
  /** The items as JSON text, of a method that is a stream. */
  items(request: ProtoMessage, call: PlatformCall): AsyncIterable<string>;
}

/** The methods of a service, those of later releases included: they answer that they are not there. */
export function methodsOf(service: ServiceImplementation, platform: PlatformOptions): readonly Method[] {
  return service.descriptor.methods.map((desc) => {
    const implementation = service.methods[desc.localName];
    if (implementation === undefined) throw new TypeError(`${desc.toString()} has no handler`);
    return compileMethod(desc, implementation, platform);
  });
}

/** A method whose type parameters are erased: the descriptor vouches for what it is given. */
type Erased = {
  readonly requires: (request: ProtoMessage) => Requirement;
  readonly handle: (request: ProtoMessage, context: CallContext) => unknown;
};

function compileMethod(
  desc: DescMethod,
  implementation: ServiceImplementation["methods"][string],
  platform: PlatformOptions,
): Method {
  const fullName = `/${desc.parent.typeName}/${desc.name}`;
  const needsCredentials = getOption(desc.parent, credentials_required);
  const checkForm = formCheckOf(desc);
  const takeRate = (call: PlatformCall): void => {
    call.rateLimit ??= platform.rateLimiter.take(platform.rateLimit, rateLimitKey(call, fullName));
    if (call.rateLimit.limited) {
      throw rateLimitExceeded({ rate: platform.rateLimit.maxPerMinute, key: fullName });
    }
  };
  if ("later" in implementation) {
    const refuse = (call: PlatformCall): never => {
      takeRate(call);
      throw notInThisRelease({ method: fullName, area: implementation.later });
    };
    const check = async (_request: ProtoMessage, call: PlatformCall) => refuse(call);
    const answer = async (_request: ProtoMessage, call: PlatformCall) => refuse(call);
    return { desc, fullName, check, answer, items: (_request, call) => refuse(call) };
  }
  const { requires, handle } = implementation as unknown as Erased;
  const authorize = async (request: ProtoMessage, call: PlatformCall): Promise<void> => {
    const requirement = requires(request);
    if (needsCredentials && call.authorization === undefined && requirement.kind !== "public") {
      throw unauthenticated();
    }
    const { authority } = platform;
    // What the authority knows from memory costs no turn of the event loop.
    const caller = authority.authenticate(call.tenantId, call.authorization);
    call.caller = caller instanceof Promise ? await caller : caller;
    for (const warning of call.caller.warnings) call.warn(warning);
    const required = authority.require(call.caller, requirement);
    if (required instanceof Promise) await required;
  };
  const toText = (answer: unknown): string =>
    toJSONText(desc.output, create(desc.output, answer as ProtoMessage));
  return {
    desc,
    fullName,
    async check(request, call) {
      checkForm(request, platform.now());
      takeRate(call);
      await authorize(request, call);
    },
    async answer(request, call) {
      const answer = handle(request, call);
      return toText(answer instanceof Promise ? await answer : answer);
    },
    async *items(request, call) {
      for await (const item of handle(request, call) as AsyncIterable<unknown>) yield toText(item);
    },
  };
}

/** Requests that are nothing but identifiers say so when they are invalid. */
const bareIdentifiers = new Set([
  "ttn.lorawan.v3.ApplicationIdentifiers",
  "ttn.lorawan.v3.EndDeviceIdentifiers",
  "ttn.lorawan.v3.GatewayIdentifiers",
  "ttn.lorawan.v3.UserIdentifiers",
]);

function formCheckOf(desc: DescMethod): (request: ProtoMessage, nowMs: number) => void {
  const isBare = bareIdentifiers.has(desc.input.typeName);
  return (request, nowMs) => {
    const mask = (request as ProtoMessage & { readonly fieldMask?: { readonly paths: readonly string[] } })
      .fieldMask;
    if (mask !== undefined && mask.paths.length > 0) {
      const forbidden = forbiddenFieldMaskPaths(desc, mask.paths);
      if (forbidden.length > 0) throw fieldMaskPaths({ forbidden_paths: forbidden });
      const path = nonZeroPath(desc, request, mask.paths);
      if (path !== undefined) throw nonZero({ path });
    }
    const violation = validate(desc.input, request, nowMs);
    if (violation === undefined) return;
    const error = validationError(violation);
    throw isBare ? identifiers({}, { cause: error }) : error;
  };
}

/**
 * Whoever calls, before it is known who that is: by address, and by the public part of the token, so that one
 * address with many users is not one caller. Nothing secret becomes a key.
 */
function rateLimitKey({ authorization, remoteAddress }: PlatformCall, fullName: string): string {
  if (authorization === undefined) return `${fullName} ${remoteAddress}`;
  const first = authorization.indexOf(".");
  const second = authorization.indexOf(".", first + 1);
  const token = first < 0 || second < 0 || second - first > 64 ? "" : authorization.slice(first + 1, second);
  return `${fullName} ${remoteAddress} ${token}`;
}
