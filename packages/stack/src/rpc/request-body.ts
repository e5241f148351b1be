import type { IncomingMessage } from "node:http";
import { statusCodes } from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import { RequestError } from "./error-status.ts";

const tooLarge = defineErrors("pkg/webmiddleware").invalidArgument(
  "request_body_too_large",
  "request body too large",
);

export const tooMuchUnderWay = defineErrors("skylark/rpc").resourceExhausted(
  "bodies_under_way",
  "too many large request bodies are being received, try again",
);

/** What each body may hold in any case; beyond it, all bodies that are being received share `sharedBytes`. */
const ownBytes = 16 * 1024;
const sharedBytes = 256 * 1024 * 1024;

/** Memory for bodies that are being received: a body comes before it is known who sends it. */
export interface BodyBudget {
  /** False when there is no more. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function createBodyBudget(maximum: number = sharedBytes): BodyBudget {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > maximum) return false;
      taken += bytes;
      return true;
    },
    giveBack(bytes) {
      taken -= bytes;
    },
  };
}

const budgetOfAll = createBodyBudget();

/** Who sends too much may go on for so long, to be still there for the answer. */
const discardAtMostMs = 2_000;
const discardAtMostTimes = 4;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads the body as text; throws when it is larger than `limit` bytes, no UTF-8, or cut off. */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  budget: BodyBudget = budgetOfAll,
): Promise<string> {
  const bytes = await readBodyBytes(request, limit, budget);
  if (bytes.length === 0) return "";
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RequestError(statusCodes.invalidArgument, "the request body is not UTF-8");
  }
}

const noBytes = new Uint8Array();

/** As `readBody`, of what is no text. */
export async function readBodyBytes(
  request: IncomingMessage,
  limit: number,
  budget: BodyBudget = budgetOfAll,
): Promise<Uint8Array> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced === 0 && request.headers["transfer-encoding"] === undefined) return noBytes;
  if (announced > limit * discardAtMostTimes) throw tooLarge();
  return readBytes(request, limit, budget);
}

/** Whether a client that asks first (`Expect: 100-continue`) need not begin. */
export function announcesTooMuch(request: IncomingMessage, limit: number): boolean {
  return Number(request.headers["content-length"] ?? 0) > limit;
}

function readBytes(request: IncomingMessage, limit: number, budget: BodyBudget): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  let chunks: Buffer[] = [];
  let length = 0;
  let shared = 0;
  let deadline: NodeJS.Timeout | undefined;
  const drop = (): void => {
    chunks = [];
    budget.giveBack(shared);
    shared = 0;
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
  const isHeld = (): boolean => {
    const needed = Math.max(0, length - ownBytes) - shared;
    if (needed <= 0) return true;
    if (!budget.take(needed)) return false;
    shared += needed;
    return true;
  };
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (length <= limit) {
      if (isHeld()) chunks.push(chunk);
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
