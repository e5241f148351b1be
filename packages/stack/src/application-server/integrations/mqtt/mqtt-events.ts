import type { ApplicationIdentifiers } from "../../../domain/identifiers.ts";
import { errorDetailsJson } from "../../../errors/error-details.ts";
import { defineEvent, type EventDefinition, type EventPublisher } from "../../../events/events.ts";

const trafficRead = ["RIGHT_APPLICATION_TRAFFIC_READ"];

export const connected = defineEvent("as.mqtt.connect", "connect to MQTT server", trafficRead);
export const connectFailed = defineEvent(
  "as.mqtt.connect.fail",
  "fail to connect to MQTT server",
  trafficRead,
);
export const disconnected = defineEvent("as.mqtt.disconnect", "disconnect from MQTT server", trafficRead);
export const publishFailed = defineEvent(
  "as.mqtt.publish.fail",
  "reject message published to MQTT server",
  trafficRead,
);

export function publishError(
  events: EventPublisher,
  definition: EventDefinition,
  ids: ApplicationIdentifiers,
  error: unknown,
): void {
  events.publish(definition, { kind: "application", ids }, () => ({
    data: { typeName: "ttn.lorawan.v3.ErrorDetails", json: errorDetailsJson(error) },
  }));
}
