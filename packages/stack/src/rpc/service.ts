import type { DescMethod, DescService, MessageInitShape, MessageShape, Right } from "@skylark/api";
import type { EntityReference, TenantId } from "../domain/identifiers.ts";

/** What a caller must hold before a method is handled; checked by the platform, in this order of kinds for `allOf`. */
export type Requirement =
  /** Anyone, also without credentials. */
  | { readonly kind: "public" }
  /** Any valid credential. */
  | { readonly kind: "authenticated" }
  | { readonly kind: "rights"; readonly entity: EntityReferenceInTenant; readonly rights: readonly Right[] }
  /** At least one right on the entity, whichever. */
  | { readonly kind: "anyRight"; readonly entity: EntityReferenceInTenant }
  /** Rights on every entity of the tenant. */
  | { readonly kind: "universal"; readonly rights: readonly Right[] }
  | { readonly kind: "allOf"; readonly requirements: readonly Requirement[] }
  /** The answer itself depends on what the caller may see; `reason` says how the handler decides. */
  | { readonly kind: "handler"; readonly reason: string };

/** As `EntityReference`; the platform adds the tenant of the call. */
export type EntityReferenceInTenant = Omit<EntityReference, "tenantId">;

/** Who calls. The Identity Server's own type extends it. */
export interface Caller {
  readonly tenantId: TenantId;
  readonly isAdmin: boolean;
  readonly warnings: readonly string[];
}

/** What the platform needs of the Identity Server. Both answer without a promise when they know from memory. */
export interface Authority {
  /** `authorization` as the header or metadata carries it; undefined gives an anonymous caller. Throws named errors. */
  authenticate(
    tenantId: TenantId,
    authorization: string | undefined,
    /** The session's cookie, when there is no `authorization` and the request is the browser's own. */
    session?: string,
    /** Called before a credential is looked up that is not in memory; may throw. */
    beforeLookup?: () => void,
  ): Caller | Promise<Caller>;
  /** Throws what is missing, by its own error. `callerRequired`: as on NS, AS, JS, GS, no credentials at all is 401. */
  require(caller: Caller, requirement: Requirement): void | Promise<void>;
  /** Names of the rights that a caller holds on an entity, as it stands now; empty when none. */
  rightsOn(caller: Caller, entity: EntityReferenceInTenant): ReadonlySet<Right> | Promise<ReadonlySet<Right>>;
  /** As `require`, of the caller as it stands now: for calls that last. */
  requireStill(caller: Caller, requirement: Requirement): void | Promise<void>;
  /**
   * Calls back soon, and then whenever what the caller may do on these entities may have changed; again later when the
   * recheck fails. Returns what ends it.
   */
  watch(
    caller: Caller,
    entities: readonly EntityReferenceInTenant[],
    recheck: () => void | Promise<void>,
  ): () => void;
}

/** One call of one method. */
export interface CallContext {
  readonly tenantId: TenantId;
  readonly caller: Caller;
  readonly requestId: string;
  /** `rpc:/ttn.lorawan.v3.<Service>/<Method>:<ULID>`, and those the caller sent. */
  readonly correlationIds: readonly string[];
  readonly remoteAddress: string;
  readonly userAgent: string;
  /** Aborted when the client is gone or the server stops. */
  readonly signal: AbortSignal;
  /** Sends an X-Warning header. */
  warn(text: string): void;
  /** Sends X-Total-Count. */
  setTotalCount(count: number): void;
  /** Sends a header of that name, lower-case; over HTTP with the prefix of metadata. */
  setHeader(name: string, value: string): void;
  /** Request headers of ours, lower-case names, e.g. `x-skylark-cascade`. */
  header(name: string): string | undefined;
}

interface UnaryMethod<M extends DescMethod> {
  readonly requires: (request: MessageShape<M["input"]>) => Requirement;
  readonly handle: (
    request: MessageShape<M["input"]>,
    context: CallContext,
  ) => MessageInitShape<M["output"]> | Promise<MessageInitShape<M["output"]>>;
  /** Paths that a field mask may name in this call besides those of the schema. */
  readonly alsoMasked?: (context: CallContext) => ReadonlySet<string> | undefined;
}

interface ServerStreamingMethod<M extends DescMethod> {
  readonly requires: (request: MessageShape<M["input"]>) => Requirement;
  readonly handle: (
    request: MessageShape<M["input"]>,
    context: CallContext,
  ) => AsyncIterable<MessageInitShape<M["output"]>>;
}

interface ClientStreamingMethod<M extends DescMethod> {
  /** Before any message is there: who calls on behalf of what is in the call's metadata. */
  readonly requires: (context: CallContext) => Requirement;
  readonly handle: (
    requests: AsyncIterable<MessageShape<M["input"]>>,
    context: CallContext,
  ) => MessageInitShape<M["output"]> | Promise<MessageInitShape<M["output"]>>;
}

interface BidiStreamingMethod<M extends DescMethod> {
  readonly requires: (context: CallContext) => Requirement;
  readonly handle: (
    requests: AsyncIterable<MessageShape<M["input"]>>,
    context: CallContext,
  ) => AsyncIterable<MessageInitShape<M["output"]>>;
}

interface MethodKinds<M extends DescMethod> {
  readonly unary: UnaryMethod<M>;
  readonly server_streaming: ServerStreamingMethod<M>;
  readonly client_streaming: ClientStreamingMethod<M>;
  readonly bidi_streaming: BidiStreamingMethod<M>;
}

/** A method of the schema whose server is not there yet; `area` says where it belongs. */
export interface LaterMethod {
  readonly later: string;
}

type MethodOf<M extends DescMethod> = MethodKinds<M>[M["methodKind"]] | LaterMethod;

/** A method without `requires`, and a service without one of its methods, do not compile. */
export type ServiceMethods<S extends DescService> = {
  readonly [N in keyof S["method"]]: MethodOf<S["method"][N]>;
};

/** A service of the schema with its handlers. */
export interface ServiceImplementation {
  readonly descriptor: DescService;
  readonly methods: Readonly<Record<string, MethodOf<DescMethod>>>;
}

export function implement<S extends DescService>(
  descriptor: S,
  methods: ServiceMethods<S>,
): ServiceImplementation {
  return { descriptor, methods: methods as unknown as ServiceImplementation["methods"] };
}

/** A service of the schema that no server has yet: each method says to which area it belongs. */
export function later(descriptor: DescService, area: string): ServiceImplementation {
  const methods = descriptor.methods.map(({ localName }) => [localName, { later: area }] as const);
  return { descriptor, methods: Object.fromEntries(methods) };
}

export const anyone: Requirement = { kind: "public" };
export const authenticated: Requirement = { kind: "authenticated" };

/** Rights on an application. */
export function application(id: string | undefined, ...rights: readonly Right[]): Requirement {
  return { kind: "rights", entity: { type: "application", id: id ?? "" }, rights };
}

/** Rights on a gateway. */
export function gateway(id: string | undefined, ...rights: readonly Right[]): Requirement {
  return { kind: "rights", entity: { type: "gateway", id: id ?? "" }, rights };
}

/** Rights on a user. */
export function user(id: string | undefined, ...rights: readonly Right[]): Requirement {
  return { kind: "rights", entity: { type: "user", id: id ?? "" }, rights };
}

/** Rights on an organization. */
export function organization(id: string | undefined, ...rights: readonly Right[]): Requirement {
  return { kind: "rights", entity: { type: "organization", id: id ?? "" }, rights };
}

/** Rights on an OAuth client. */
export function client(id: string | undefined, ...rights: readonly Right[]): Requirement {
  return { kind: "rights", entity: { type: "client", id: id ?? "" }, rights };
}

export function allOf(...requirements: readonly Requirement[]): Requirement {
  return { kind: "allOf", requirements };
}
