import { type timestampFromMs, timestampMs } from "@skylark/api";
import { defineErrors } from "../../errors/errors.ts";

const invalidClaimAuthenticationCode = defineErrors("pkg/identityserver").invalidArgument(
  "claim_authentication_code",
  "the claim authentication code needs a secret, and must not end before it begins",
);

type Timestamp = ReturnType<typeof timestampFromMs>;

interface Validity {
  readonly validFrom?: Timestamp | undefined;
  readonly validTo?: Timestamp | undefined;
}

/** A code without a secret, or with an end before its beginning, can never be used. */
export function checkClaimAuthenticationCode({ validFrom, validTo }: Validity, hasSecret: boolean): void {
  const backwards = validFrom && validTo && timestampMs(validTo) < timestampMs(validFrom);
  if (!hasSecret || backwards) throw invalidClaimAuthenticationCode();
}
