import { create, type EntityIdentifiers, EntityIdentifiersSchema } from "@skylark/api";
import type { EntityReference } from "../domain/identifiers.ts";

/** What notifications, bookmarks and contacts can be about: an entity, or an end device of an application. */
export type Subject =
  | EntityReference
  | {
      readonly tenantId: string;
      readonly type: "end device";
      readonly applicationId: string;
      readonly id: string;
    };

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
