/** What went wrong, in V2's words. */
export class TTNError extends Error {
  /** The name of a status of gRPC, such as "NOT_FOUND"; of an error of the network, such as "ECONNREFUSED"; or a number of MQTT. */
  readonly code: string | number;
  /** What the server said. */
  readonly details: string;

  constructor(message: string, { code = "", details = "", cause }: TTNErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TTNError";
    this.code = code;
    this.details = details;
  }
}

export interface TTNErrorOptions {
  readonly code?: string | number;
  readonly details?: string;
  readonly cause?: unknown;
}

/** The broker could not be reached, or refused: then `code` is its return code, 1 to 5. */
export class TTNConnectionError extends TTNError {
  constructor(message: string, options: TTNErrorOptions) {
    super(message, options);
    this.name = "TTNConnectionError";
  }
}
