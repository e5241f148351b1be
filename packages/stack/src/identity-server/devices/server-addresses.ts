import type { Application, EndDevice } from "@skylark/api";
import { defineErrors } from "../../errors/errors.ts";

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
export function checkServerAddresses(application: Application, device: EndDevice): void {
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
