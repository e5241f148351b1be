import { create, type Notification, NotificationSchema, timestampFromMs, toJSON } from "@skylark/api";
import { defineEvent } from "../../events/events.ts";
import type { StagedChange } from "../../store/store.ts";
import { entityIdentifiersOf } from "../entity-identifiers.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { Registries } from "../registries/registries.ts";
import type { Notice, Notifier } from "./notice.ts";
import { noticeLetter } from "./notice-letter.ts";
import { createNotificationId } from "./notification-id.ts";
import type { NotificationStore } from "./notification-store.ts";
import { type ReceiverSources, receiversOf } from "./receivers.ts";

const visibility = ["RIGHT_USER_NOTIFICATIONS_READ"];
const notificationCreated = defineEvent("user.notification.create", "create notification", visibility);
export const notificationStatusUpdated = defineEvent(
  "user.notification.update_status",
  "update notification status",
  visibility,
);

export interface NotifierOptions
  extends ReceiverSources,
    Pick<Registries, "users" | "store" | "clock" | "randomBytes" | "events"> {
  readonly notifications: NotificationStore;
  readonly mailer: Mailer;
}

/** A notification that is ready to be written; without receivers it is none. */
export interface PreparedNotification extends StagedChange {
  readonly id: string;
  readonly receiverIds: readonly string[];
}

export interface NotificationDelivery extends Notifier {
  prepare(notice: Notice): Promise<PreparedNotification>;
}

export function createNotifier(options: NotifierOptions): NotificationDelivery {
  const prepare = async (notice: Notice): Promise<PreparedNotification> => {
    const { tenantId } = notice.entity;
    const now = options.clock.now();
    const notification = notificationOf(notice, createNotificationId(options.randomBytes), now);
    const receivers = await loadReceivers(options, notice);
    return {
      id: notification.id,
      receiverIds: receivers.map(({ userId }) => userId),
      write(writer) {
        for (const receiver of receivers) {
          options.notifications.insert(writer, tenantId, receiver.userId, notification, now);
          if (!notice.email) continue;
          const letter = noticeLetter(notice, options.mailer.network(notice.entity.tenantId), receiver);
          if (letter !== undefined)
            options.mailer.queue(writer, { tenantId, template: notice.type, receiver, letter });
        }
      },
      committed() {
        for (const { userId } of receivers) {
          options.events.publish(notificationCreated, { kind: "user", tenantId, userId }, () => ({
            data: { typeName: NotificationSchema.typeName, json: toJSON(NotificationSchema, notification) },
          }));
        }
      },
    };
  };
  return { prepare };
}

function notificationOf(notice: Notice, id: string, now: number): Notification {
  return create(NotificationSchema, {
    id,
    createdAt: timestampFromMs(now),
    entityIds: entityIdentifiersOf(notice.entity),
    notificationType: notice.type,
    receivers: [...notice.receivers],
    email: notice.email,
    statusUpdatedAt: timestampFromMs(now),
    ...(notice.data === undefined ? {} : { data: notice.data }),
    ...(notice.senderId === undefined ? {} : { senderIds: { userId: notice.senderId } }),
  });
}

/** Those who are still there; to whom a letter can be sent is decided by their address. */
async function loadReceivers(options: NotifierOptions, notice: Notice) {
  const { tenantId } = notice.entity;
  const ids = [...(await receiversOf(options, notice))];
  const users = await Promise.all(
    ids.map(async (userId) => {
      const stored = await options.users.entities.get(tenantId, userId);
      if (stored === undefined || stored.deletedAt !== undefined) return undefined;
      const { name, primaryEmailAddress, admin } = stored.message;
      return { userId, name, address: primaryEmailAddress, admin };
    }),
  );
  return users.filter((user) => user !== undefined);
}
