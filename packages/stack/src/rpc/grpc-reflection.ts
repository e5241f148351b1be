import type {
  DescExtension,
  DescFile,
  DescMessage,
  DescService,
  MessageInitShape,
  ServerReflectionResponseSchema,
} from "@skylark/api";
import {
  create,
  FileDescriptorProtoSchema,
  fromBinary,
  ServerReflection,
  ServerReflectionAlpha,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  statusCodes,
  toBinary,
} from "@skylark/api";
import { anyone, implement, type ServiceImplementation } from "./service.ts";

/** Tells clients such as grpcurl the schema of what is served: the services given, and these themselves. */
export function reflectionServices(services: readonly DescService[]): readonly ServiceImplementation[] {
  let known: SchemaIndex | undefined;
  // At first use: few clients ask.
  const schema = (): SchemaIndex => {
    known ??= indexOf([...services, ServerReflection, ServerReflectionAlpha]);
    return known;
  };
  const { input, output } = ServerReflection.method.serverReflectionInfo;
  const alpha = ServerReflectionAlpha.method.serverReflectionInfo;
  return [
    implement(ServerReflection, {
      serverReflectionInfo: { requires: () => anyone, handle: (requests) => answerEach(schema(), requests) },
    }),
    implement(ServerReflectionAlpha, {
      serverReflectionInfo: {
        requires: () => anyone,
        // Both versions are the same but for their names.
        async *handle(requests) {
          const current = mapEach(requests, (request) => fromBinary(input, toBinary(alpha.input, request)));
          for await (const answer of answerEach(schema(), current)) {
            yield fromBinary(alpha.output, toBinary(output, answer));
          }
        },
      },
    }),
  ];
}

type AnswerInit = Exclude<MessageInitShape<typeof ServerReflectionResponseSchema>, ServerReflectionResponse>;
type Answer = NonNullable<AnswerInit["messageResponse"]>;

async function* answerEach(schema: SchemaIndex, requests: AsyncIterable<ServerReflectionRequest>) {
  const sent = new Set<DescFile>();
  for await (const request of requests) {
    const messageResponse = answerTo(schema, request, sent);
    yield create(ServerReflection.method.serverReflectionInfo.output, {
      validHost: request.host,
      originalRequest: request,
      messageResponse,
    });
  }
}

function answerTo(
  schema: SchemaIndex,
  { messageRequest }: ServerReflectionRequest,
  sent: Set<DescFile>,
): Answer {
  switch (messageRequest.case) {
    case "listServices": {
      const service = schema.serviceNames.map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } };
    }
    case "fileByFilename":
      return files(schema.files.get(messageRequest.value), sent) ?? notFound(`file ${messageRequest.value}`);
    case "fileContainingSymbol":
      return (
        files(schema.symbols.get(messageRequest.value), sent) ?? notFound(`symbol ${messageRequest.value}`)
      );
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = messageRequest.value;
      const file = schema.extensions.get(containingType)?.get(extensionNumber)?.file;
      return files(file, sent) ?? notFound(`extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType": {
      const baseTypeName = messageRequest.value;
      if (!schema.messageNames.has(baseTypeName)) return notFound(`message ${baseTypeName}`);
      const extensionNumber = [...(schema.extensions.get(baseTypeName)?.keys() ?? [])];
      return { case: "allExtensionNumbersResponse", value: { baseTypeName, extensionNumber } };
    }
    default:
      return {
        case: "errorResponse",
        value: { errorCode: statusCodes.invalidArgument, errorMessage: "the request asks for nothing" },
      };
  }
}

function notFound(what: string): Answer {
  const errorMessage = `${what.slice(0, 500)} is not part of the schema`;
  return { case: "errorResponse", value: { errorCode: statusCodes.notFound, errorMessage } };
}

/** The file, and what it imports as far as this client has not been sent it. */
function files(file: DescFile | undefined, sent: Set<DescFile>): Answer | undefined {
  if (file === undefined) return undefined;
  const wanted = new Set([file]);
  for (const one of wanted)
    for (const imported of one.dependencies) if (!sent.has(imported)) wanted.add(imported);
  for (const one of wanted) sent.add(one);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: [...wanted].map(bytesOf) } };
}

/** Whoever is a stranger may ask again and again. */
const bytesOfFiles = new WeakMap<DescFile, Uint8Array>();

function bytesOf(file: DescFile): Uint8Array {
  const known = bytesOfFiles.get(file);
  if (known !== undefined) return known;
  const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
  bytesOfFiles.set(file, bytes);
  return bytes;
}

interface SchemaIndex {
  readonly serviceNames: readonly string[];
  /** By the path that other files import. */
  readonly files: ReadonlyMap<string, DescFile>;
  readonly symbols: ReadonlyMap<string, DescFile>;
  readonly messageNames: ReadonlySet<string>;
  /** By the message that they extend, and their number. */
  readonly extensions: ReadonlyMap<string, ReadonlyMap<number, DescExtension>>;
}

function indexOf(services: readonly DescService[]): SchemaIndex {
  const all = new Set(services.map(({ file }) => file));
  for (const file of all) for (const imported of file.dependencies) all.add(imported);
  const symbols = new Map<string, DescFile>();
  const messageNames = new Set<string>();
  const extensions = new Map<string, Map<number, DescExtension>>();
  const addExtension = (extension: DescExtension): void => {
    const { typeName } = extension.extendee;
    extensions.set(typeName, (extensions.get(typeName) ?? new Map()).set(extension.number, extension));
  };
  const addMessage = (message: DescMessage): void => {
    messageNames.add(message.typeName);
    for (const name of namesOf(message)) symbols.set(name, message.file);
    message.nestedMessages.forEach(addMessage);
    message.nestedExtensions.forEach(addExtension);
  };
  for (const file of all) {
    file.messages.forEach(addMessage);
    file.extensions.forEach(addExtension);
    for (const { typeName, values } of file.enums) {
      const scope = typeName.slice(0, typeName.lastIndexOf(".") + 1);
      for (const name of [typeName, ...values.map((value) => scope + value.name)]) symbols.set(name, file);
    }
    for (const { typeName } of file.extensions) symbols.set(typeName, file);
    for (const { typeName, methods } of file.services) {
      for (const name of [typeName, ...methods.map((method) => `${typeName}.${method.name}`)]) {
        symbols.set(name, file);
      }
    }
  }
  const serviceNames = services.map(({ typeName }) => typeName).toSorted();
  const byName = new Map([...all].map((file) => [file.proto.name, file]));
  return { serviceNames, files: byName, symbols, messageNames, extensions };
}

/** The message, and what it declares. */
function namesOf(message: DescMessage): readonly string[] {
  const declared = [
    ...message.fields,
    ...message.oneofs,
    ...message.nestedEnums.flatMap(({ name, values }) => [{ name }, ...values]),
    // Those of map fields are no messages of their own otherwise.
    ...message.proto.nestedType,
  ];
  return [
    message.typeName,
    ...declared.map(({ name }) => `${message.typeName}.${name}`),
    ...message.nestedExtensions.map(({ typeName }) => typeName),
  ];
}

async function* mapEach<From, To>(items: AsyncIterable<From>, map: (item: From) => To): AsyncGenerator<To> {
  for await (const item of items) yield map(item);
}
