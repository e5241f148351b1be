import type { IncomingMessage } from "node:http";
import { statusCodes } from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import { RequestError } from "./error-status.ts";

const tooLarge = defineErrors("pkg/webmiddleware").invalidArgument(
  "request_body_too_large",
  "request body too large",
);

/** Who sends too much may go on for so long, to be still there for the answer. */
const discardAtMostMs = 2_000;
const discardAtMostTimes = 4;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads the body as text; throws when it is larger than `limit` bytes, no UTF-8, or cut off. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced === 0 && request.headers["transfer-encoding"] === undefined) return "";
  if (announced > limit * discardAtMostTimes) throw tooLarge();
  const bytes = await readBytes(request, limit);
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RequestError(statusCodes.invalidArgument, "the request body is not UTF-8");
  }
}

/** Whether a client that asks first (`Expect: 100-continue`) need not begin. */
export function announcesTooMuch(request: IncomingMessage, limit: number): boolean {
  return Number(request.headers["content-length"] ?? 0) > limit;
}

function readBytes(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  let chunks: Buffer[] = [];
  let length = 0;
  let deadline: NodeJS.Timeout | undefined;
  const refuse = (): void => {
    clearTimeout(deadline);
    request.off("data", onData);
    reject(tooLarge());
  };
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (length <= limit) {
      chunks.push(chunk);
      return;
    }
    chunks = [];
    deadline ??= setTimeout(refuse, discardAtMostMs);
    if (length > limit * discardAtMostTimes) refuse();
  };
  request.on("data", onData);
  request.once("end", () => {
    if (length > limit) return refuse();
    const [only] = chunks;
    resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length));
  });
  request.once("error", (error) => {
    clearTimeout(deadline);
    reject(error);
  });
  request.once("aborted", () => {
    clearTimeout(deadline);
    reject(new RequestError(statusCodes.canceled, "the request was cut off"));
  });
  return promise;
}
