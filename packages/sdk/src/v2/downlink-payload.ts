/** What is sent to a device: bytes in one of several forms, or fields for the application's encoder. */
export type DownlinkPayload = string | Uint8Array | readonly number[] | { readonly [field: string]: unknown };

export type TextEncoding = "hex" | "base64";

/** How the payload stands in the message to the handler. Text is hexadecimal if it can be, else Base64. */
export function payloadMembers(
  payload: DownlinkPayload,
  encoding?: TextEncoding,
): { payload_raw: string } | { payload_fields: object } {
  if (typeof payload === "string") return { payload_raw: base64Of(payload, encoding) };
  if (payload instanceof Uint8Array) return { payload_raw: Buffer.from(payload).toString("base64") };
  if (Array.isArray(payload)) {
    if (!payload.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) {
      throw new RangeError("a payload of numbers has bytes, 0 to 255");
    }
    return { payload_raw: Buffer.from(payload).toString("base64") };
  }
  if (typeof payload !== "object" || payload === null) {
    throw new TypeError("a payload is text, bytes, or an object of fields");
  }
  return { payload_fields: payload };
}

const hexadecimal = /^(?:[0-9A-Fa-f]{2})+$/;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function base64Of(text: string, encoding: TextEncoding | undefined): string {
  if (encoding !== "base64" && hexadecimal.test(text)) return Buffer.from(text, "hex").toString("base64");
  if (encoding !== "hex" && base64.test(text)) return text;
  throw new TypeError(`the payload is not ${encoding ?? "hexadecimal or base64"}: ${text.slice(0, 60)}`);
}
