import type { User } from "@skylark/api";
import type { Migration, Writer } from "../../store/store.ts";
import type { EntityStore } from "./entity-store.ts";
import { knownStatement } from "./rows.ts";

export const emailAddressMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: whose each primary e-mail address is",
    statements: [
      // Of users that are not deleted. Beside the users, since those of earlier releases may share an address.
      `CREATE TABLE user_email_addresses (
        tenant_id TEXT NOT NULL,
        address TEXT NOT NULL,
        user_id TEXT NOT NULL,
        PRIMARY KEY (tenant_id, address)
      )`,
      `INSERT INTO user_email_addresses (tenant_id, address, user_id)
        SELECT tenant_id, LOWER(email), MIN(user_id) FROM users
        WHERE email <> '' AND deleted_at IS NULL GROUP BY tenant_id, LOWER(email)`,
    ],
  },
];

const take = knownStatement(
  "INSERT INTO user_email_addresses (tenant_id, address, user_id) VALUES (?, ?, ?)",
);
const free = knownStatement(
  "DELETE FROM user_email_addresses WHERE tenant_id = ? AND address = ? AND user_id = ?",
);
const freeAll = knownStatement("DELETE FROM user_email_addresses WHERE tenant_id = ? AND user_id = ?");

/** Addresses are compared without their case, as mail servers do. */
export function addressKey(address: string): string {
  return address.toLowerCase();
}

/** Whether it was an address of another user that a transaction would have taken. */
export function isAddressTaken(constraint: string): boolean {
  return constraint.includes("user_email_addresses");
}

/** Users of whom no two in a tenant have the same address, but for those who had before this was so. */
export function withOwnAddresses(users: EntityStore<User>): EntityStore<User> {
  return {
    ...users,
    insert(writer, tenantId, id, message, at) {
      users.insert(writer, tenantId, id, message, at);
      change(writer, tenantId, id, { before: "", after: keyOf(message) });
    },
    update(writer, tenantId, id, given) {
      const { stored, message, deletedAt } = given;
      users.update(writer, tenantId, id, given);
      change(writer, tenantId, id, {
        before: stored.deletedAt === undefined ? keyOf(stored.message) : "",
        after: deletedAt === undefined ? keyOf(message) : "",
      });
    },
    purge(writer, tenantId, id) {
      users.purge(writer, tenantId, id);
      writer.run(freeAll, tenantId, id);
    },
  };
}

function keyOf({ primaryEmailAddress }: User): string {
  return addressKey(primaryEmailAddress);
}

function change(
  writer: Writer,
  tenantId: string,
  userId: string,
  { before, after }: { readonly before: string; readonly after: string },
): void {
  if (before === after) return;
  if (before !== "") writer.run(free, tenantId, before, userId);
  if (after !== "") writer.run(take, tenantId, after, userId);
}
