import type { Writer } from "../../store/store.ts";
import { knownStatement } from "./rows.ts";

export type AccountType = "user" | "organization";

const insert = knownStatement("INSERT INTO accounts (tenant_id, account_id, account_type) VALUES (?, ?, ?)");
const remove = knownStatement("DELETE FROM accounts WHERE tenant_id = ? AND account_id = ?");

/** Takes an identifier in the namespace that users and organizations share. */
export function takeAccountId(writer: Writer, tenantId: string, accountId: string, type: AccountType): void {
  writer.run(insert, tenantId, accountId, type);
}

export function freeAccountId(writer: Writer, tenantId: string, accountId: string): void {
  writer.run(remove, tenantId, accountId);
}
