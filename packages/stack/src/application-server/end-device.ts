import type { DevAddr, EUI64, KeySchedule } from "@skylark/lorawan";
import type { At } from "../clock/clock.ts";
import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";

export const formatterNames = [
  "FORMATTER_NONE",
  "FORMATTER_REPOSITORY",
  "FORMATTER_GRPC_SERVICE",
  "FORMATTER_JAVASCRIPT",
  "FORMATTER_CAYENNELPP",
] as const;
export type FormatterName = (typeof formatterNames)[number];

/** One formatter of one direction. */
export interface FormatterChoice {
  readonly formatter: FormatterName;
  /** The script, or what the formatter needs otherwise. */
  readonly parameter: string;
}

/** Formatters of a device, or the default of an application. */
export interface PayloadFormatters {
  readonly up: FormatterChoice;
  readonly down: FormatterChoice;
}

export interface VersionIdentifiers {
  readonly brandId?: string;
  readonly modelId?: string;
  readonly hardwareVersion?: string;
  readonly firmwareVersion?: string;
  readonly bandId?: string;
}

/** What an application sets for a device at the Application Server. */
export interface DeviceSettings {
  readonly devEui?: EUI64;
  readonly joinEui?: EUI64;
  /** Absent: the application's default. */
  readonly formatters?: PayloadFormatters;
  /** Absent: as the application's link says. */
  readonly skipPayloadCrypto?: boolean;
  readonly versionIds?: VersionIdentifiers;
  readonly loraAllianceProfileIds?: { readonly vendorId: number; readonly vendorProfileId: number };
  readonly serialNumber?: string;
}

/** A session as the Application Server knows it. */
export interface ApplicationSession {
  readonly devAddr: DevAddr;
  /** Empty where a device activated by personalization was registered without one. */
  readonly sessionKeyId: Uint8Array;
  /** The AppSKey, sealed by the installation's key vault. */
  readonly sealedAppSKey: Uint8Array;
  readonly lastAFCntDown: number;
}

export interface ApplicationDevice {
  /** Without `devAddr`. */
  readonly ids: EndDeviceIdentifiers;
  readonly settings: DeviceSettings;
  readonly session?: ApplicationSession;
  /** Made by a join, not used by the device yet. */
  readonly pendingSession?: ApplicationSession;
  readonly createdAt: At;
  readonly updatedAt: At;
}

/** What an application sets for all its devices. */
export interface ApplicationLink {
  readonly defaultFormatters?: PayloadFormatters;
  readonly skipPayloadCrypto?: boolean;
}

/** Opened keys, by session; the session object goes when its device leaves the cache, and the schedule with it. */
export type KeySchedules = WeakMap<ApplicationSession, KeySchedule>;

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The session that a message belongs to. */
export function findSession(
  device: ApplicationDevice,
  sessionKeyId: Uint8Array,
  devAddr: DevAddr | undefined,
): ApplicationSession | undefined {
  const { session, pendingSession } = device;
  if (session !== undefined && matchesSession(session, sessionKeyId, devAddr)) return session;
  if (pendingSession !== undefined && matchesSession(pendingSession, sessionKeyId, devAddr))
    return pendingSession;
  return undefined;
}

function matchesSession(
  session: ApplicationSession,
  sessionKeyId: Uint8Array,
  devAddr: DevAddr | undefined,
): boolean {
  // Sessions by personalization need not have a session key identifier; then the address tells.
  if (session.sessionKeyId.length === 0 || sessionKeyId.length === 0) return session.devAddr === devAddr;
  return equalBytes(session.sessionKeyId, sessionKeyId);
}
