import {
  appendMIC,
  type DataDownlink,
  decodePHYPayload,
  type EUI64,
  encodeJoinRequest,
  expandKey,
  joinRequestMIC,
  LoRaWANError,
} from "@skylark/lorawan";
import type { Air, AirDevice, DownlinkTransmission } from "./air.ts";
import { type Clock, wait } from "./clock.ts";
import { openJoinAccept } from "./device-join.ts";
import { handleCommands, type LoRaWANVersion, type MACState, splitCommands } from "./device-mac.ts";
import type { DeviceOptions } from "./device-options.ts";
import {
  applyJoinAccept,
  backOff,
  type DeviceParameters,
  initialParameters,
  usableChannels,
} from "./device-parameters.ts";
import { type DeviceRegion, deviceRegions } from "./device-region.ts";
import { DeviceSession, type OpenedDownlink, type UplinkContent } from "./device-session.ts";
import type { DeviceDownlink, Uplink, UplinkResult, Violation } from "./device-traffic.ts";
import { type Random, randomInteger, seededRandom } from "./random.ts";
import { ReceiveWindows, type WindowName } from "./receive-windows.ts";
import { timeOnAirMs } from "./time-on-air.ts";

interface FilledUplink extends UplinkContent {
  /** FCntDown of the confirmed downlink that it acknowledges. */
  readonly acknowledges: number | undefined;
}

/** A class A end device with its own session, receive windows and MAC layer. */
export class SimulatedDevice implements AirDevice {
  readonly devEui: EUI64;
  readonly version: LoRaWANVersion;
  readonly region: DeviceRegion;
  readonly downlinks: DeviceDownlink[] = [];
  readonly violations: Violation[] = [];
  readonly linkChecks: { readonly margin: number; readonly gateways: number }[] = [];
  /** GPS milliseconds of every DeviceTimeAns. */
  readonly deviceTimes: number[] = [];
  parameters: DeviceParameters;
  session: DeviceSession | undefined;
  /** Counters for reports. */
  readonly stats = { joinRequests: 0, joins: 0, uplinks: 0, rx1: 0, rx2: 0 };
  readonly #options: DeviceOptions;
  readonly #air: Air;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #mac: Omit<MACState, "parameters">;
  #nextDevNonce: number;
  #lastJoinNonce = -1;
  #pendingDevNonce: number | undefined;
  #windows: ReceiveWindows | undefined;
  #busy = false;
  #uplinksSinceDownlink = 0;
  #onApplicationDownlink: ((downlink: DeviceDownlink) => void)[] = [];
  #onJoined: (() => void)[] = [];

  constructor(options: DeviceOptions) {
    this.devEui = options.devEui;
    this.version = options.version;
    this.region = deviceRegions[options.region ?? "EU868"];
    this.parameters = initialParameters(this.region, options.factory ?? {});
    this.#options = options;
    this.#air = options.air;
    this.#clock = options.air.clock;
    this.#random = options.random ?? seededRandom(Number.parseInt(options.devEui.slice(8), 16));
    this.#mac = {
      version: options.version,
      region: this.region,
      battery: options.battery ?? 255,
      downlinkSnr: options.downlinkSnr ?? 7,
      indicationPending: false,
      answers: [],
      onLinkCheck: (margin, gateways) => this.linkChecks.push({ margin, gateways }),
      onDeviceTime: (gpsMs) => this.deviceTimes.push(gpsMs),
    };
    const { activation } = options;
    this.#nextDevNonce = ("otaa" in activation ? activation.otaa.nextDevNonce : undefined) ?? 1;
    if ("abp" in activation) {
      const { devAddr, keys, fCntUp } = activation.abp;
      this.#enter(
        new DeviceSession({ devAddr, keys, is11: this.#is11, ...(fCntUp === undefined ? {} : { fCntUp }) }),
      );
    }
  }

  get #is11(): boolean {
    return this.version === "1.1.0";
  }

  /** Whether an uplink or a join is under way, its receive windows included. */
  get busy(): boolean {
    return this.#busy;
  }

  /** The DevNonce that the next join-request carries, for versions that count it. */
  get nextDevNonce(): number {
    return this.#nextDevNonce;
  }

  /** Resolves when the device has a session. */
  joined(): Promise<void> {
    if (this.session !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#onJoined.push(resolve));
  }

  /** Resolves with the next downlink that carries an application payload. */
  nextDownlink(): Promise<DeviceDownlink> {
    return new Promise((resolve) => this.#onApplicationDownlink.push(resolve));
  }

  /** Sends join-requests until one is answered; tells whether one was. */
  async join({ attempts = 3 }: { readonly attempts?: number } = {}): Promise<boolean> {
    this.#begin();
    try {
      for (let attempt = 0; attempt < attempts; attempt++) {
        if (attempt > 0) await wait(this.#clock, 1000 + 2000 * this.#random());
        const joins = this.stats.joins;
        await this.#transmitJoinRequest();
        if (this.stats.joins > joins) return true;
      }
      return false;
    } finally {
      this.#busy = false;
    }
  }

  /** Sends one uplink, with its repetitions, and listens; resolves when it has been heard or the windows have passed. */
  async sendUplink(uplink: Uplink = {}): Promise<UplinkResult> {
    const session = this.session;
    if (session === undefined) throw new Error(`device ${this.devEui} has not joined`);
    this.#begin();
    const { fCntUp: fCnt } = session;
    const confirmed = uplink.confirmed ?? false;
    const limit = uplink.transmissions ?? (confirmed ? 8 : this.parameters.nbTrans);
    session.confirmedUplink = confirmed ? fCnt : undefined;
    const content = this.#content(uplink, session);
    let downlink: DeviceDownlink | undefined;
    let transmissions = 0;
    try {
      while (transmissions < limit && downlink === undefined) {
        // TS001-1.0.4 §4.3.1.1: a confirmed frame is repeated after RX2 and a random pause.
        if (transmissions > 0 && confirmed) await wait(this.#clock, 1000 + 2000 * this.#random());
        transmissions++;
        downlink = await this.#transmitData(content, session);
        if (confirmed && downlink?.ack === false) downlink = transmissions < limit ? undefined : downlink;
      }
    } finally {
      session.fCntUp = fCnt + 1;
      session.confirmedUplink = undefined;
      if (content.fCtrl.ack && session.downlinkToAcknowledge === content.acknowledges) {
        session.downlinkToAcknowledge = undefined;
      }
      this.#busy = false;
    }
    return { fCnt, transmissions, acknowledged: downlink?.ack ?? false, downlink };
  }

  hear(transmission: DownlinkTransmission, sole: boolean): void {
    let frame: ReturnType<typeof decodePHYPayload>;
    try {
      frame = decodePHYPayload(transmission.payload);
    } catch (error) {
      if (!(error instanceof LoRaWANError)) throw error;
      if (sole) this.#report("malformed", error.message);
      return;
    }
    if (frame.mType === "joinAccept") this.#hearJoinAccept(transmission, frame.encrypted);
    else if (frame.mType === "unconfirmedDown" || frame.mType === "confirmedDown") {
      this.#hearData(transmission, frame, sole);
    }
  }

  #begin(): void {
    if (this.#busy) throw new Error(`device ${this.devEui} is already sending`);
    this.#busy = true;
  }

  #report(kind: Violation["kind"], detail: string): void {
    this.violations.push({ kind, detail });
  }

  #enter(session: DeviceSession): void {
    this.#air.tune(this, { from: this.session?.devAddr, address: session.devAddr });
    this.session = session;
    this.#mac.answers.length = 0;
    this.#mac.indicationPending = session.is11;
    this.#uplinksSinceDownlink = 0;
    for (const resolve of this.#onJoined.splice(0)) resolve();
  }

  #content(uplink: Uplink, session: DeviceSession): FilledUplink {
    const own = [...this.#mac.answers.flatMap(({ bytes }) => [...bytes]), ...(uplink.commands ?? [])];
    // LoRaWAN 1.1 §5.1 and §5.10: ResetInd (ABP) and RekeyInd (OTAA) in every uplink until confirmed.
    if (this.#mac.indicationPending) own.unshift("abp" in this.#options.activation ? 0x01 : 0x0b, 1);
    const sticky = this.#mac.answers.filter((pending) => pending.sticky);
    this.#mac.answers.splice(0, Number.POSITIVE_INFINITY, ...sticky);
    const fits = own.length <= 15;
    const adr = this.#options.adr ?? false;
    const { adrAckLimit, adrAckDelay } = this.parameters;
    const overdue = this.#uplinksSinceDownlink - adrAckLimit;
    const adrAckReq = adr && overdue >= 0;
    if (adrAckReq && overdue > 0 && overdue % adrAckDelay === 0) backOff(this.parameters, this.region);
    const acknowledges = session.downlinkToAcknowledge;
    return {
      confirmed: uplink.confirmed ?? false,
      fCtrl: { adr, adrAckReq, ack: acknowledges !== undefined, classB: false },
      commands: Uint8Array.from(fits || uplink.fPort === undefined ? own : own.slice(0, 15)),
      ...(uplink.fPort === undefined ? {} : { fPort: uplink.fPort }),
      ...(uplink.payload === undefined ? {} : { payload: uplink.payload }),
      acknowledges,
    };
  }

  async #transmitData(content: FilledUplink, session: DeviceSession): Promise<DeviceDownlink | undefined> {
    const { parameters, region } = this;
    const channelIndex = this.#pickChannel();
    const channel = parameters.channels[channelIndex]!;
    const { dataRate } = parameters;
    const payload = session.sealUplink(content, { dataRate, channel: channelIndex });
    const endAt = this.#transmit(payload, channel.frequency, dataRate);
    this.stats.uplinks++;
    this.#uplinksSinceDownlink++;
    const rx1DataRate = region.rx1DataRate(dataRate, parameters.rx1DROffset);
    const windows = new ReceiveWindows(this.#clock, {
      rx1: {
        at: endAt + parameters.rx1DelayMs,
        frequency: channel.downlinkFrequency,
        dataRate: region.dataRates[rx1DataRate]!,
      },
      rx2: {
        at: endAt + parameters.rx1DelayMs + 1000,
        frequency: parameters.rx2Frequency,
        dataRate: region.dataRates[parameters.rx2DataRate]!,
      },
    });
    this.#windows = windows;
    const opened = await windows.closed;
    this.#windows = undefined;
    return opened;
  }

  async #transmitJoinRequest(): Promise<void> {
    const { activation } = this.#options;
    if (!("otaa" in activation)) throw new Error(`device ${this.devEui} is activated by personalization`);
    const counts = this.version === "1.0.4" || this.#is11;
    const devNonce = counts ? this.#nextDevNonce++ & 0xffff : randomInteger(this.#random, 0x10000);
    const { joinEui, appKey, nwkKey } = activation.otaa;
    const message = encodeJoinRequest({ mType: "joinRequest", joinEui, devEui: this.devEui, devNonce });
    const key = expandKey(this.#is11 ? (nwkKey ?? appKey) : appKey);
    this.#pendingDevNonce = devNonce;
    this.parameters = initialParameters(this.region, this.#options.factory ?? {});
    const { parameters, region } = this;
    const channel = parameters.channels[this.#pickChannel()]!;
    const payload = appendMIC(message, joinRequestMIC(key, message));
    const endAt = this.#transmit(payload, channel.frequency, parameters.dataRate);
    this.stats.joinRequests++;
    // RP002-1.0.4: JOIN_ACCEPT_DELAY1 and 2 are 5 s and 6 s, RX2 has its default parameters.
    const windows = new ReceiveWindows(this.#clock, {
      rx1: {
        at: endAt + 5000,
        frequency: channel.downlinkFrequency,
        dataRate: region.dataRates[region.rx1DataRate(parameters.dataRate, 0)]!,
      },
      rx2: {
        at: endAt + 6000,
        frequency: parameters.rx2Frequency,
        dataRate: region.dataRates[parameters.rx2DataRate]!,
      },
    });
    this.#windows = windows;
    this.#air.awaitJoinAccept(this, true);
    await windows.closed;
    this.#air.awaitJoinAccept(this, false);
    this.#windows = undefined;
    this.#pendingDevNonce = undefined;
  }

  #pickChannel(): number {
    const usable = usableChannels(this.parameters, this.parameters.dataRate);
    const index = usable[randomInteger(this.#random, usable.length)];
    if (index === undefined) {
      throw new Error(`device ${this.devEui} has no channel for data rate ${this.parameters.dataRate}`);
    }
    return index;
  }

  #transmit(payload: Uint8Array, frequency: number, dataRateIndex: number): number {
    const dataRate = this.region.dataRates[dataRateIndex]!;
    const startAt = this.#clock.monotonicMs();
    const endAt = startAt + timeOnAirMs(dataRate, payload.length, true);
    this.#air.transmitUplink(this, { payload, frequency, dataRate, startAt, endAt });
    return endAt;
  }

  /** The window that a transmission for this device hits; anything else is the network's mistake. */
  #windowOf(transmission: DownlinkTransmission): WindowName | undefined {
    if (this.#windows === undefined) {
      this.#report("no_window", "a downlink while no receive window was due");
      return undefined;
    }
    const hit = this.#windows.match(transmission);
    if (typeof hit === "string") return hit;
    this.#report(hit.kind, hit.detail);
    return undefined;
  }

  #hearJoinAccept(transmission: DownlinkTransmission, encrypted: Uint8Array): void {
    const { activation } = this.#options;
    const devNonce = this.#pendingDevNonce;
    if (!("otaa" in activation) || devNonce === undefined) return;
    const session = openJoinAccept(
      { otaa: activation.otaa, devEui: this.devEui, is11: this.#is11, devNonce },
      encrypted,
    );
    if (session === undefined) return;
    const window = this.#windowOf(transmission);
    if (window === undefined || this.#windows === undefined) return;
    const { accept, is11, keys } = session;
    const counts = this.version === "1.0.4" || is11;
    if (counts && accept.joinNonce <= this.#lastJoinNonce) {
      this.#report("join_nonce", `JoinNonce ${accept.joinNonce} after ${this.#lastJoinNonce}`);
      return;
    }
    this.#lastJoinNonce = accept.joinNonce;
    this.stats[window]++;
    this.stats.joins++;
    applyJoinAccept(this.parameters, accept, this.region);
    this.#windows.receive(transmission.endAt, undefined);
    const fCntUp = this.#options.firstFCnt ?? 0;
    this.#enter(new DeviceSession({ devAddr: accept.devAddr, is11, keys, fCntUp }));
  }

  #hearData(transmission: DownlinkTransmission, frame: DataDownlink, sole: boolean): void {
    const { session } = this;
    if (session === undefined) return;
    const opened = session.openDownlink(transmission.payload, frame);
    if (opened === undefined) {
      // Where several devices share the address, the frame may be for another of them.
      if (sole) this.#report("mic", `no session key verifies the downlink with FCnt ${frame.fCnt}`);
      return;
    }
    if (opened.replayed) this.#report("replay", `FCntDown ${opened.fCnt} was used before`);
    const window = this.#windowOf(transmission);
    if (window === undefined || opened.replayed) return;
    const index = this.region.dataRates.indexOf(transmission.dataRate);
    const longest =
      this.region.maxMACPayload[Math.max(index, this.region.dataRates.lastIndexOf(transmission.dataRate))] ??
      0;
    const length = transmission.payload.length - 5;
    if (length > longest) this.#report("too_long", `a MACPayload of ${length} bytes, ${longest} allowed`);
    this.#accept(transmission, window, opened, session);
  }

  #accept(
    transmission: DownlinkTransmission,
    window: WindowName,
    opened: OpenedDownlink,
    session: DeviceSession,
  ): void {
    session.count(opened);
    this.stats[window]++;
    this.#uplinksSinceDownlink = 0;
    // TS001-1.0.4 §5: a downlink in a class A window ends the repetition of sticky answers.
    this.#mac.answers.length = 0;
    const { commands, rest } = splitCommands(opened.commands);
    if (rest !== undefined)
      this.#report("mac_command", `unknown or cut off: 0x${Buffer.from(rest).toString("hex")}`);
    const state: MACState = Object.assign(this.#mac, { parameters: this.parameters });
    handleCommands(state, commands);
    const confirmed = opened.frame.mType === "confirmedDown";
    if (confirmed) session.downlinkToAcknowledge = opened.fCnt;
    const downlink: DeviceDownlink = {
      window,
      fCnt: opened.fCnt,
      fPort: opened.frame.fPort,
      payload: opened.payload,
      confirmed,
      ack: opened.frame.fCtrl.ack,
      fPending: opened.frame.fCtrl.fPending,
      commands,
      gatewayEui: transmission.gatewayEui,
    };
    if (this.#options.forgetDownlinks !== true) this.downlinks.push(downlink);
    this.#options.onDownlink?.(downlink);
    this.#windows?.receive(transmission.endAt, downlink);
    if (downlink.fPort === undefined || downlink.fPort === 0) return;
    for (const resolve of this.#onApplicationDownlink.splice(0)) resolve(downlink);
  }
}
