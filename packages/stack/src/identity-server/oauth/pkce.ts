import { createHash, timingSafeEqual } from "node:crypto";

/** RFC 7636: who brings the code proves to be who asked for it. */
export interface Challenge {
  /** Empty without. */
  readonly value: string;
  readonly method: "" | "plain" | "S256";
}

const noChallenge: Challenge = { value: "", method: "" };

const verifierForm = /^[A-Za-z0-9._~-]{43,128}$/;

/** Undefined when the request's parameters make no challenge. */
export function parseChallenge(value: string | null, method: string | null): Challenge | undefined {
  if (value === null || value === "") return method === null || method === "" ? noChallenge : undefined;
  if (!verifierForm.test(value)) return undefined;
  if (method === null || method === "" || method === "plain") return { value, method: "plain" };
  return method === "S256" ? { value, method } : undefined;
}

/** A verifier without a challenge is as wrong as the reverse: someone took the challenge away. */
export function answersChallenge(
  challenge: Pick<Challenge, "value"> & { readonly method: string },
  verifier: string,
): boolean {
  if (challenge.value === "") return verifier === "";
  if (!verifierForm.test(verifier)) return false;
  const answer =
    challenge.method === "S256" ? createHash("sha256").update(verifier).digest("base64url") : verifier;
  const [given, expected] = [Buffer.from(answer), Buffer.from(challenge.value)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
