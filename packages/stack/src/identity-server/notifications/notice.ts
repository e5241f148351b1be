import {
  type Any,
  create,
  type EntityIdentifiers,
  EntityIdentifiersSchema,
  type NotificationReceiver,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { StagedChange } from "../../store/store.ts";
import type { Topic } from "../mail/templates.ts";

/** What a notification is about; an end device is told to those of its application. */
export type Subject =
  | EntityReference
  | {
      readonly tenantId: string;
      readonly type: "end device";
      readonly applicationId: string;
      readonly id: string;
    };

/** Something that happened, and who is to hear of it. */
export interface Notice {
  readonly entity: Subject;
  /** `api_key_created`, `entity_state_changed`, … */
  readonly type: string;
  readonly data?: Any | undefined;
  /** A user hears of itself whatever is said here. */
  readonly receivers: readonly NotificationReceiver[];
  /** The admins of the tenant, and nobody else. */
  readonly toAdmins?: boolean;
  readonly email: boolean;
  /** The user who caused it. */
  readonly senderId?: string | undefined;
}

/** Where services tell what happened. */
export interface Notifier {
  /**
   * Finds out who hears of it. The change belongs into the transaction that causes it: `write` there, `committed`
   * after it.
   */
  prepare(notice: Notice): Promise<StagedChange>;
}

export function entityIdentifiersOf(entity: Subject): EntityIdentifiers {
  const { id } = entity;
  switch (entity.type) {
    case "application":
      return create(EntityIdentifiersSchema, {
        ids: { case: "applicationIds", value: { applicationId: id } },
      });
    case "client":
      return create(EntityIdentifiersSchema, { ids: { case: "clientIds", value: { clientId: id } } });
    case "end device": {
      const value = { deviceId: id, applicationIds: { applicationId: entity.applicationId } };
      return create(EntityIdentifiersSchema, { ids: { case: "deviceIds", value } });
    }
    case "gateway":
      return create(EntityIdentifiersSchema, { ids: { case: "gatewayIds", value: { gatewayId: id } } });
    case "organization":
      return create(EntityIdentifiersSchema, {
        ids: { case: "organizationIds", value: { organizationId: id } },
      });
    case "user":
      return create(EntityIdentifiersSchema, { ids: { case: "userIds", value: { userId: id } } });
  }
}

/** Undefined for identifiers that name nothing. */
export function subjectOfIdentifiers(
  tenantId: string,
  entity: EntityIdentifiers | undefined,
): Subject | undefined {
  const ids = entity?.ids;
  switch (ids?.case) {
    case "applicationIds":
      return { tenantId, type: "application", id: ids.value.applicationId };
    case "clientIds":
      return { tenantId, type: "client", id: ids.value.clientId };
    case "deviceIds": {
      const applicationId = ids.value.applicationIds?.applicationId ?? "";
      return { tenantId, type: "end device", applicationId, id: ids.value.deviceId };
    }
    case "gatewayIds":
      return { tenantId, type: "gateway", id: ids.value.gatewayId };
    case "organizationIds":
      return { tenantId, type: "organization", id: ids.value.organizationId };
    case "userIds":
      return { tenantId, type: "user", id: ids.value.userId };
    default:
      return undefined;
  }
}

/** As letters to this receiver name the entity. */
export function topicOf(entity: Subject, receiverIsAdmin: boolean): Topic {
  const { type, id } = entity;
  switch (entity.type) {
    case "end device":
      return { type, id, consolePath: `/applications/${entity.applicationId}/devices/${id}` };
    case "user":
      return { type, id, consolePath: receiverIsAdmin ? `/admin-panel/user-management/${id}` : "" };
    case "client":
      return { type, id, consolePath: "" };
    default:
      return { type, id, consolePath: `/${entity.type}s/${id}` };
  }
}
