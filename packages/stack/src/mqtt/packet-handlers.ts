import { noAcknowledgement } from "./acknowledgement-queue.ts";
import type { Connection } from "./connection.ts";
import type {
  AcknowledgementPacket,
  ClientPacket,
  ConnectPacket,
  PublishPacket,
  SubscribePacket,
  UnsubscribePacket,
} from "./packet-decoding.ts";
import { encodeAcknowledgement, encodeSuback, pingresp, subscriptionRefused } from "./packet-encoding.ts";
import { MalformedPacket } from "./packet-framing.ts";
import type { Session } from "./session.ts";

/** Handles one packet of a connected client. */
export function handlePacket(
  packet: Exclude<ClientPacket, ConnectPacket>,
  connection: Connection,
  session: Session,
): void {
  switch (packet.kind) {
    case "publish":
      handlePublish(packet, connection);
      break;
    case "puback":
      session.handleAcknowledged(packet.packetId);
      break;
    case "pubrec":
      closeOnFailure(connection, session.handleReceived(packet.packetId));
      break;
    case "pubcomp":
      session.handleCompleted(packet.packetId);
      break;
    case "pubrel":
      handleRelease(packet, connection);
      break;
    case "subscribe":
      handleSubscribe(packet, connection, session);
      break;
    case "unsubscribe":
      handleUnsubscribe(packet, connection, session);
      break;
    case "pingreq":
      // [MQTT-3.12.4-1]
      connection.send(pingresp);
      break;
    case "disconnect":
      connection.leave();
  }
}

function handlePublish(packet: PublishPacket, connection: Connection): void {
  const { qos, packetId } = packet;
  const { receivedIds, acknowledgements } = connection;
  connection.server.counters.published++;
  // [MQTT-4.3.3-2]: a QoS 2 message sent again is acknowledged again, and not handled again.
  const isRepeated = qos === 2 && receivedIds.has(packetId);
  if (qos === 2 && !isRepeated) {
    if (receivedIds.size >= connection.server.limits.maxUnreleased) {
      throw new MalformedPacket("too many QoS 2 messages without PUBREL");
    }
    receivedIds.add(packetId);
  }
  const acknowledge = acknowledgements.reserve();
  const taken = isRepeated
    ? Promise.resolve()
    : connection.client!.publish(packet, qos === 2 ? packetId : undefined);
  const answered = taken.then(() => {
    // [MQTT-4.3.2-2] [MQTT-4.3.3-2]
    acknowledge(
      qos === 0 ? noAcknowledgement : encodeAcknowledgement(qos === 1 ? "puback" : "pubrec", packetId),
    );
    connection.process();
  });
  closeOnFailure(connection, answered);
}

function handleRelease({ packetId }: AcknowledgementPacket, connection: Connection): void {
  const { receivedIds, client } = connection;
  const released = receivedIds.has(packetId) ? client!.release(packetId) : Promise.resolve();
  const answered = released.then(() => {
    receivedIds.delete(packetId);
    connection.send(encodeAcknowledgement("pubcomp", packetId));
  });
  closeOnFailure(connection, answered);
}

function handleSubscribe(
  { packetId, requests }: SubscribePacket,
  connection: Connection,
  session: Session,
): void {
  const room = connection.server.limits.maxSubscriptions - session.subscriptionCount;
  let accepted = 0;
  const client = connection.client!;
  const answers = requests.map((request) => {
    const rewritten = accepted < room ? client.rewriteFilter(request.filter) : undefined;
    if (rewritten === undefined) return { returnCode: subscriptionRefused };
    accepted++;
    const qos = client.transient?.owns(rewritten) ? 0 : request.qos;
    return { returnCode: qos, subscription: { filter: rewritten, qos } };
  });
  const subscribed = session.subscribe(answers.flatMap(({ subscription }) => subscription ?? []));
  const answered = subscribed.then(() => {
    // [MQTT-3.8.4-1] [MQTT-3.8.4-5]
    connection.send(
      encodeSuback(
        packetId,
        answers.map(({ returnCode }) => returnCode),
      ),
    );
  });
  closeOnFailure(connection, answered);
}

function handleUnsubscribe(
  { packetId, filters }: UnsubscribePacket,
  connection: Connection,
  session: Session,
): void {
  const rewritten = filters.flatMap((filter) => connection.client!.rewriteFilter(filter) ?? []);
  // [MQTT-3.10.4-4] [MQTT-3.10.4-5]: answered also when nothing was subscribed to.
  const answered = session
    .unsubscribe(rewritten)
    .then(() => connection.send(encodeAcknowledgement("unsuback", packetId)));
  closeOnFailure(connection, answered);
}

/** Without an acknowledgement the client sends again, on its next connection. */
function closeOnFailure(connection: Connection, answered: Promise<void>): void {
  answered.catch((error: unknown) => {
    connection.server.log.warn("an MQTT packet could not be handled", { error });
    connection.end("internal error");
  });
}
