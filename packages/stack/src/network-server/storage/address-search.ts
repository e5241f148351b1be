import { devAddr, formatDevAddr, parseDevAddr } from "@skylark/lorawan";
import type { ApplicationIdentifiers } from "../../domain/identifiers.ts";
import { type Store, statement } from "../../store/store.ts";

/** Finds the devices of an application that have a session with an address of these digits. */
export type FindDevicesByAddress = (
  application: ApplicationIdentifiers,
  digits: string,
) => Promise<readonly string[]>;

const tables = "ns_devices d JOIN ns_sessions s ON s.device_no = d.device_no";
const ofApplication = "d.tenant_id = ? AND d.application_id = ?";
const all = statement(`SELECT d.device_id, s.dev_addr FROM ${tables} WHERE ${ofApplication}`);
const withAddress = statement(
  `SELECT d.device_id, s.dev_addr FROM ${tables} WHERE s.dev_addr = ? AND ${ofApplication}`,
);

export function createAddressSearch(store: Pick<Store, "query">): FindDevicesByAddress {
  return async ({ tenantId, applicationId }, digits) => {
    if (!/^[0-9A-Fa-f]{1,8}$/.test(digits)) return [];
    const sought = digits.toUpperCase();
    // Only a whole address is in an index.
    const rows =
      sought.length === 8
        ? await store.query(withAddress, parseDevAddr(sought), tenantId, applicationId)
        : await store.query(all, tenantId, applicationId);
    const found = rows.filter((row) => formatDevAddr(devAddr(row.dev_addr as number)).includes(sought));
    return [...new Set(found.map((row) => row.device_id as string))];
  };
}
