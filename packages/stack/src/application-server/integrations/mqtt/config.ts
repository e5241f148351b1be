import { defineOptions, duration, integer, listenAddress, text } from "../../../config/option.ts";

export const mqttOptions = defineOptions({
  "as.mqtt.listen": {
    read: listenAddress,
    default: ":1883",
    description: "MQTT server for applications",
  },
  "as.mqtt.listen-tls": {
    read: listenAddress,
    default: ":8883",
    description: "The same over TLS, once a certificate is configured",
  },
  "as.mqtt.public-address": {
    read: text,
    default: "localhost:1883",
    description: "Where applications reach the MQTT server, as the API tells them",
  },
  "as.mqtt.public-tls-address": {
    read: text,
    default: "localhost:8883",
    description: "The same over TLS",
  },
  "as.mqtt.max-connections": {
    read: integer(1, 1_000_000),
    default: "10000",
    description: "MQTT clients of applications that may be connected at once",
  },
  "as.mqtt.session-expiry": {
    read: duration,
    default: "7d",
    description: "How long a persistent session is kept for a client that stays away",
  },
});
