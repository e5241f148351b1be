import type { IncomingMessage } from "node:http";
import { statusCodes } from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import { RequestError } from "./error-status.ts";
import { type FairShare, HeldBytes, sharesOfAll, tooMuchUnderWay } from "./fair-share.ts";
import { networkOf } from "./remote-address.ts";

const tooLarge = defineErrors("pkg/webmiddleware").invalidArgument(
  "request_body_too_large",
  "request body too large",
);

export interface BodyOptions {
  readonly limit: number;
  /** Whose share of memory the body takes: it comes before it is known who sends it. */
  readonly remoteAddress: string;
  readonly bytes?: FairShare;
}

/** Who sends too much may go on for so long, to be still there for the answer. */
const discardAtMostMs = 2_000;
const discardAtMostTimes = 4;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads the body as text; throws when it is larger than `limit` bytes, no UTF-8, or cut off. */
export async function readBody(request: IncomingMessage, options: BodyOptions): Promise<string> {
  const bytes = await readBodyBytes(request, options);
  if (bytes.length === 0) return "";
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RequestError(statusCodes.invalidArgument, "the request body is not UTF-8");
  }
}

const noBytes = Buffer.alloc(0);

/** As `readBody`, of what is no text. */
export async function readBodyBytes(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const { limit, remoteAddress, bytes = sharesOfAll.bytes } = options;
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced === 0 && request.headers["transfer-encoding"] === undefined) return noBytes;
  if (announced > limit * discardAtMostTimes) throw tooLarge();
  return readBytes(request, limit, new HeldBytes(bytes, networkOf(remoteAddress)));
}

/** Whether a client that asks first (`Expect: 100-continue`) need not begin. */
export function announcesTooMuch(request: IncomingMessage, limit: number): boolean {
  return Number(request.headers["content-length"] ?? 0) > limit;
}

function readBytes(request: IncomingMessage, limit: number, held: HeldBytes): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  let chunks: Buffer[] = [];
  let length = 0;
  let deadline: NodeJS.Timeout | undefined;
  const drop = (): void => {
    chunks = [];
    held.set(0);
  };
  const stop = (): void => {
    clearTimeout(deadline);
    drop();
  };
  const refuse = (error: Error): void => {
    stop();
    request.off("data", onData);
    reject(error);
  };
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (length <= limit) {
      if (held.set(length)) chunks.push(chunk);
      else refuse(tooMuchUnderWay());
      return;
    }
    drop();
    deadline ??= setTimeout(() => refuse(tooLarge()), discardAtMostMs);
    if (length > limit * discardAtMostTimes) refuse(tooLarge());
  };
  request.on("data", onData);
  request.once("end", () => {
    if (length > limit) return refuse(tooLarge());
    const [only] = chunks;
    resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length));
    stop();
  });
  request.once("error", (error) => {
    stop();
    reject(error);
  });
  request.once("aborted", () => {
    stop();
    reject(new RequestError(statusCodes.canceled, "the request was cut off"));
  });
  return promise;
}
