import type { DescField, DescMessage, DescOneof, MessageShape } from "@bufbuild/protobuf";
import { getOption, hasOption } from "@bufbuild/protobuf";
import { isBranch } from "../field-mask/field-mask.ts";
import { masked, one_required } from "../gen/skylark/api/options_pb.ts";
import type { Check } from "./checks.ts";
import { compileChecks } from "./checks.ts";

/** A field that breaks a rule of the schema; `cause` is the violation within an embedded message. */
export interface Violation {
  /** As the API spells it, with an index or key: `ids`, `downlinks[0]`, `attributes[floor]`. */
  readonly field: string;
  readonly reason: string;
  /** `<Message>ValidationError`. */
  readonly name: string;
  readonly cause?: Violation;
}

type Properties = Record<string, unknown>;
/** What of a message is validated: paths below each field; undefined is all. */
type Paths = readonly string[] | undefined;

interface CompiledMessage {
  readonly members: readonly (CompiledField | CompiledOneof)[];
  readonly name: string;
}

interface CompiledField {
  readonly kind: "field";
  readonly desc: DescField;
  readonly required: boolean;
  readonly checks: readonly Check[];
  readonly always: readonly string[] | undefined;
}

interface CompiledOneof {
  readonly kind: "oneof";
  readonly desc: DescOneof;
  readonly required: boolean;
  readonly fields: ReadonlyMap<string, CompiledField>;
}

const compiled = new WeakMap<DescMessage, CompiledMessage>();

/**
 * The first field that breaks a rule of the schema, or undefined. Of a request with a field mask that has paths, only
 * what the mask names and what identifies the entity is validated of the entity that the mask is about.
 */
export function validate<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  nowMs = Date.now(),
): Violation | undefined {
  const properties = message as unknown as Properties;
  const mask = properties.fieldMask as { readonly paths: readonly string[] } | undefined;
  return validateMessage(schema, properties, undefined, { nowMs, mask: mask?.paths ?? [] });
}

interface Request {
  readonly nowMs: number;
  readonly mask: readonly string[];
}

function validateMessage(
  desc: DescMessage,
  message: Properties,
  paths: Paths,
  request: Request,
): Violation | undefined {
  const { members, name } = compile(desc);
  for (const member of members) {
    const below = pathsBelow(member.desc.name, paths);
    if (below === null) continue;
    const violation =
      member.kind === "oneof"
        ? validateOneof(member, message, below, { ...request, mask: [] })
        : validateField(member, message[member.desc.localName], below, request);
    if (violation !== undefined) return { ...violation, name };
  }
  return undefined;
}

type Unnamed = Omit<Violation, "name">;

function validateOneof(
  { desc, required, fields }: CompiledOneof,
  message: Properties,
  paths: Paths,
  request: Request,
): Unnamed | undefined {
  const chosen = message[desc.localName] as { readonly case?: string; readonly value?: unknown };
  if (chosen.case === undefined)
    return required ? { field: desc.name, reason: "value is required" } : undefined;
  const field = fields.get(chosen.case);
  const below = field === undefined ? null : pathsBelow(field.desc.name, paths);
  return field === undefined || below === null
    ? undefined
    : validateField(field, chosen.value, below, request);
}

function validateField(
  { desc, required, checks, always }: CompiledField,
  value: unknown,
  paths: Paths,
  request: Request,
): Unnamed | undefined {
  if (value === undefined) return required ? { field: desc.name, reason: "value is required" } : undefined;
  for (const check of checks) {
    const failure = check(value, request.nowMs);
    if (failure !== undefined) return { field: desc.name + (failure.at ?? ""), reason: failure.reason };
  }
  const inner = request.mask.length > 0 && always !== undefined ? [...request.mask, ...always] : paths;
  return validateEmbedded(desc, value, inner, request);
}

function validateEmbedded(
  desc: DescField,
  value: unknown,
  paths: Paths,
  request: Request,
): Unnamed | undefined {
  if (desc.message === undefined || desc.message.typeName.startsWith("google.protobuf.")) return undefined;
  const within = { ...request, mask: [] };
  if (isBranch(desc)) {
    return embedded(desc.name, validateMessage(desc.message, value as Properties, paths, within));
  }
  for (const [key, each] of Object.entries(value as object)) {
    const cause = validateMessage(desc.message, each as Properties, undefined, within);
    if (cause !== undefined) return embedded(`${desc.name}[${key}]`, cause);
  }
  return undefined;
}

function embedded(field: string, cause: Violation | undefined): Unnamed | undefined {
  return cause && { field, reason: "embedded message failed validation", cause };
}

/** The paths below a field; undefined for the whole of it, null when the paths leave it out. */
function pathsBelow(name: string, paths: Paths): Paths | null {
  if (paths === undefined) return undefined;
  if (paths.includes(name)) return undefined;
  const below = paths
    .filter((path) => path.startsWith(`${name}.`))
    .map((path) => path.slice(name.length + 1));
  return below.length === 0 ? null : below;
}

function compile(desc: DescMessage): CompiledMessage {
  let message = compiled.get(desc);
  if (message === undefined) {
    message = {
      name: `${desc.name}ValidationError`,
      members: desc.members.map((member) =>
        member.kind === "oneof" ? compileOneof(member) : compileField(member),
      ),
    };
    compiled.set(desc, message);
  }
  return message;
}

function compileField(desc: DescField): CompiledField {
  const { required, checks } = compileChecks(desc);
  const always = hasOption(desc, masked) ? getOption(desc, masked).always : undefined;
  return { kind: "field", desc, required, checks, always };
}

function compileOneof(desc: DescOneof): CompiledOneof {
  return {
    kind: "oneof",
    desc,
    required: getOption(desc, one_required),
    fields: new Map(desc.fields.map((field) => [field.localName, compileField(field)])),
  };
}
