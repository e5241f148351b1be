import { incrementsDevNonce, type MACVersion } from "@skylark/lorawan";
import { defineErrors } from "../errors/errors.ts";
import type { Nonces } from "./storage/device-store.ts";

const errors = defineErrors("pkg/joinserver");
const reuseDevNonce = errors.invalidArgument("reuse_dev_nonce", "DevNonce has already been used");
const devNonceTooSmall = errors.invalidArgument("dev_nonce_too_small", "DevNonce is too small");
const joinNonceTooHigh = errors.unknown("join_nonce_too_high", "JoinNonce is too high");

const maxJoinNonce = 0xffffff;

export interface NonceRules {
  readonly macVersion: MACVersion;
  /** The device forgets its nonces when it loses power, so none of its DevNonces is refused. */
  readonly resetsJoinNonces: boolean;
  readonly devNonceLimit: number;
}

/** The nonces after a join; throws when the DevNonce may not be used. */
export function useNonces(before: Nonces, devNonce: number, rules: NonceRules): Nonces {
  if (before.lastJoinNonce >= maxJoinNonce) throw joinNonceTooHigh();
  const lastJoinNonce = before.lastJoinNonce + 1;
  if (incrementsDevNonce(rules.macVersion)) {
    if (devNonce <= before.lastDevNonce && !rules.resetsJoinNonces) throw devNonceTooSmall();
    return { ...before, lastJoinNonce, lastDevNonce: devNonce };
  }
  const isUsed = before.usedDevNonces.includes(devNonce);
  if (isUsed && !rules.resetsJoinNonces) throw reuseDevNonce();
  const others = isUsed ? before.usedDevNonces.filter((each) => each !== devNonce) : before.usedDevNonces;
  return {
    ...before,
    lastJoinNonce,
    usedDevNonces: [...others, devNonce].slice(-rules.devNonceLimit),
  };
}
