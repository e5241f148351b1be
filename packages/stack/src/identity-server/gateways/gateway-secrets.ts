import { clone, type Gateway, GatewaySchema, type Secret } from "@skylark/api";
import { coversPath } from "../registries/field-masks.ts";

/** As the component's key vault. */
export interface SecretVault {
  seal(secret: Uint8Array): Uint8Array;
  open(sealed: Uint8Array): Uint8Array;
}

const secretFields = ["lbs_lns_secret", "target_cups_key", "claim_authentication_code"];

/** Whether a mask touches what a gateway authenticates with. */
export function touchesSecrets(paths: readonly string[]): boolean {
  return secretFields.some((field) => coversPath(paths, field));
}

function secretsOf(gateway: Gateway): Secret[] {
  return [gateway.lbsLnsSecret, gateway.targetCupsKey, gateway.claimAuthenticationCode?.secret].filter(
    (secret) => secret !== undefined,
  );
}

/** A copy whose secrets can be stored. */
export function sealSecrets(gateway: Gateway, vault: SecretVault): Gateway {
  return withSecrets(gateway, (value) => vault.seal(value));
}

/** A copy whose secrets can be shown to who may see them. */
export function openSecrets(gateway: Gateway, vault: SecretVault): Gateway {
  return withSecrets(gateway, (value) => vault.open(value));
}

function withSecrets(gateway: Gateway, change: (value: Uint8Array) => Uint8Array): Gateway {
  const copy = clone(GatewaySchema, gateway);
  for (const secret of secretsOf(copy)) if (secret.value.length > 0) secret.value = change(secret.value);
  return copy;
}
