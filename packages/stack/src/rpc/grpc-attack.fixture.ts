import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createClientShares } from "./fair-share.ts";
import { listenGrpc } from "./grpc-listener.ts";
import { createSample } from "./http-platform.fixture.ts";

/** What the victim tells of itself, in bytes. */
interface Told {
  readonly rss: number;
  readonly freeBytes: number;
  readonly freeCalls: number;
}

/** A quarter of what there is for all usually, so that the attacks need not be larger. */
export const victimBytes = 64 * 1024 * 1024;
export const victimCalls = 2_500;

/** A server in a process of its own, so that what it holds is not what the attacker does. */
export interface Victim {
  readonly port: number;
  tell(): Promise<Told>;
  stop(): Promise<void>;
}

export async function startVictim(): Promise<Victim> {
  const child: ChildProcess = fork(import.meta.filename, ["victim"], { execArgv: ["--expose-gc"] });
  const [{ port }] = (await once(child, "message")) as [{ readonly port: number }];
  return {
    port,
    async tell() {
      child.send("tell");
      const [told] = (await once(child, "message")) as [Told];
      return told;
    },
    async stop() {
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
}

/** The most that the victim holds until `over`. */
export async function mostHeld(victim: Victim, over: Promise<unknown>): Promise<number> {
  let isOver = false;
  const ended = over.finally(() => {
    isOver = true;
  });
  let most = 0;
  while (!isOver) {
    most = Math.max(most, (await victim.tell()).rss);
    await Promise.race([delay(50), ended]);
  }
  await ended;
  return most;
}

/** A connection whose other end is somebody else for each of its addresses. */
export function connectFrom(localAddress: string, port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, {
    createConnection: () => rawConnection(localAddress, port),
  });
  session.on("error", () => {});
  return session;
}

export function rawConnection(localAddress: string, port: number): Socket {
  const socket = connectSocket({ host: "127.0.0.1", port, localAddress });
  socket.on("error", () => {});
  return socket;
}

export function beginCall(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): ClientHttp2Stream {
  const stream = session.request(
    { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers },
    { endStream: false },
  );
  stream.on("error", () => {});
  return stream;
}

async function beVictim(): Promise<void> {
  const shares = createClientShares({ bytes: victimBytes, calls: victimCalls });
  const { grpcPlatform } = createSample({ shares });
  const { port } = await listenGrpc(grpcPlatform, { port: 0, host: "127.0.0.1", shares });
  process.on("message", () => {
    global.gc?.({ type: "minor" });
    process.send?.({
      rss: process.memoryUsage.rss(),
      freeBytes: shares.bytes.free,
      freeCalls: shares.calls.free,
    });
  });
  process.send?.({ port });
}

if (process.argv[2] === "victim") await beVictim();
