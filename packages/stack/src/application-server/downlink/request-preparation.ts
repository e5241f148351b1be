import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import { noWarnings, type PayloadFormatter } from "../payload-formatters/formatter.ts";
import type { DownlinkContent, DownlinkRequest } from "./downlink-item.ts";

const errors = defineErrors("pkg/applicationserver");
export const noFPort = errors.invalidArgument("no_f_port", "no FPort");
const fPortOutOfRange = errors.invalidArgument(
  "f_port_out_of_range",
  "FPort `{f_port}` is not in the range of 1 to 233 that applications may use",
);
export const noPayload = errors.invalidArgument("no_payload", "no payload");
const maxRetriesInvalid = errors.invalidArgument(
  "downlink_max_retries_invalid",
  "downlink max retries `{max_attempts}` is not in the range of 1 to {max}",
);
const correlationIdTooLong = errors.invalidArgument(
  "correlation_id_too_long",
  "a correlation ID is longer than {max} characters",
);
export const downlinkTooLong = defineErrors("pkg/networkserver").invalidArgument(
  "application_downlink_too_long",
  "application downlink payload length `{length}` exceeds maximum `{max}`",
);

const maxFPort = 233;
/** What the fastest data rate carries in any region. */
const maxPayloadLength = 242;
const maxConfirmedAttempts = 32;
const maxCorrelationIdLength = 100;
/** Where neither the request nor the encoder names one. */
const defaultFPort = 1;

export interface Preparation {
  readonly ids: EndDeviceIdentifiers;
  readonly formatter: PayloadFormatter | undefined;
  readonly skipsCrypto: boolean;
  /** Added to those of the request. */
  readonly correlationIds: readonly string[];
  /** Called where the payload cannot be shown decoded; it is sent all the same. */
  readonly onDecodeFailure: (error: unknown) => void;
}

/** Checks a request and encodes its payload. */
export async function prepareDownlink(
  request: DownlinkRequest,
  preparation: Preparation,
): Promise<DownlinkContent> {
  validateRequest(request);
  const payload = preparation.skipsCrypto
    ? encryptedPayload(request)
    : await plainPayload(request, preparation);
  if (payload.fPort < 1 || payload.fPort > maxFPort) throw fPortOutOfRange({ f_port: payload.fPort });
  const { length } = payload.frmPayload;
  if (length > maxPayloadLength) throw downlinkTooLong({ length, max: maxPayloadLength });
  return {
    ...payload,
    encrypted: preparation.skipsCrypto,
    confirmed: request.confirmed,
    priority: request.priority,
    correlationIds: [...request.correlationIds, ...preparation.correlationIds],
    ...(request.classBC !== undefined && { classBC: request.classBC }),
    ...(request.maxAttempts !== undefined && { maxAttempts: request.maxAttempts }),
    attempt: 0,
  };
}

function validateRequest({ fPort, frmPayload, maxAttempts, correlationIds }: DownlinkRequest): void {
  if (fPort !== undefined && (!Number.isInteger(fPort) || fPort < 1 || fPort > maxFPort)) {
    throw fPortOutOfRange({ f_port: fPort });
  }
  if (frmPayload !== undefined && frmPayload.length > maxPayloadLength) {
    throw downlinkTooLong({ length: frmPayload.length, max: maxPayloadLength });
  }
  if (maxAttempts !== undefined && (maxAttempts < 1 || maxAttempts > maxConfirmedAttempts)) {
    throw maxRetriesInvalid({ max_attempts: maxAttempts, max: maxConfirmedAttempts });
  }
  if (correlationIds.some((id) => id.length > maxCorrelationIdLength)) {
    throw correlationIdTooLong({ max: maxCorrelationIdLength });
  }
}

type Payload = Pick<DownlinkContent, "fPort" | "frmPayload" | "decodedPayload" | "warnings">;

function encryptedPayload({ fPort, frmPayload }: DownlinkRequest): Payload {
  if (fPort === undefined) throw noFPort();
  if (frmPayload === undefined || frmPayload.length === 0) throw noPayload();
  return { fPort, frmPayload, warnings: noWarnings };
}

async function plainPayload(request: DownlinkRequest, preparation: Preparation): Promise<Payload> {
  const { fPort, frmPayload, decodedPayload } = request;
  const { formatter } = preparation;
  if (frmPayload !== undefined && frmPayload.length > 0) {
    if (fPort === undefined) throw noFPort();
    const decoded = await decodedForm(frmPayload, fPort, preparation);
    return {
      fPort,
      frmPayload,
      warnings: noWarnings,
      ...(decoded !== undefined && { decodedPayload: decoded }),
    };
  }
  if (decodedPayload === undefined || formatter === undefined) throw noPayload();
  const encoded = await formatter.encodeDownlink(decodedPayload, fPort ?? defaultFPort);
  return {
    fPort: encoded.fPort ?? fPort ?? defaultFPort,
    frmPayload: encoded.bytes,
    decodedPayload,
    warnings: encoded.warnings,
  };
}

async function decodedForm(
  frmPayload: Uint8Array,
  fPort: number,
  { formatter, onDecodeFailure }: Preparation,
): Promise<string | undefined> {
  if (formatter === undefined) return undefined;
  try {
    return (await formatter.decodeDownlink(frmPayload, fPort)).json;
  } catch (error) {
    onDecodeFailure(error);
    return undefined;
  }
}
