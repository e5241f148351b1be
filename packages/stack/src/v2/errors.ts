import { statusCodes } from "@skylark/api";
import { SkylarkError } from "../errors/errors.ts";
import { RequestError } from "../rpc/error-status.ts";

/*
 * The errors of V2 are a status and a text, which clients may match.
 */

export function invalidArgument(what: string, reason: string): RequestError {
  return new RequestError(statusCodes.invalidArgument, `${what} not valid: ${reason}`);
}

export function permissionDenied(reason: string): RequestError {
  return new RequestError(statusCodes.permissionDenied, `permission denied: ${reason}`);
}

export function missingRight(right: string, applicationId: string): RequestError {
  return permissionDenied(`No "${right}" rights to Application "${applicationId}"`);
}

export function notFound(what: string): RequestError {
  return new RequestError(statusCodes.notFound, `${what} not found`);
}

export function applicationNotRegistered(applicationId: string): RequestError {
  return notFound(`Application not registered to this Handler: Application "${applicationId}"`);
}

export function alreadyExists(what: string): RequestError {
  return new RequestError(statusCodes.alreadyExists, `${what} already exists`);
}

export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof SkylarkError && names.includes(error.definition.name);
}

export function hasCode(error: unknown, code: number): boolean {
  return error instanceof SkylarkError && error.code === code;
}

/** What V2 says where V3 says this. */
export function asV2Error(error: unknown): unknown {
  if (!(error instanceof SkylarkError)) return error;
  if (isNamed(error, "end_device_euis_taken", "eui_taken", "duplicate_identifiers")) {
    return alreadyExists("Device with AppEUI and DevEUI");
  }
  // V2 knows no status for callers who cannot say who they are.
  return isUnknownCaller(error) ? permissionDenied(error.statusMessage) : error;
}

/** Whether a credential was no good, be it that it is unknown or that it is no credential at all. */
export function isUnknownCaller(error: unknown): boolean {
  if (!(error instanceof SkylarkError)) return false;
  const { namespace, name } = error.definition;
  return error.code === statusCodes.unauthenticated || (namespace === "pkg/auth" && name === "token");
}
