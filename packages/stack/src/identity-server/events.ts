import { defineEvent, type EventDefinition, type EventDetails } from "../events/events.ts";

type EntityVerb = "create" | "update" | "delete" | "restore" | "purge";
type ApiKeyVerb = "create" | "update" | "delete";

type EntityType = keyof typeof upper;

const upper = {
  application: "APPLICATION",
  gateway: "GATEWAY",
  user: "USER",
  organization: "ORGANIZATION",
  client: "CLIENT",
} as const;

function entityEvents(type: EntityType): Readonly<Record<EntityVerb, EventDefinition>> {
  const define = (verb: EntityVerb, isLast = false) =>
    defineEvent(`${type}.${verb}`, `${verb} ${type}`, [`RIGHT_${upper[type]}_INFO`], { isLast });
  return {
    create: define("create"),
    update: define("update"),
    delete: define("delete"),
    restore: define("restore"),
    purge: define("purge", true),
  };
}

function apiKeyEvents(type: Exclude<EntityType, "client">): Readonly<Record<ApiKeyVerb, EventDefinition>> {
  const define = (verb: ApiKeyVerb) =>
    defineEvent(`${type}.api-key.${verb}`, `${verb} ${type} API key`, [
      `RIGHT_${upper[type]}_SETTINGS_API_KEYS`,
    ]);
  return { create: define("create"), update: define("update"), delete: define("delete") };
}

function collaboratorEvents(type: Exclude<EntityType, "user">) {
  const setting = type === "organization" ? "MEMBERS" : "COLLABORATORS";
  const visibility = [`RIGHT_${upper[type]}_SETTINGS_${setting}`, `RIGHT_USER_${upper[type]}S_LIST`];
  return {
    update: defineEvent(`${type}.collaborator.update`, `update ${type} collaborator`, visibility),
    delete: defineEvent(`${type}.collaborator.delete`, `delete ${type} collaborator`, visibility),
  };
}

const deviceVisibility = ["RIGHT_APPLICATION_DEVICES_READ"];

export const registryEvents = {
  application: entityEvents("application"),
  gateway: entityEvents("gateway"),
  user: entityEvents("user"),
  organization: entityEvents("organization"),
  client: entityEvents("client"),
} as const;

export const accessEvents = {
  application: apiKeyEvents("application"),
  gateway: apiKeyEvents("gateway"),
  user: apiKeyEvents("user"),
  organization: apiKeyEvents("organization"),
} as const;

export const membershipEvents = {
  application: collaboratorEvents("application"),
  gateway: collaboratorEvents("gateway"),
  organization: collaboratorEvents("organization"),
  client: collaboratorEvents("client"),
} as const;

export const endDeviceEvents = {
  create: defineEvent("end_device.create", "create end device", deviceVisibility),
  update: defineEvent("end_device.update", "update end device", deviceVisibility),
  delete: defineEvent("end_device.delete", "delete end device", deviceVisibility),
  batchDelete: defineEvent("end_device.batch.delete", "batch delete end devices", deviceVisibility),
} as const;

export const passwordChanged = defineEvent("user.update_password", "update user password", [
  "RIGHT_USER_INFO",
]);

/** What an update event says: the fields that were named. */
export function changedFields(paths: readonly string[] | undefined): () => EventDetails {
  return () => (paths === undefined ? {} : { data: { typeName: "google.protobuf.Value", json: [...paths] } });
}
