import {
  fromBinary,
  type Notification,
  NotificationSchema,
  type NotificationStatus,
  timestampFromMs,
  toBinary,
} from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { Migration, Store, Writer } from "../../store/store.ts";
import {
  bytesOf,
  knownStatement,
  type Listed,
  listPage,
  numberOf,
  type Page,
  textOf,
} from "../storage/rows.ts";

export const notificationMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: notifications, one row for each receiver",
    statements: [
      `CREATE TABLE notifications (
        tenant_id TEXT NOT NULL,
        receiver_id TEXT NOT NULL,
        notification_id TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        status INTEGER NOT NULL,
        status_updated_at BIGINT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (tenant_id, receiver_id, notification_id)
      )`,
      `CREATE INDEX notifications_newest ON notifications (tenant_id, receiver_id, created_at)`,
    ],
  },
];

export interface NotificationStore {
  insert(writer: Writer, tenantId: string, receiverId: string, notification: Notification, at: At): void;
  /** Newest first; of all states when none is named. */
  list(
    tenantId: string,
    receiverId: string,
    statuses: readonly number[],
    page: Pick<Page, "limit" | "page">,
  ): Promise<Listed<Notification>>;
  setStatus(writer: Writer, tenantId: string, receiverId: string, change: StatusChange): void;
  deleteOf(writer: Writer, tenantId: string, receiverId: string): void;
  /** Users that are not deleted and are admins. */
  adminIds(tenantId: string): Promise<readonly string[]>;
}

export interface StatusChange {
  readonly id: string;
  readonly status: number;
  readonly at: At;
}

const ofReceiver = "WHERE tenant_id = ? AND receiver_id = ?";
const insert = knownStatement(
  `INSERT INTO notifications
     (tenant_id, receiver_id, notification_id, created_at, status, status_updated_at, data)
   VALUES (?, ?, ?, ?, 0, ?, ?)`,
);
const setStatus = knownStatement(
  `UPDATE notifications SET status = ?, status_updated_at = ? ${ofReceiver} AND notification_id = ?`,
);
const deleteOf = knownStatement(`DELETE FROM notifications ${ofReceiver}`);
const admins = knownStatement(
  "SELECT user_id FROM users WHERE tenant_id = ? AND admin = 1 AND deleted_at IS NULL ORDER BY user_id",
);

export function createNotificationStore(store: Pick<Store, "query">): NotificationStore {
  return {
    insert(writer, tenantId, receiverId, notification, at) {
      const data = toBinary(NotificationSchema, notification);
      writer.run(insert, tenantId, receiverId, notification.id, at, at, data);
    },
    list(tenantId, receiverId, statuses, page) {
      const query = {
        columns: "status, status_updated_at, data",
        from: `notifications ${ofReceiver}${inList("status", statuses.length)}`,
        values: [tenantId, receiverId, ...statuses],
        order: "ORDER BY created_at DESC, notification_id",
        page,
      };
      return listPage(store, query, (row) => ({
        ...fromBinary(NotificationSchema, bytesOf(row, "data")),
        status: numberOf(row, "status") as NotificationStatus,
        statusUpdatedAt: timestampFromMs(numberOf(row, "status_updated_at")),
      }));
    },
    setStatus: (writer, tenantId, receiverId, { id, status, at }) =>
      writer.run(setStatus, status, at, tenantId, receiverId, id),
    deleteOf: (writer, tenantId, receiverId) => writer.run(deleteOf, tenantId, receiverId),
    async adminIds(tenantId) {
      return (await store.query(admins, tenantId)).map((row) => textOf(row, "user_id"));
    },
  };
}

/** There are three states, so few texts of statements come of this. */
function inList(column: string, count: number): string {
  return count === 0 ? "" : ` AND ${column} IN (${Array.from({ length: count }, () => "?").join(", ")})`;
}
