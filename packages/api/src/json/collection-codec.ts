import type { JsonObject } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { JSONDecodeError, kindOf } from "./json-decode-error.ts";
import { scalarCodec } from "./scalar-codec.ts";
import type { ValueCodec } from "./value-codec.ts";
import { setOwn } from "./well-known-codec.ts";

export function listCodec(item: ValueCodec): ValueCodec {
  return {
    isZero: (value) => (value as readonly unknown[]).length === 0,
    toValue: (value) => (value as readonly unknown[]).map((each) => item.toValue(each)),
    read(json, depth) {
      if (!Array.isArray(json)) throw new JSONDecodeError(`expected a list, got ${kindOf(json)}`);
      return json.map((each, index) => {
        try {
          return item.read(each, depth);
        } catch (error) {
          throw error instanceof JSONDecodeError ? error.within(`[${index}]`) : error;
        }
      });
    },
  };
}

export function mapCodec(keyType: ScalarType, item: ValueCodec): ValueCodec {
  const readKey = keyReader(keyType);
  return {
    isZero: (value) => Object.keys(value as object).length === 0,
    toValue(value) {
      const object: JsonObject = {};
      for (const [key, each] of Object.entries(value as object)) setOwn(object, key, item.toValue(each));
      return object;
    },
    read(json, depth) {
      if (typeof json !== "object" || json === null || Array.isArray(json)) {
        throw new JSONDecodeError(`expected an object, got ${kindOf(json)}`);
      }
      const map = {};
      for (const [key, value] of Object.entries(json)) {
        try {
          setOwn(map, readKey(key), item.read(value, depth));
        } catch (error) {
          throw error instanceof JSONDecodeError ? error.within(key) : error;
        }
      }
      return map;
    },
  };
}

/** JSON keys are text; what they mean must fit the key's type. */
function keyReader(type: ScalarType): (key: string) => string {
  if (type === ScalarType.STRING) return (key) => key;
  if (type === ScalarType.BOOL) {
    return (key) => {
      if (key === "true" || key === "false") return key;
      throw new JSONDecodeError("expected true or false as the key");
    };
  }
  const codec = scalarCodec(type);
  return (key) => String(codec.read(key, 0));
}
