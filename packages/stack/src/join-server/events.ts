import { defineEvent } from "../events/events.ts";

const devicesRead = ["RIGHT_APPLICATION_DEVICES_READ"];

export const deviceCreated = defineEvent("js.end_device.create", "create end device", devicesRead);
export const deviceUpdated = defineEvent("js.end_device.update", "update end device", devicesRead);
export const deviceDeleted = defineEvent("js.end_device.delete", "delete end device", devicesRead);
export const batchDeleted = defineEvent(
  "js.end_device.batch.delete",
  "batch delete end devices",
  devicesRead,
);
export const joinAccepted = defineEvent("js.join.accept", "accept join-request", [
  "RIGHT_APPLICATION_TRAFFIC_READ",
]);
