import type { DescMessage, JsonObject, Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { AnySchema, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { messageByTypeUrl, registry } from "../registry.ts";
import { JSONDecodeError, kindOf } from "./json-decode-error.ts";
import type { ValueCodec } from "./value-codec.ts";

/** A message with its type: the fields beside `@type`, or `value` where the type's own JSON is no object of fields. */
export function anyCodec(codecOf: (desc: DescMessage) => ValueCodec): ValueCodec {
  const toValue = (value: unknown): JsonObject => {
    const any = value as Any;
    const desc = messageByTypeUrl(any.typeUrl);
    const message = unpack(any);
    // Who does not know the type can still pass it on.
    if (desc === undefined || message === undefined) {
      return any.typeUrl === "" ? {} : { "@type": any.typeUrl, value: any.value.toBase64() };
    }
    const json = codecOf(desc).toValue(message);
    return hasOwnForm(desc, json)
      ? { "@type": any.typeUrl, value: json }
      : { "@type": any.typeUrl, ...(json as JsonObject) };
  };
  return {
    isZero: () => false,
    toValue,
    read(json, depth) {
      if (typeof json !== "object" || json === null || Array.isArray(json)) {
        throw new JSONDecodeError(`expected an object, got ${kindOf(json)}`);
      }
      const typeUrl = json["@type"];
      if (typeUrl === undefined && Object.keys(json).length === 0) return create(AnySchema);
      if (typeof typeUrl !== "string") throw new JSONDecodeError("expected the name of a type", "@type");
      const desc = messageByTypeUrl(typeUrl);
      if (desc === undefined) throw new JSONDecodeError(`unknown type ${JSON.stringify(typeUrl)}`, "@type");
      const codec = codecOf(desc);
      const message = codec.read(isField(desc) ? (json.value ?? null) : json, depth + 1) as Message;
      return { ...anyPack(desc, message), typeUrl };
    },
  };
}

function unpack(any: Any): Message | undefined {
  try {
    return anyUnpack(any, registry);
  } catch {
    return undefined;
  }
}

const hasOwnForm = (desc: DescMessage, json: unknown): boolean =>
  isField(desc) || typeof json !== "object" || json === null || Array.isArray(json);

/** google.protobuf's types with a JSON of their own go under `value`; Empty is an ordinary, empty object. */
function isField(desc: DescMessage): boolean {
  return desc.typeName.startsWith("google.protobuf.") && desc.typeName !== "google.protobuf.Empty";
}
