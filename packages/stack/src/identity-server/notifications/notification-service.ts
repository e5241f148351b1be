import { NotificationService, Right, toJSON, UpdateNotificationStatusRequestSchema } from "@skylark/api";
import { defineErrors } from "../../errors/errors.ts";
import { implement, type ServiceImplementation, user } from "../../rpc/service.ts";
import { commit } from "../../store/store.ts";
import { subjectOfIdentifiers } from "../entity-identifiers.ts";
import type { Registries } from "../registries/registries.ts";
import { noAdmin } from "../users/user-errors.ts";
import type { NotificationStore } from "./notification-store.ts";
import { type NotificationDelivery, notificationStatusUpdated } from "./notifier.ts";

const errors = defineErrors("pkg/identityserver");
const noReceivers = errors.unknown("no_receiver_user_ids", "nobody is there to receive the notification");

export interface NotificationServiceOptions extends Pick<Registries, "store" | "clock" | "events"> {
  readonly notifications: NotificationStore;
  readonly notifier: NotificationDelivery;
}

export function notificationService(options: NotificationServiceOptions): ServiceImplementation {
  const { store, clock, events, notifications, notifier } = options;
  return implement(NotificationService, {
    create: {
      requires: () => ({ kind: "handler", reason: "admins only: a notification can say anything to anyone" }),
      async handle({ entityIds, notificationType, data, senderIds, receivers, email }, context) {
        if (!context.caller.isAdmin) throw noAdmin();
        const entity = subjectOfIdentifiers(context.tenantId, entityIds);
        if (entity === undefined) throw noReceivers();
        const senderId = senderIds?.userId || undefined;
        const prepared = await notifier.prepare({
          entity,
          type: notificationType,
          data,
          receivers,
          email,
          senderId,
        });
        if (prepared.receiverIds.length === 0) throw noReceivers();
        await commit(store, [prepared]);
        return { id: prepared.id };
      },
    },
    list: {
      requires: ({ receiverIds }) => user(receiverIds?.userId, Right.USER_NOTIFICATIONS_READ),
      async handle({ receiverIds, status, limit, page }, context) {
        const userId = receiverIds?.userId ?? "";
        const listed = await notifications.list(context.tenantId, userId, status, { limit, page });
        context.setTotalCount(listed.total);
        return { notifications: [...listed.items] };
      },
    },
    updateStatus: {
      requires: ({ receiverIds }) => user(receiverIds?.userId, Right.USER_NOTIFICATIONS_READ),
      async handle(request, context) {
        const { tenantId } = context;
        const userId = request.receiverIds?.userId ?? "";
        const at = clock.now();
        await store.transact((writer) => {
          for (const id of request.ids) {
            notifications.setStatus(writer, tenantId, userId, { id, status: request.status, at });
          }
        });
        events.publish(notificationStatusUpdated, { kind: "user", tenantId, userId }, () => ({
          data: {
            typeName: UpdateNotificationStatusRequestSchema.typeName,
            json: toJSON(UpdateNotificationStatusRequestSchema, request),
          },
        }));
        return {};
      },
    },
  });
}
