import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import {
  type AESKey,
  appendMIC,
  cryptFOpts,
  cryptFRMPayload,
  type DataUplink,
  type DevAddr,
  decodePHYPayload,
  deriveJSKeys,
  deriveSessionKeys10,
  deriveSessionKeys11,
  devAddr,
  downlinkMIC11,
  encodeDataFrame,
  encodeJoinAccept,
  encodeJoinAcceptFrame,
  encryptJoinAccept,
  expandKey,
  type JoinAccept,
  type JoinRequest,
  joinAcceptMIC,
  joinRequestMIC,
  legacyDataMIC,
  netID,
  uplinkMIC11,
  withoutMIC,
} from "@skylark/lorawan";
import type { DeviceSessionKeys } from "./device-session.ts";
import type { RadioDataRate } from "./time-on-air.ts";

/** A frame as it came in PUSH_DATA. */
export interface ReceivedPacket {
  readonly tmst: number;
  readonly freq: number;
  readonly datr: RadioDataRate;
  readonly data: string;
}

/** What the fake server answers to an uplink. */
export interface Answer {
  readonly fCnt: number;
  readonly ack?: boolean;
  readonly confirmed?: boolean;
  readonly fPort?: number;
  readonly payload?: Uint8Array;
  readonly commands?: Uint8Array;
  /** Where to transmit; RX1 of a device with default parameters unless given. */
  readonly delayMs?: number;
  readonly freq?: number;
  readonly datr?: RadioDataRate;
  readonly ipol?: boolean;
}

/** An uplink that the fake server verified. */
export interface SeenUplink {
  readonly frame: DataUplink;
  readonly payload: Uint8Array;
  readonly commands: Uint8Array;
  readonly packet: ReceivedPacket;
}

interface Session {
  readonly address: DevAddr;
  readonly is11: boolean;
  readonly keys: DeviceSessionKeys;
}

/** Just enough of a network server to test the simulators: one device, answers as the test says. */
export class FakeNetworkServer {
  readonly uplinks: SeenUplink[] = [];
  readonly joinRequests: JoinRequest[] = [];
  readonly statuses: string[] = [];
  readonly txAcks: string[] = [];
  readonly badFrames: string[] = [];
  port = 0;
  appKey: AESKey | undefined;
  nwkKey: AESKey | undefined;
  joinAccept: Partial<JoinAccept> = {};
  session: Session | undefined;
  /** Index of the channel, for 1.1 uplinks whose MIC covers it. */
  channelOf: (freq: number) => number = () => 0;
  answer: (uplink: SeenUplink, index: number) => Answer | undefined = () => undefined;
  readonly #socket: Socket = createSocket("udp4");
  #pull: RemoteInfo | undefined;
  #token = 0;

  async start(): Promise<void> {
    this.#socket.on("message", (message, from) => this.#handle(message, from));
    await new Promise<void>((resolve) => this.#socket.bind(0, "127.0.0.1", resolve));
    this.port = this.#socket.address().port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  /** Sends a PULL_RESP with any body. */
  pullResp(body: string): void {
    if (this.#pull === undefined) throw new Error("no gateway has pulled");
    this.#token = (this.#token + 1) & 0xffff;
    const header = Buffer.from([2, this.#token >> 8, this.#token & 0xff, 3]);
    this.#socket.send(Buffer.concat([header, Buffer.from(body)]), this.#pull.port, this.#pull.address);
  }

  #handle(message: Buffer, from: RemoteInfo): void {
    const type = message[3];
    if (type === 0 || type === 2) {
      const ack = Buffer.from([message[0]!, message[1]!, message[2]!, type === 0 ? 1 : 4]);
      this.#socket.send(ack, from.port, from.address);
    }
    if (type === 2) this.#pull = from;
    if (type === 5) this.txAcks.push(message.toString("utf8", 12));
    if (type !== 0) return;
    const body: { rxpk?: ReceivedPacket[]; stat?: object } = JSON.parse(message.toString("utf8", 12));
    if (body.stat !== undefined) this.statuses.push(JSON.stringify(body.stat));
    for (const packet of body.rxpk ?? []) this.#handlePacket(packet);
  }

  #handlePacket(packet: ReceivedPacket): void {
    const bytes = new Uint8Array(Buffer.from(packet.data, "base64"));
    const frame = decodePHYPayload(bytes);
    if (frame.mType === "joinRequest") this.#handleJoin(frame, bytes, packet);
    else if (frame.mType === "unconfirmedUp" || frame.mType === "confirmedUp") {
      this.#handleData(frame, bytes, packet);
    }
  }

  #handleJoin(request: JoinRequest, bytes: Uint8Array, packet: ReceivedPacket): void {
    this.joinRequests.push(request);
    const rootKey = this.nwkKey ?? this.appKey;
    if (rootKey === undefined) return;
    if (joinRequestMIC(expandKey(rootKey), withoutMIC(bytes)) !== request.mic) {
      this.badFrames.push("join-request");
      return;
    }
    const is11 = this.nwkKey !== undefined;
    const accept: JoinAccept = {
      joinNonce: this.joinRequests.length,
      netId: netID(0x13),
      devAddr: devAddr(0x26000000 + this.joinRequests.length),
      dlSettings: { optNeg: is11, rx1DROffset: 0, rx2DR: 0 },
      rxDelay: 1,
      ...this.joinAccept,
    };
    const { joinEui, devEui, devNonce } = request;
    const { joinNonce, netId } = accept;
    const keys = is11
      ? deriveSessionKeys11({ nwkKey: rootKey, appKey: this.appKey!, joinNonce, joinEui, devNonce })
      : deriveSessionKeys10({ appKey: rootKey, joinNonce, netId, devNonce });
    this.session = { address: accept.devAddr, is11, keys };
    const message = encodeJoinAccept(accept);
    const micKey = is11 ? deriveJSKeys({ nwkKey: rootKey, devEui }).jsIntKey : rootKey;
    const mic = joinAcceptMIC(
      expandKey(micKey),
      is11 ? { message, optNeg: { joinReqType: 0xff, joinEui, devNonce } } : { message },
    );
    const encrypted = encryptJoinAccept(expandKey(rootKey), appendMIC(message, mic).subarray(1));
    this.#transmit(encodeJoinAcceptFrame(encrypted), packet, { delayMs: 5000 });
  }

  #handleData(frame: DataUplink, bytes: Uint8Array, packet: ReceivedPacket): void {
    const session = this.session;
    if (session === undefined || session.address !== frame.devAddr) return;
    const { keys, is11 } = session;
    const address = session.address;
    const { fCnt } = frame;
    const message = withoutMIC(bytes);
    const mic = is11
      ? uplinkMIC11({
          fNwkSIntKey: expandKey(keys.fNwkSIntKey),
          sNwkSIntKey: expandKey(keys.sNwkSIntKey!),
          confFCnt: frame.fCtrl.ack ? this.acknowledgedFCnt : 0,
          txDr: 5,
          txCh: this.channelOf(packet.freq),
          devAddr: address,
          fCnt,
          message,
        })
      : legacyDataMIC(expandKey(keys.fNwkSIntKey), { direction: "uplink", devAddr: address, fCnt, message });
    if (mic !== frame.mic) {
      this.badFrames.push(`uplink ${fCnt}`);
      return;
    }
    const encKey = expandKey(keys.nwkSEncKey ?? keys.fNwkSIntKey);
    const body = cryptFRMPayload(frame.fPort === 0 ? encKey : expandKey(keys.appSKey), {
      direction: "uplink",
      devAddr: address,
      fCnt,
      payload: frame.frmPayload,
    });
    const fOpts = is11
      ? cryptFOpts(encKey, { counter: "fCntUp", devAddr: address, fCnt, fOpts: frame.fOpts })
      : frame.fOpts;
    const seen = { frame, packet, payload: body, commands: frame.fPort === 0 ? body : fOpts };
    const answer = this.answer(seen, this.uplinks.push(seen) - 1);
    if (answer !== undefined) this.#transmit(this.#downlink(answer, session, seen), packet, answer);
  }

  /** The counter of the last confirmed downlink. */
  acknowledgedFCnt = 0;

  #downlink(answer: Answer, { address, keys, is11 }: Session, to: SeenUplink): Uint8Array {
    const { fCnt, fPort, payload = new Uint8Array(0), commands = new Uint8Array(0) } = answer;
    if (answer.confirmed === true) this.acknowledgedFCnt = fCnt;
    const encKey = expandKey(keys.nwkSEncKey ?? keys.fNwkSIntKey);
    const counter = fPort !== undefined && fPort > 0 ? "aFCntDown" : "nFCntDown";
    const message = encodeDataFrame({
      mType: answer.confirmed === true ? "confirmedDown" : "unconfirmedDown",
      devAddr: address,
      fCtrl: { adr: false, ack: answer.ack ?? false, fPending: false },
      fCnt,
      fOpts: is11 ? cryptFOpts(encKey, { counter, devAddr: address, fCnt, fOpts: commands }) : commands,
      ...(fPort === undefined
        ? {}
        : {
            fPort,
            frmPayload: cryptFRMPayload(fPort === 0 ? encKey : expandKey(keys.appSKey), {
              direction: "downlink",
              devAddr: address,
              fCnt,
              payload,
            }),
          }),
    });
    const mic = is11
      ? downlinkMIC11({
          sNwkSIntKey: expandKey(keys.sNwkSIntKey!),
          confFCnt: answer.ack === true ? to.frame.fCnt : 0,
          devAddr: address,
          fCnt,
          message,
        })
      : legacyDataMIC(expandKey(keys.fNwkSIntKey), {
          direction: "downlink",
          devAddr: address,
          fCnt,
          message,
        });
    return appendMIC(message, mic);
  }

  #transmit(
    payload: Uint8Array,
    packet: ReceivedPacket,
    where: Pick<Answer, "delayMs" | "freq" | "datr" | "ipol">,
  ): void {
    const tmst = (packet.tmst + 1000 * (where.delayMs ?? 1000)) % 2 ** 32;
    const txpk = {
      tmst,
      freq: where.freq ?? packet.freq,
      datr: where.datr ?? packet.datr,
      modu: "LORA",
      codr: "4/5",
      powe: 14,
      ipol: where.ipol ?? true,
      ncrc: true,
      size: payload.length,
      data: Buffer.from(payload).toString("base64"),
    };
    this.pullResp(JSON.stringify({ txpk }));
  }
}
