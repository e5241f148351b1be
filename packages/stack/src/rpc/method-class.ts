import type { DescMethod } from "@skylark/api";
import type { RateLimitClass } from "./rate-limits.ts";

/** Methods that are not of the class that their name or kind says. */
const exceptions: Readonly<Record<string, RateLimitClass>> = {
  "ttn.lorawan.v3.AppAs.DownlinkQueuePush": "downlinks",
  "ttn.lorawan.v3.AppAs.DownlinkQueueReplace": "downlinks",
  "ttn.lorawan.v3.UserRegistry.UpdatePassword": "attempts",
  "ttn.lorawan.v3.UserRegistry.CreateTemporaryPassword": "attempts",
  "ttn.lorawan.v3.UserAccess.CreateLoginToken": "attempts",
};

/** Who does this without credentials must not do it often: it costs a hash and an e-mail. */
const attemptsOfStrangers = new Set(["ttn.lorawan.v3.UserRegistry.Create"]);

export function isAttemptOfStrangers(desc: DescMethod): boolean {
  return attemptsOfStrangers.has(`${desc.parent.typeName}.${desc.name}`);
}

const readingName = /^(?:Get|List|Search|BatchGet|Query|Count|Find|Check|Assert|AuthInfo$)|List$/;

/** Whether calls of a method only look. */
export function isReading(desc: DescMethod): boolean {
  return desc.idempotency === 1 || readingName.test(desc.name);
}

export function rateLimitClassOf(desc: DescMethod): RateLimitClass {
  const exception = exceptions[`${desc.parent.typeName}.${desc.name}`];
  if (exception !== undefined) return exception;
  if (desc.methodKind !== "unary") return "streams";
  return isReading(desc) ? "reads" : "writes";
}
