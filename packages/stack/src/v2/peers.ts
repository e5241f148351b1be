import type { EUI64 } from "@skylark/lorawan";
import type { ApplicationIdentifiers, GatewayIdentifiers, TenantId } from "../domain/identifiers.ts";

/** What V2 needs to know of applications, whatever the caller's rights. */
export interface ApplicationDirectory {
  /** Undefined when there is no such application. */
  applicationAttributes(ids: ApplicationIdentifiers): Promise<Readonly<Record<string, string>> | undefined>;
}

/** What discovery answers from. */
export interface Directory extends ApplicationDirectory {
  gatewayExists(ids: GatewayIdentifiers): Promise<boolean>;
  /** Whether any device of the tenant has this JoinEUI. */
  joinEuiInUse(tenantId: TenantId, joinEui: EUI64): Promise<boolean>;
}

/** What a function of V2 wrote to the console. */
export interface FunctionLog {
  readonly function: string;
  /** One JSON text for each argument. */
  readonly fields: readonly string[];
}

/** Runs payload functions of V2 without consequences; throws named errors in V2's words. */
export interface PayloadFunctionRunner {
  /** `source` declares Decoder, Converter and Validator, as far as there are any. */
  dryRunUplink(
    ids: ApplicationIdentifiers,
    source: string,
    payload: Uint8Array,
    fPort: number,
  ): Promise<{
    readonly fields: string | undefined;
    readonly valid: boolean;
    readonly logs: readonly FunctionLog[];
  }>;
  /** `source` declares Encoder; `fields` is a JSON object. */
  dryRunDownlink(
    ids: ApplicationIdentifiers,
    source: string,
    fields: string,
    fPort: number,
  ): Promise<{ readonly payload: Uint8Array; readonly logs: readonly FunctionLog[] }>;
}
