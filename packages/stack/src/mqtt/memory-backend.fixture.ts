import { type Backend, type Client, Refusal, type SessionState, type StoredSession } from "./backend.ts";
import { OutgoingMessage } from "./outgoing-message.ts";
import type { PublishedMessage } from "./packet-decoding.ts";

export interface MemoryBackend extends Backend {
  readonly published: (PublishedMessage & { readonly packetId: number | undefined })[];
  /** Sessions by client identifier. */
  readonly stored: Map<string, SessionState>;
  readonly closed: string[];
  send(topic: string, payload?: string): OutgoingMessage;
  /** Messages older than this are gone. */
  forgetBefore(position: number): void;
  mayRead: boolean;
  /** Awaited by each publish. */
  publishing: Promise<void>;
}

/** Accepts every password but `wrong`; refuses filters that begin with `secret`. */
export function memoryBackend(): MemoryBackend {
  const messages: OutgoingMessage[] = [];
  const listeners = new Set<(message: OutgoingMessage) => void>();
  const received = new Map<string, Set<number>>();
  let oldest = 0;
  let position = 0;

  const backend: MemoryBackend = {
    published: [],
    stored: new Map(),
    closed: [],
    mayRead: true,
    publishing: Promise.resolve(),
    send(topic, payload = "") {
      const message = new OutgoingMessage(++position, topic, Buffer.from(payload));
      messages.push(message);
      for (const listener of listeners) listener(message);
      return message;
    },
    forgetBefore(first) {
      oldest = first;
    },
    async authenticate({ clientId, password }) {
      if (password !== undefined && Buffer.from(password).toString() === "wrong") return new Refusal(5);
      return client(clientId);
    },
  };

  const client = (clientId: string): Client => ({
    sessionKey: clientId,
    source: {
      lastPosition: () => position,
      subscribe(listener) {
        listeners.add(listener);
        return { close: () => listeners.delete(listener) };
      },
      async read(after, limit) {
        return messages
          .filter((message) => message.position > after && message.position >= oldest)
          .slice(0, limit);
      },
    },
    get mayRead() {
      return backend.mayRead;
    },
    rewriteFilter: (filter) => (filter.startsWith("secret") ? undefined : filter),
    async openSession(cleanSession) {
      if (cleanSession) {
        backend.stored.delete(clientId);
        received.delete(clientId);
        return undefined;
      }
      const ids = received.get(clientId) ?? new Set();
      received.set(clientId, ids);
      const session: StoredSession = {
        state: backend.stored.get(clientId),
        receivedIds: [...ids],
        async save(state) {
          backend.stored.set(clientId, structuredClone(state));
        },
      };
      return session;
    },
    async publish({ topic, payload, qos }, packetId) {
      await backend.publishing;
      backend.published.push({ topic, payload, qos, packetId });
      if (packetId !== undefined) received.get(clientId)?.add(packetId);
    },
    async release(packetId) {
      received.get(clientId)?.delete(packetId);
    },
    onRevoked: () => {},
    closed: (reason) => backend.closed.push(reason),
  });

  return backend;
}
