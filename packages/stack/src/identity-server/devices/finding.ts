import type { Application } from "@skylark/api";
import type { FoundParts } from "./cascade.ts";

/** One thing that is not as it should be. */
export interface Finding {
  readonly server: "identity-server" | "join-server" | "network-server" | "application-server";
  /** An error keeps the device from working. */
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** What the servers know of a device, and what it is held against. */
export interface CheckedDevice {
  readonly parts: FoundParts;
  readonly application: Application | undefined;
  /** Frequency plans of the tenant's gateways. */
  readonly gatewayPlans: ReadonlySet<string>;
  /** Whether an address lies in the network's blocks. */
  readonly ownsDevAddr: (devAddr: Uint8Array) => boolean;
  /** Whether the Join Server answers for a JoinEUI. */
  readonly answersForJoinEui: (joinEui: Uint8Array) => boolean;
}

export const error = (server: Finding["server"], code: string, message: string, remedy: string): Finding => ({
  server,
  severity: "error",
  code,
  message,
  remedy,
});
export const warning = (
  server: Finding["server"],
  code: string,
  message: string,
  remedy: string,
): Finding => ({
  server,
  severity: "warning",
  code,
  message,
  remedy,
});

export const cascadeRemedy =
  "send the whole device once more with PUT and the header X-Skylark-Cascade: true, which writes all servers together";

export const hex = (bytes: Uint8Array | undefined): string =>
  (bytes ?? new Uint8Array(0)).toHex().toUpperCase();

export function joins({ parts }: CheckedDevice): boolean {
  return parts.networkServer?.supportsJoin ?? parts.joinServer?.rootKeys?.appKey !== undefined;
}
