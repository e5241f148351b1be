import type { DescMessage, JsonObject, JsonValue, MessageShape } from "@bufbuild/protobuf";
import { messageCodec } from "./message-codec.ts";

/** A message as the API's JSON. */
export function toJSON<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): JsonObject {
  return messageCodec(schema).toValue(message) as JsonObject;
}

/** A message as the text of the API's JSON. */
export function toJSONText<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return JSON.stringify(messageCodec(schema).toValue(message));
}

/** Reads what `JSON.parse` gave; throws `JSONDecodeError` where it does not fit the schema. Unknown fields are ignored. */
export function fromJSON<Desc extends DescMessage>(schema: Desc, json: unknown): MessageShape<Desc> {
  return messageCodec(schema).read(json as JsonValue, 0) as MessageShape<Desc>;
}
