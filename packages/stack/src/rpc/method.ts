import type { DescMethod, ProtoMessage } from "@skylark/api";
import {
  create,
  credentials_required,
  forbiddenFieldMaskPaths,
  getOption,
  nonZeroPath,
  validate,
} from "@skylark/api";
import { defineErrors, SkylarkError, statusCodes } from "../errors/errors.ts";
import { runWithCallOrigin } from "../events/call-origin.ts";
import { validationError } from "./error-status.ts";
import { watchRequirement } from "./lasting-access.ts";
import { isAttemptOfStrangers, isReading, rateLimitClassOf } from "./method-class.ts";
import type { PlatformCall } from "./platform-call.ts";
import type { RateLimitClass, RateLimits } from "./rate-limits.ts";
import {
  type Authority,
  authenticated,
  type CallContext,
  type Requirement,
  type ServiceImplementation,
} from "./service.ts";

const validator = defineErrors("pkg/rpcmiddleware/validator");
const fieldMaskPaths = validator.invalidArgument("field_mask_paths", "forbidden path(s) in field mask");
const nonZero = validator.invalidArgument("non_zero_path", "path `{path}` is not zero");
const identifiers = defineErrors("pkg/ttnpb").invalidArgument("identifiers", "invalid identifiers");
const unauthenticated = defineErrors("pkg/rpcmetadata").unauthenticated(
  "unauthenticated",
  "the context is not authenticated",
);
const notInThisRelease = defineErrors("skylark/rpc").unimplemented(
  "not_in_this_release",
  "`{method}` is not in this release; it belongs to {area}",
);

const mostBytesOfStrangers = 256 * 1024;

/** What every method is called with, whichever way the call came. */
export interface PlatformOptions {
  readonly authority: Authority;
  readonly rateLimits: RateLimits;
  /** Of the wall clock, for rules about past and future. */
  readonly now: () => number;
}

/**
 * A method of the schema with its handler, ready to be called: `check`, then what its kind calls for. What is known
 * from memory costs no turn of the event loop.
 */
export interface Method {
  readonly desc: DescMethod;
  /** `/ttn.lorawan.v3.<Service>/<Method>` */
  readonly fullName: string;
  /**
   * Done when a request of so many bytes may be read: of strangers only small ones are, since what a message takes in
   * memory and time is many times its bytes.
   */
  checkSize(bytes: number, call: PlatformCall): void | Promise<void>;
  /** Done when the handler may run; throws what is wrong with the request, or what the caller lacks. */
  check(request: ProtoMessage, call: PlatformCall): void | Promise<void>;
  /** The answer of a method that is no stream. */
  handle(request: ProtoMessage, call: PlatformCall): ProtoMessage | Promise<ProtoMessage>;
  /** The items of a method that answers with a stream. */
  items(request: ProtoMessage, call: PlatformCall): AsyncIterable<ProtoMessage>;
  /** As `check`, of a method whose requests are a stream. */
  checkStream(call: PlatformCall): void | Promise<void>;
  /** What a method whose requests are a stream answers; one item when only they are. */
  converse(requests: AsyncIterable<ProtoMessage>, call: PlatformCall): AsyncIterable<ProtoMessage>;
}

/** The methods of a service, those of later releases included: they answer that they are not there. */
export function methodsOf(service: ServiceImplementation, platform: PlatformOptions): readonly Method[] {
  return service.descriptor.methods.map((desc) => {
    const implementation = service.methods[desc.localName];
    if (implementation === undefined) throw new TypeError(`${desc.toString()} has no handler`);
    return "later" in implementation
      ? laterMethod(desc, implementation.later, platform)
      : compileMethod(desc, implementation as unknown as Erased, platform);
  });
}

/** A method whose type parameters are erased: the descriptor vouches for what it is given. */
type Erased = {
  readonly requires: (request: unknown) => Requirement;
  readonly handle: (request: unknown, context: CallContext) => unknown;
  readonly alsoMasked?: (context: CallContext) => ReadonlySet<string> | undefined;
};

function laterMethod(desc: DescMethod, area: string, platform: PlatformOptions): Method {
  const fullName = fullNameOf(desc);
  const limit = rateLimiting(desc, platform.rateLimits);
  const check = (_request: ProtoMessage | undefined, call: PlatformCall): never => {
    limit(undefined, call);
    throw notInThisRelease({ method: fullName, area });
  };
  const refuse = (_request: unknown, call: PlatformCall): never => check(undefined, call);
  const checkStream = (call: PlatformCall): never => check(undefined, call);
  const checkSize = (_bytes: number, call: PlatformCall) => check(undefined, call);
  return { desc, fullName, checkSize, check, handle: refuse, items: refuse, checkStream, converse: refuse };
}

function compileMethod(desc: DescMethod, implementation: Erased, platform: PlatformOptions): Method {
  const { requires, handle, alsoMasked } = implementation;
  const checkForm = formCheckOf(desc);
  const limit = rateLimiting(desc, platform.rateLimits);
  const authorize = authorizing(desc, platform);
  const looksOnly = isReading(desc);
  // Whoever loses in the middle of a stream what it takes to begin one is told so, and hears no more.
  const watch = (requirement: Requirement, call: PlatformCall) =>
    watchRequirement(platform.authority, call.caller, requirement, (error) => call.abort(error));
  const toMessage = (answer: unknown): ProtoMessage => create(desc.output, answer as ProtoMessage);
  return {
    desc,
    fullName: fullNameOf(desc),
    checkSize(bytes, call) {
      if (bytes <= mostBytesOfStrangers) return;
      limit(undefined, call);
      return authorize(() => authenticated, call);
    },
    check(request, call) {
      checkForm(request, platform.now(), alsoMasked?.(call));
      limit(request, call);
      return authorize(() => requires(request), call);
    },
    handle(request, call) {
      // What only looks publishes nothing worth the storage of who called.
      const answer = looksOnly ? handle(request, call) : runWithCallOrigin(call, () => handle(request, call));
      return answer instanceof Promise ? answer.then(toMessage) : toMessage(answer);
    },
    async *items(request, call) {
      const endWatch = watch(requires(request), call);
      try {
        for await (const item of handle(request, call) as AsyncIterable<unknown>) yield toMessage(item);
      } finally {
        endWatch();
      }
    },
    checkStream(call) {
      limit(undefined, call);
      return authorize(() => requires(call), call);
    },
    async *converse(requests, call) {
      const endWatch = watch(requires(call), call);
      try {
        const answer = handle(
          checkEach(requests, (request) => checkForm(request, platform.now())),
          call,
        );
        if (desc.methodKind === "client_streaming") yield toMessage(await answer);
        else for await (const item of answer as AsyncIterable<unknown>) yield toMessage(item);
      } finally {
        endWatch();
      }
    },
  };
}

function fullNameOf(desc: DescMethod): string {
  return `/${desc.parent.typeName}/${desc.name}`;
}

async function* checkEach<Item>(
  items: AsyncIterable<Item>,
  check: (item: Item) => void,
): AsyncGenerator<Item> {
  for await (const item of items) {
    check(item);
    yield item;
  }
}

/** Authenticates the caller, then asks whether it may. */
function authorizing(desc: DescMethod, { authority, rateLimits }: PlatformOptions) {
  const needsCredentials = getOption(desc.parent, credentials_required);
  const admit = (caller: CallContext["caller"], requirement: Requirement, call: PlatformCall) => {
    call.caller = caller;
    for (const warning of caller.warnings) call.warn(warning);
    return authority.require(caller, requirement);
  };
  return (requires: () => Requirement, call: PlatformCall): void | Promise<void> => {
    const requirement = requires();
    const { authorization, session } = call;
    const isAnonymous = authorization === undefined && session === undefined;
    if (isAnonymous && needsCredentials && requirement.kind !== "public") throw unauthenticated();
    const key = isAnonymous ? "" : rateLimitKey(call);
    if (!isAnonymous) rateLimits.requireNotRefused(key);
    const onRefused = (error: unknown): never => {
      const isRefused = error instanceof SkylarkError && error.code === statusCodes.unauthenticated;
      if (isRefused && !isAnonymous) rateLimits.countRefused(call.remoteAddress, key);
      throw error;
    };
    let caller: CallContext["caller"] | Promise<CallContext["caller"]>;
    try {
      caller = authority.authenticate(call.tenantId, authorization, session, () =>
        rateLimits.requireFewRefused(call.remoteAddress),
      );
    } catch (error) {
      return onRefused(error);
    }
    if (!(caller instanceof Promise)) return admit(caller, requirement, call);
    return caller.then((known) => admit(known, requirement, call), onRefused);
  };
}

/** Counts the call; throws when there were too many of its class. */
function rateLimiting(desc: DescMethod, limits: RateLimits) {
  const ownClass = rateLimitClassOf(desc);
  const fullName = fullNameOf(desc);
  const limitsStrangers = isAttemptOfStrangers(desc);
  return (request: ProtoMessage | undefined, call: PlatformCall): void => {
    const isAnonymous = call.authorization === undefined && call.session === undefined;
    if (ownClass === "attempts" && request !== undefined) {
      limits.takeAttempt(call.remoteAddress, accountOf(call.tenantId, request));
    } else if (isAnonymous && limitsStrangers) limits.takeAttempt(call.remoteAddress, "");
    const rateClass: RateLimitClass =
      ownClass === "attempts"
        ? "writes"
        : isAnonymous && ownClass !== "streams"
          ? "unauthenticated"
          : ownClass;
    call.rateLimit ??= limits.take(rateClass, rateLimitKey(call));
    if (call.rateLimit?.limited === true) throw limits.exceeded(rateClass, fullName);
  };
}

/** Whose password the request is about: two tenants' users of one name are two. */
function accountOf(tenantId: string, request: ProtoMessage): string {
  const { userIds } = request as ProtoMessage & { readonly userIds?: { readonly userId: string } };
  return `${tenantId}/${userIds?.userId ?? ""}`;
}

/**
 * Whoever calls, before it is known who that is: by address, and by the public part of the token, so that one
 * address with many users is not one caller. Nothing secret becomes a key.
 */
function rateLimitKey({ authorization, session, remoteAddress }: PlatformCall): string {
  const token = authorization ?? session;
  if (token === undefined) return remoteAddress;
  const first = token.indexOf(".");
  const second = token.indexOf(".", first + 1);
  if (first < 0 || second < 0 || second - first > 64) return remoteAddress;
  return `${remoteAddress} ${token.slice(first + 1, second)}`;
}

/** Requests that are nothing but identifiers say so when they are invalid. */
const bareIdentifiers = new Set([
  "ttn.lorawan.v3.ApplicationIdentifiers",
  "ttn.lorawan.v3.ClientIdentifiers",
  "ttn.lorawan.v3.EndDeviceIdentifiers",
  "ttn.lorawan.v3.GatewayIdentifiers",
  "ttn.lorawan.v3.OrganizationIdentifiers",
  "ttn.lorawan.v3.UserIdentifiers",
]);

function formCheckOf(
  desc: DescMethod,
): (request: ProtoMessage, nowMs: number, alsoMasked?: ReadonlySet<string>) => void {
  const isBare = bareIdentifiers.has(desc.input.typeName);
  return (request, nowMs, alsoMasked) => {
    const mask = (request as ProtoMessage & { readonly fieldMask?: { readonly paths: readonly string[] } })
      .fieldMask;
    if (mask !== undefined && mask.paths.length > 0) {
      const outside = forbiddenFieldMaskPaths(desc, mask.paths);
      const forbidden = alsoMasked === undefined ? outside : outside.filter((path) => !alsoMasked.has(path));
      if (forbidden.length > 0) throw fieldMaskPaths({ forbidden_paths: forbidden });
      const own = alsoMasked === undefined ? mask.paths : mask.paths.filter((path) => !alsoMasked.has(path));
      const path = nonZeroPath(desc, request, own);
      if (path !== undefined) throw nonZero({ path });
    }
    const violation = validate(desc.input, request, nowMs);
    if (violation === undefined) return;
    const error = validationError(violation);
    throw isBare ? identifiers({}, { cause: error }) : error;
  };
}
