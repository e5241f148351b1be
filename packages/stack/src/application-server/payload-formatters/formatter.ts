import type { At } from "../../clock/clock.ts";

/** What a formatter made of bytes. */
export interface DecodedPayload {
  /** A JSON object; absent where the formatter gave none. */
  readonly json: string | undefined;
  readonly warnings: readonly string[];
}

/** What a formatter made of an object. */
export interface EncodedPayload {
  readonly bytes: Uint8Array;
  readonly fPort?: number;
  readonly warnings: readonly string[];
}

/** Turns bytes into objects and back. Each method throws a named error on bad input or a bad script. */
export interface PayloadFormatter {
  decodeUplink(bytes: Uint8Array, fPort: number, receivedAt: At): DecodedPayload | Promise<DecodedPayload>;
  /** `json` is a JSON object. */
  encodeDownlink(json: string, fPort: number): EncodedPayload | Promise<EncodedPayload>;
  decodeDownlink(bytes: Uint8Array, fPort: number): DecodedPayload | Promise<DecodedPayload>;
}

export const noWarnings: readonly string[] = [];
