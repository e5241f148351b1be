import { createSocket, type Socket } from "node:dgram";
import { parentPort, workerData } from "node:worker_threads";
import { Receiver, type ReceiverLimits } from "./receiver.ts";
import { type SlotMark, slotBytes } from "./slot-message.ts";

/** What the main thread starts the worker with. */
export interface WorkerData {
  readonly host: string | undefined;
  readonly port: number;
  readonly limits: ReceiverLimits;
  readonly counters: SharedArrayBuffer;
}

/** What the worker says besides batches, which are bare ArrayBuffers. */
export type WorkerMessage =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

const flushDelayMs = 1;
const sweepIntervalMs = 10_000;
const receiveBufferBytes = 4 * 1024 * 1024;

/** Addresses come from the datagrams themselves: nothing to look up, and no tick to wait for. */
const lookup = (
  address: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void => callback(null, address, address.includes(":") ? 6 : 4);

async function run({ host, port, limits, counters }: WorkerData): Promise<void> {
  const main = parentPort!;
  const post = (message: WorkerMessage) => main.postMessage(message);
  let socket: Socket;
  try {
    socket = await bind(host, port);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    post({ kind: "failed", code, message });
    return;
  }
  const receiver: Receiver = new Receiver({
    limits,
    counters: new Float64Array(counters),
    now: Date.now,
    send: (bytes, length, to) => socket.send(bytes, 0, length, to.port, to.address),
    post: (batch) => main.postMessage(batch, [batch]),
    scheduleFlush: () => setTimeout(() => receiver.flush(), flushDelayMs),
  });
  socket.on("message", (bytes, { port: from, address }) => receiver.handleDatagram(bytes, from, address));
  // A datagram that could not be sent, e.g. to a host that is gone, is a lost datagram.
  socket.on("error", ignore);
  const sweep = setInterval(() => receiver.sweep(), sweepIntervalMs);
  main.on("message", (message: ArrayBuffer | Uint8Array | SlotMark | "close") => {
    if (message instanceof ArrayBuffer) receiver.recycle(message);
    else if (message instanceof Uint8Array) {
      const slot = new DataView(message.buffer, message.byteOffset).getUint32(0);
      receiver.sendPullResp(slot, message.subarray(slotBytes));
    } else if (message !== "close") receiver.mark(message);
    else {
      clearInterval(sweep);
      receiver.finish();
      socket.close(() => main.close());
    }
  });
  post({ kind: "listening", port: socket.address().port });
}

function ignore(): void {}

/** Without a host: all addresses, of IPv6 too where the machine has it. */
async function bind(host: string | undefined, port: number): Promise<Socket> {
  if (host !== undefined) return bindTo(host, port);
  try {
    return await bindTo("::", port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw error;
    return bindTo("0.0.0.0", port);
  }
}

function bindTo(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: address.includes(":") ? "udp6" : "udp4",
      recvBufferSize: receiveBufferBytes,
      lookup,
    });
    socket.once("error", reject);
    socket.bind(port, address, () => {
      socket.removeListener("error", reject);
      resolve(socket);
    });
  });
}

if (parentPort !== null) await run(workerData as WorkerData);
