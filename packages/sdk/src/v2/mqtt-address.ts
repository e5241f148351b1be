/** How a broker is reached. */
export interface MQTTAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Reads `host`, `host:port`, `[v6]:port` and `mqtt://` or `mqtts://` before them. Port 8883 means TLS. */
export function parseMQTTAddress(text: string): MQTTAddress {
  const match = /^(?:(mqtts?):\/\/)?(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+)(?::([0-9]{1,5}))?\/?$/.exec(text.trim());
  const [, scheme, host = "", portText] = match ?? [];
  const port = portText === undefined ? (scheme === "mqtts" ? 8883 : 1883) : Number(portText);
  if (match === null || port < 1 || port > 65_535)
    throw new TypeError(`${text} is no address of an MQTT broker`);
  return { host, port, tls: scheme === "mqtts" || (scheme === undefined && port === 8883) };
}

export function formatMQTTAddress({ host, port, tls }: MQTTAddress): string {
  return `${tls ? "mqtts" : "mqtt"}://${host}:${port}`;
}
