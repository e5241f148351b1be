import type { DescMethod, MessageInitShape, MessageShape, ProtoMessage } from "@skylark/api";
import { create } from "@skylark/api";
import type { Clock } from "../clock/clock.ts";
import { type Method, methodsOf, type PlatformOptions } from "./method.ts";
import { PlatformCall } from "./platform-call.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Authority, ServiceImplementation } from "./service.ts";

/** On whose behalf a method is called, and what came with the call that leads to it. */
export interface CallerDetails {
  readonly tenantId: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  /** As the header has it, e.g. `Bearer NNSXS.…`; absent for a caller without credentials. */
  readonly authorization?: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface InProcessAnswer<Message> {
  /** May be shared with other callers: not to be changed. */
  readonly message: Message;
  readonly totalCount: number | undefined;
  readonly warnings: readonly string[];
}

type UnaryMethod = DescMethod & { readonly methodKind: "unary" };

/**
 * Calls methods of the platform from inside the process, for surfaces that speak another language to their clients: with
 * the same validation, limits, rights, events and errors as a call from outside.
 */
export interface InProcessCaller {
  call<M extends UnaryMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    caller: CallerDetails,
  ): Promise<InProcessAnswer<MessageShape<M["output"]>>>;
}

export interface InProcessOptions {
  readonly services: readonly ServiceImplementation[];
  readonly authority: Authority;
  readonly clock: Clock;
  readonly rateLimits: RateLimits;
}

export function createInProcessCaller({ services, clock, ...given }: InProcessOptions): InProcessCaller {
  const platform: PlatformOptions = { ...given, now: () => clock.now() };
  // Made at the first call: nobody may ever make one.
  let methods: Map<DescMethod, Method> | undefined;
  const find = (desc: DescMethod): Method => {
    methods ??= new Map(
      services.flatMap((service) => methodsOf(service, platform)).map((method) => [method.desc, method]),
    );
    const method = methods.get(desc);
    if (method === undefined) throw new TypeError(`${desc.toString()} is not served`);
    return method;
  };
  return {
    async call<M extends UnaryMethod>(
      desc: M,
      request: MessageInitShape<M["input"]>,
      details: CallerDetails,
    ): Promise<InProcessAnswer<MessageShape<M["output"]>>> {
      const method = find(desc);
      const call = new InProcessCall(details, clock.now());
      call.fullName = method.fullName;
      const input: ProtoMessage = create<M["input"]>(desc.input, request);
      await method.check(input, call);
      const message = (await method.handle(input, call)) as MessageShape<M["output"]>;
      return { message, totalCount: call.totalCount, warnings: call.warnings };
    },
  };
}

class InProcessCall extends PlatformCall {
  readonly authorization: string | undefined;
  readonly session = undefined;
  readonly userAgent: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(details: CallerDetails, now: number) {
    super({ tenantId: details.tenantId, remoteAddress: details.remoteAddress, now });
    this.authorization = details.authorization;
    this.userAgent = details.userAgent;
    this.#headers = details.headers ?? {};
  }

  header(name: string): string | undefined {
    return this.#headers[name];
  }
}
