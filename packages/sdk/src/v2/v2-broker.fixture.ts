import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import mqttPacket, { type IPublishPacket, type Packet } from "mqtt-packet";

/** A broker of one application over TCP, as far as a client of V2 needs one. */
export interface V2Broker {
  readonly address: string;
  readonly downlinks: { readonly topic: string; readonly message: Readonly<Record<string, unknown>> }[];
  readonly subscriptions: string[];
  readonly connects: { readonly username: string; readonly password: string; readonly keepalive: number }[];
  publish(topic: string, payload: string): void;
  drop(): void;
}

/** Accepts the password "key" alone. */
export async function startV2Broker(t: TestContext): Promise<V2Broker> {
  const sockets = new Set<Socket>();
  const broker = { downlinks: [], subscriptions: [], connects: [] } as Pick<
    V2Broker,
    "downlinks" | "subscriptions" | "connects"
  >;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    const send = (packet: Packet) => socket.write(mqttPacket.generate(packet));
    const parser = mqttPacket.parser();
    socket.on("data", (bytes) => parser.parse(Buffer.from(bytes)));
    parser.on("packet", (packet) => answer(packet, broker, send, socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  t.after(() => {
    server.close();
    drop();
  });
  return {
    ...broker,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    drop,
    publish(topic, payload) {
      const packet: IPublishPacket = { cmd: "publish", topic, payload, qos: 0, dup: false, retain: false };
      for (const socket of sockets) socket.write(mqttPacket.generate(packet));
    },
  };
}

function answer(
  packet: Packet,
  broker: Pick<V2Broker, "downlinks" | "subscriptions" | "connects">,
  send: (packet: Packet) => void,
  socket: Socket,
): void {
  switch (packet.cmd) {
    case "connect": {
      const password = String(packet.password);
      broker.connects.push({ username: packet.username ?? "", password, keepalive: packet.keepalive ?? 0 });
      send({ cmd: "connack", returnCode: password === "key" ? 0 : 4, sessionPresent: false });
      if (password !== "key") socket.end();
      return;
    }
    case "subscribe":
      broker.subscriptions.push(...packet.subscriptions.map(({ topic }) => topic));
      send({ cmd: "suback", messageId: packet.messageId ?? 0, granted: packet.subscriptions.map(() => 0) });
      return;
    case "publish":
      broker.downlinks.push({ topic: packet.topic, message: JSON.parse(packet.payload.toString()) });
      return;
    case "pingreq":
      send({ cmd: "pingresp" });
  }
}
