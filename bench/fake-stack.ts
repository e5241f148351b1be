import { createSocket, type RemoteInfo } from "node:dgram";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import {
  type AESKey,
  appendMIC,
  cryptFRMPayload,
  type DevAddr,
  decodePHYPayload,
  devAddr,
  encodeDataFrame,
  encodeJoinAccept,
  encodeJoinAcceptFrame,
  encryptJoinAccept,
  expandKey,
  joinAcceptMIC,
  legacyDataMIC,
  netID,
  parseAESKey,
} from "@skylark/lorawan";
import { generate, parser } from "mqtt-packet";

/**
 * Behaves towards the benchmark as a stack does, and can be told to make a mistake: what the benchmark must notice.
 * It also shows what the load generator itself costs.
 */

const options = Object.fromEntries(
  process.argv.slice(2).map((argument) => argument.replace(/^--/, "").split("=")),
);
const fault = options.fault ?? "none";
const portOf = (name: string): number => Number(String(options[name]).split(":").at(-1));

interface Device {
  readonly id: string;
  fNwkSIntKey?: AESKey;
  appSKey?: AESKey;
  appKey?: AESKey;
  fCntDown: number;
  readonly queue: string[];
}

const devices = new Map<string, Device>();
const byAddress = new Map<DevAddr, Device>();
const byEui = new Map<string, Device>();
const subscribers: { readonly socket: Socket; readonly suffix: string }[] = [];
const pulls = new Map<string, RemoteInfo>();
let formatter = false;
let published = 0;

function publish(topic: string, message: object): void {
  const bytes = generate({
    cmd: "publish",
    topic,
    payload: JSON.stringify(message),
    qos: 0,
    dup: false,
    retain: false,
  });
  for (const { socket, suffix } of subscribers) if (topic.endsWith(suffix)) socket.write(bytes);
}

function publishUplink(device: Device, fCnt: number, payload: Uint8Array, gateways: number): void {
  published++;
  if (fault === "lose" && published === 50) return;
  const view = new DataView(payload.buffer, payload.byteOffset);
  const decoded = {
    temperature: view.getInt16(0) / 100,
    humidity: view.getUint8(2) / 2,
    battery: view.getUint16(3),
    sequence: view.getUint32(5) + (fault === "decode" && published === 50 ? 1 : 0),
    alarm: false,
  };
  const shown = fault === "corrupt" && published === 50 ? Uint8Array.of(...payload.subarray(1), 1) : payload;
  const message = {
    end_device_ids: { device_id: device.id },
    uplink_message: {
      f_port: 1,
      f_cnt: fCnt,
      frm_payload: Buffer.from(shown).toString("base64"),
      ...(formatter ? { decoded_payload: decoded } : {}),
      rx_metadata: Array.from({ length: gateways }, () => ({})),
    },
  };
  publish(`v3/bench/devices/${device.id}/up`, message);
  if (fault === "twice" && published === 50) publish(`v3/bench/devices/${device.id}/up`, message);
}

const udp = createSocket({ type: "udp4", recvBufferSize: 4 << 20 });
const heard = new Map<string, number>();

function transmit(eui: string, payload: Uint8Array): void {
  const to = pulls.get(eui);
  if (to === undefined) return;
  const txpk = {
    tmst: 0,
    freq: 868.1,
    datr: "SF7BW125",
    size: payload.length,
    data: Buffer.from(payload).toString("base64"),
  };
  udp.send(
    Buffer.concat([Buffer.from([2, 0, 0, 3]), Buffer.from(JSON.stringify({ txpk }))]),
    to.port,
    to.address,
  );
}

function handleFrame(eui: string, bytes: Uint8Array): void {
  const frame = decodePHYPayload(bytes);
  if (frame.mType === "joinRequest") {
    const device = byEui.get(frame.devEui);
    if (device?.appKey === undefined) return;
    const message = encodeJoinAccept({
      joinNonce: frame.devNonce,
      netId: netID(0),
      devAddr: devAddr(1),
      dlSettings: { optNeg: false, rx1DROffset: 0, rx2DR: 0 },
      rxDelay: 1,
    });
    const key = expandKey(device.appKey);
    const encrypted = encryptJoinAccept(key, appendMIC(message, joinAcceptMIC(key, { message })).subarray(1));
    transmit(eui, encodeJoinAcceptFrame(encrypted));
    publish(`v3/bench/devices/${device.id}/join`, { join_accept: {} });
    return;
  }
  if (frame.mType !== "unconfirmedUp") return;
  const device = byAddress.get(frame.devAddr);
  if (device?.appSKey === undefined) return;
  const { fCnt } = frame;
  const payload = cryptFRMPayload(expandKey(device.appSKey), {
    direction: "uplink",
    devAddr: frame.devAddr,
    fCnt,
    payload: frame.frmPayload,
  });
  publishUplink(device, fCnt, payload, 1);
  const queued = device.queue.shift();
  if (queued !== undefined) sendDownlink(eui, device, frame.devAddr, queued);
}

function sendDownlink(eui: string, device: Device, address: DevAddr, queued: string): void {
  const fCnt = device.fCntDown++;
  const common = { direction: "downlink" as const, devAddr: address, fCnt };
  const frmPayload = cryptFRMPayload(expandKey(device.appSKey!), {
    ...common,
    payload: new Uint8Array(Buffer.from(queued, "base64")),
  });
  const message = encodeDataFrame({
    mType: "unconfirmedDown",
    devAddr: address,
    fCtrl: { adr: false, ack: false, fPending: false },
    fCnt,
    fPort: 2,
    frmPayload,
  });
  transmit(eui, appendMIC(message, legacyDataMIC(expandKey(device.fNwkSIntKey!), { ...common, message })));
  publish(`v3/bench/devices/${device.id}/down/sent`, {});
}

udp.on("message", (message, from) => {
  const eui = message.toString("hex", 4, 12);
  const type = message[3];
  if (type === 2) pulls.set(eui, from);
  if (type === 0 || type === 2) {
    udp.send(Buffer.from([2, message[1]!, message[2]!, type === 0 ? 1 : 4]), from.port, from.address);
  }
  if (type !== 0) return;
  for (const { data } of JSON.parse(message.toString("latin1", 12)).rxpk ?? []) {
    // De-duplication at its simplest: the first copy counts.
    if (heard.has(data)) continue;
    heard.set(data, 1);
    handleFrame(eui, new Uint8Array(Buffer.from(data, "base64")));
  }
});
udp.bind(portOf("gs.udp.listen"), "127.0.0.1");

interface KeyEntry {
  readonly key: string;
}

function register(path: string, body: string): void {
  const { end_device: entry } = JSON.parse(body);
  const id: string = entry.ids.device_id;
  const device = devices.get(id) ?? { id, fCntDown: 0, queue: [] };
  devices.set(id, device);
  byEui.set(entry.ids.dev_eui, device);
  const keys: Record<string, KeyEntry> = { ...entry.session?.keys, ...entry.root_keys };
  if (keys.f_nwk_s_int_key) device.fNwkSIntKey = parseAESKey(keys.f_nwk_s_int_key.key);
  if (keys.app_s_key) device.appSKey = parseAESKey(keys.app_s_key.key);
  if (keys.app_key) device.appKey = parseAESKey(keys.app_key.key);
  if (path.includes("/ns/") && entry.session)
    byAddress.set(devAddr(Number.parseInt(entry.session.dev_addr, 16)), device);
}

async function answerTo(request: IncomingMessage): Promise<object> {
  let body = "";
  for await (const chunk of request) body += chunk;
  const path = request.url ?? "";
  if (/\/(ns|as|js)\/applications\/bench\/devices\//.test(path)) register(path, body);
  if (path.endsWith("/link")) formatter = body.includes("FORMATTER_JAVASCRIPT");
  return path.endsWith("/api-keys") ? { key: "NNSXS.FAKE" } : {};
}

createHttpServer((request, response) => {
  answerTo(request).then(
    (answer) => response.end(JSON.stringify(answer)),
    () => response.writeHead(500).end(),
  );
}).listen(portOf("http.listen"), "127.0.0.1");

createServer((socket) => {
  const reader = parser();
  reader.on("packet", (packet) => {
    if (packet.cmd === "connect")
      socket.write(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
    if (packet.cmd === "subscribe") {
      for (const { topic } of packet.subscriptions)
        subscribers.push({ socket, suffix: topic.split("+").at(-1)! });
      socket.write(generate({ cmd: "suback", messageId: packet.messageId ?? 0, granted: [0] }));
    }
    if (packet.cmd === "publish") {
      const id = packet.topic.split("/")[3] ?? "";
      devices.get(id)?.queue.push(JSON.parse(packet.payload.toString()).downlinks[0].frm_payload);
    }
  });
  socket.on("data", (chunk) => reader.parse(Buffer.from(chunk)));
  socket.on("error", () => {});
}).listen(portOf("as.mqtt.listen"), "127.0.0.1");

mkdirSync(options["data-dir"] ?? "", { recursive: true });
writeFileSync(join(options["data-dir"] ?? "", "admin-api-key"), "NNSXS.ADMIN\n");
process.on("SIGTERM", () => process.exit(0));
