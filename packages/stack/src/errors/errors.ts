/** gRPC status codes by the name used in definitions (google.rpc.Code). */
export const statusCodes = {
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

export type StatusCodeName = keyof typeof statusCodes;

/** A value shown to the caller; never a secret. */
export type ErrorAttribute = string | number | boolean | readonly string[];

/** The names between braces of a message format, so that a missing or misspelt attribute does not compile. */
type AttributeNames<Format extends string> = Format extends `${string}{${infer Name}}${infer Rest}`
  ? Name | AttributeNames<Rest>
  : never;

export type AttributesOf<Format extends string> = {
  readonly [N in AttributeNames<Format>]: ErrorAttribute;
} & {
  readonly [extra: string]: ErrorAttribute;
};

export interface ErrorDefinition {
  /** As the API shows it, e.g. `pkg/networkserver`; clients match on it. */
  readonly namespace: string;
  readonly name: string;
  readonly messageFormat: string;
  readonly code: number;
}

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Further machine-readable details for API callers, as (message name, plain object) pairs. */
  readonly details?: readonly { readonly type: string; readonly value: object }[];
}

/** An error that may be shown to whoever caused it. Everything else thrown is ours and is shown as internal. */
export class SkylarkError extends Error {
  readonly definition: ErrorDefinition;
  readonly attributes: Readonly<Record<string, ErrorAttribute>>;
  readonly details: NonNullable<ErrorOptions["details"]>;

  constructor(
    definition: ErrorDefinition,
    attributes: Readonly<Record<string, ErrorAttribute>> = {},
    options: ErrorOptions = {},
  ) {
    super(
      formatMessage(definition, attributes),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = `${definition.namespace}:${definition.name}`;
    this.definition = definition;
    this.attributes = attributes;
    this.details = options.details ?? [];
  }

  get code(): number {
    return this.definition.code;
  }

  /** The text of a google.rpc.Status: `error:<namespace>:<name> (<message>)`. */
  get statusMessage(): string {
    return `error:${this.definition.namespace}:${this.definition.name} (${this.message})`;
  }
}

function formatMessage(
  definition: ErrorDefinition,
  attributes: Readonly<Record<string, ErrorAttribute>>,
): string {
  return definition.messageFormat.replace(/\{([a-z0-9_]+)\}/g, (whole, name: string) => {
    const value = attributes[name];
    return value === undefined ? whole : Array.isArray(value) ? value.join(", ") : String(value);
  });
}

/** Throws nothing: builds the error, so that the call site reads `throw notFound({ id })`. */
export interface ErrorConstructor<Format extends string> {
  (
    ...args: [AttributeNames<Format>] extends [never]
      ? [attributes?: Readonly<Record<string, ErrorAttribute>>, options?: ErrorOptions]
      : [attributes: AttributesOf<Format>, options?: ErrorOptions]
  ): SkylarkError;
  readonly definition: ErrorDefinition;
}

type Definers = {
  readonly [C in StatusCodeName]: <const Format extends string>(
    name: string,
    messageFormat: Format,
  ) => ErrorConstructor<Format>;
};

const registry = new Map<string, ErrorDefinition>();

/** Every error definition loaded so far, for the documentation and the test that compares both ways. */
export function errorDefinitions(): readonly ErrorDefinition[] {
  return [...registry.values()];
}

/** Definers of one namespace: `const errors = defineErrors("pkg/networkserver")`, then `errors.notFound("x", "…")`. */
export function defineErrors(namespace: string): Definers {
  const define =
    (code: number) =>
    (name: string, messageFormat: string): ErrorConstructor<string> => {
      const definition: ErrorDefinition = { namespace, name, messageFormat, code };
      const key = `${namespace}:${name}`;
      const known = registry.get(key);
      if (known !== undefined && (known.messageFormat !== messageFormat || known.code !== code)) {
        throw new Error(`error ${key} is defined twice, differently`);
      }
      registry.set(key, definition);
      const construct = (attributes?: Readonly<Record<string, ErrorAttribute>>, options?: ErrorOptions) =>
        new SkylarkError(definition, attributes, options);
      return Object.assign(construct, { definition }) as ErrorConstructor<string>;
    };
  const entries = Object.entries(statusCodes).map(([name, code]) => [name, define(code)]);
  return Object.fromEntries(entries) as Definers;
}
