import type { Application, EndDevice } from "@skylark/api";
import type { ApplicationIdentifiers } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { EntityKind } from "../registries/lifecycle.ts";

const errors = defineErrors("pkg/identityserver");
const mismatches = {
  networkServerAddress: errors.invalidArgument(
    "network_server_address_mismatch",
    "network server address `{address}` is not the application's `{expected}`",
  ),
  applicationServerAddress: errors.invalidArgument(
    "application_server_address_mismatch",
    "application server address `{address}` is not the application's `{expected}`",
  ),
  joinServerAddress: errors.invalidArgument(
    "join_server_address_mismatch",
    "join server address `{address}` is not the application's `{expected}`",
  ),
} as const;

/** An application that names its servers holds its devices to them. */
export async function checkServerAddresses(
  { applications }: { readonly applications: EntityKind<Application> },
  { tenantId, applicationId }: ApplicationIdentifiers,
  device: EndDevice,
): Promise<void> {
  const application = (await applications.entities.get(tenantId, applicationId))?.message;
  if (application === undefined) return;
  for (const [name, mismatch] of Object.entries(mismatches)) {
    const field = name as keyof typeof mismatches;
    const expected = application[field];
    const address = device[field];
    if (expected === "" || address === "" || hostOf(address) === hostOf(expected)) continue;
    throw mismatch({ address, expected });
  }
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, "").toLowerCase();
}
