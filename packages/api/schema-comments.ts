import { execFileSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary } from "@bufbuild/protobuf";
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FileDescriptorProto,
  ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const packageFolder = fileURLToPath(new URL(".", import.meta.url));
const binaries = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
const ours = /^(ttn|tti|skylark\/v1)\//;

/**
 * What the `.proto` files say of each service, method, message, field and enum, by its full name, and of each file by
 * its path. Descriptors have no comments at run time, so this asks the compiler.
 */
export function schemaComments(): ReadonlyMap<string, string> {
  const image = execFileSync(join(binaries, "buf"), ["build", "--output", "-"], {
    cwd: packageFolder,
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH}` },
    maxBuffer: 64 * 1024 * 1024,
  });
  const comments = new Map<string, string>();
  for (const file of fromBinary(FileDescriptorSetSchema, image).file) {
    if (ours.test(file.name)) addComments(file, comments);
  }
  return new Map([...comments].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same as a module of `src`, which is loaded when somebody asks for the OpenAPI document. */
export function commentsModule(): string {
  const entries = [...schemaComments()].map(
    ([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`,
  );
  return (
    "/** Generated from the comments of the `.proto` files by `npm run docs`; a test holds both together. */\n" +
    `// biome-ignore format: one entry a line\nexport const comments: Readonly<Record<string, string>> = {\n${entries.join("")}};\n`
  );
}

function addComments(file: FileDescriptorProto, comments: Map<string, string>): void {
  for (const { path, leadingComments } of file.sourceCodeInfo?.location ?? []) {
    const name = leadingComments === "" ? undefined : nameAt(file, path);
    if (name !== undefined) comments.set(name, leadingComments.trim().replace(/\s*\n\s*/g, " "));
  }
}

/** Field numbers of `descriptor.proto`, which the paths of locations consist of. */
const inFile = { message: 4, enum: 5, service: 6, syntax: 12 };
const inMessage = { field: 2, message: 3, enum: 4 };
const inEnum = { value: 2 };
const inService = { method: 2 };

function nameAt(file: FileDescriptorProto, path: readonly number[]): string | undefined {
  const [kind, index = 0, ...rest] = path;
  if (kind === inFile.syntax && path.length === 1) return file.name;
  if (kind === inFile.message) return nameInMessage(file.package, file.messageType[index], rest);
  if (kind === inFile.enum) return nameInEnum(file.package, file.enumType[index], rest);
  if (kind === inFile.service) return nameInService(file.package, file.service[index], rest);
  return undefined;
}

function nameInMessage(
  parent: string,
  message: DescriptorProto | undefined,
  path: readonly number[],
): string | undefined {
  if (message === undefined) return undefined;
  const name = `${parent}.${message.name}`;
  const [kind, index = 0, ...rest] = path;
  if (kind === undefined) return name;
  if (kind === inMessage.field && rest.length === 0) return `${name}.${message.field[index]?.name}`;
  if (kind === inMessage.message) return nameInMessage(name, message.nestedType[index], rest);
  if (kind === inMessage.enum) return nameInEnum(name, message.enumType[index], rest);
  return undefined;
}

function nameInEnum(
  parent: string,
  desc: EnumDescriptorProto | undefined,
  path: readonly number[],
): string | undefined {
  if (desc === undefined) return undefined;
  const [kind, index = 0, ...rest] = path;
  if (kind === undefined) return `${parent}.${desc.name}`;
  if (kind !== inEnum.value || rest.length > 0) return undefined;
  return `${parent}.${desc.name}.${desc.value[index]?.name}`;
}

function nameInService(
  parent: string,
  service: ServiceDescriptorProto | undefined,
  path: readonly number[],
): string | undefined {
  if (service === undefined) return undefined;
  const [kind, index = 0, ...rest] = path;
  if (kind === undefined) return `${parent}.${service.name}`;
  if (kind !== inService.method || rest.length > 0) return undefined;
  return `${parent}.${service.name}.${service.method[index]?.name}`;
}
