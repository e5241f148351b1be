import type { At } from "../../clock/clock.ts";
import type { Priority } from "../../domain/downlink.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";

/** A gateway that a class B or C downlink must leave through. */
export interface FixedPath {
  readonly gatewayId: string;
  readonly antennaIndex: number;
  readonly groupIndex: number;
}

/** A downlink as an application asks for it. */
export interface DownlinkRequest {
  readonly fPort?: number;
  readonly frmPayload?: Uint8Array;
  /** For the encoder: a JSON object. */
  readonly decodedPayload?: string;
  readonly confirmed: boolean;
  readonly priority: Priority;
  readonly correlationIds: readonly string[];
  readonly classBC?: { readonly absoluteTime?: At; readonly gateways: readonly FixedPath[] };
  readonly maxAttempts?: number;
  /** The session it is encrypted for, where the application does its own cryptography. */
  readonly sessionKeyId?: Uint8Array;
  /** Its counter in that session. */
  readonly fCnt?: number;
}

/** What stays the same of a downlink while it is queued. */
export interface DownlinkContent {
  readonly fPort: number;
  /** Plain, unless `encrypted`. */
  readonly frmPayload: Uint8Array;
  /** By the application; then counter and session are fixed. */
  readonly encrypted: boolean;
  /** A JSON object. */
  readonly decodedPayload?: string;
  readonly warnings: readonly string[];
  readonly confirmed: boolean;
  readonly priority: Priority;
  readonly correlationIds: readonly string[];
  readonly classBC?: NonNullable<DownlinkRequest["classBC"]>;
  readonly maxAttempts?: number;
  /** Times that a confirmed downlink was sent without an answer. */
  readonly attempt: number;
}

/** A downlink with its place in a queue. */
export interface DownlinkItem extends DownlinkContent {
  /** Row of the store; rises along the queue. */
  readonly id: number;
  readonly ids: EndDeviceIdentifiers;
  readonly sessionKeyId: Uint8Array;
  readonly fCnt: number;
}

type StoredContent = Omit<DownlinkContent, "frmPayload"> & { readonly frmPayload: string };

export function formatContent(content: DownlinkContent): string {
  const { fPort, encrypted, decodedPayload, warnings, confirmed, priority, correlationIds } = content;
  const stored: StoredContent = {
    fPort,
    frmPayload: content.frmPayload.toBase64(),
    encrypted,
    ...(decodedPayload !== undefined && { decodedPayload }),
    warnings,
    confirmed,
    priority,
    correlationIds,
    ...(content.classBC !== undefined && { classBC: content.classBC }),
    ...(content.maxAttempts !== undefined && { maxAttempts: content.maxAttempts }),
    attempt: content.attempt,
  };
  return JSON.stringify(stored);
}

export function parseContent(text: string): DownlinkContent {
  const stored = JSON.parse(text) as StoredContent;
  return { ...stored, frmPayload: Uint8Array.fromBase64(stored.frmPayload) };
}
