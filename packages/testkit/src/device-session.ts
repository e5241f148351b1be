import {
  type AESKey,
  appendMIC,
  cryptFOpts,
  cryptFRMPayload,
  type DataDownlink,
  type DevAddr,
  downlinkMIC11,
  encodeDataFrame,
  expandKey,
  type KeySchedule,
  legacyDataMIC,
  type UplinkFCtrl,
  uplinkMIC11,
  withoutMIC,
} from "@skylark/lorawan";

/** Session keys by their 1.1 names; a 1.0.x session uses its NwkSKey for all three network keys. */
export interface DeviceSessionKeys {
  readonly fNwkSIntKey: AESKey;
  readonly sNwkSIntKey?: AESKey;
  readonly nwkSEncKey?: AESKey;
  readonly appSKey: AESKey;
}

/** A downlink that is proven to come from the device's network. */
export interface OpenedDownlink {
  readonly frame: DataDownlink;
  /** The full counter. */
  readonly fCnt: number;
  /** The counter is not above the last one. */
  readonly replayed: boolean;
  /** Decrypted MAC commands, of FOpts or of an FRMPayload on FPort 0. */
  readonly commands: Uint8Array;
  /** Decrypted payload of an FPort above 0. */
  readonly payload: Uint8Array;
}

/** What an uplink is built from. */
export interface UplinkContent {
  readonly confirmed: boolean;
  readonly fCtrl: UplinkFCtrl;
  readonly commands: Uint8Array;
  readonly fPort?: number;
  readonly payload?: Uint8Array;
}

const noBytes = new Uint8Array(0);

/** The device's half of a session: its keys and counters, and what they protect. */
export class DeviceSession {
  readonly devAddr: DevAddr;
  /** Two downlink counters, split integrity keys and encrypted FOpts (LoRaWAN 1.1). */
  readonly is11: boolean;
  /** Counter of the next uplink. */
  fCntUp: number;
  /** Last counters received; -1 before the first. */
  nFCntDown = -1;
  aFCntDown = -1;
  /** Counter of the confirmed downlink that the next uplink acknowledges. */
  downlinkToAcknowledge: number | undefined;
  /** Counter of the confirmed uplink whose acknowledgement is awaited. */
  confirmedUplink: number | undefined;
  readonly #fNwkSIntKey: KeySchedule;
  readonly #sNwkSIntKey: KeySchedule;
  readonly #nwkSEncKey: KeySchedule;
  readonly #appSKey: KeySchedule;

  constructor(options: {
    readonly devAddr: DevAddr;
    readonly is11: boolean;
    readonly keys: DeviceSessionKeys;
    readonly fCntUp?: number;
  }) {
    this.devAddr = options.devAddr;
    this.is11 = options.is11;
    this.fCntUp = options.fCntUp ?? 0;
    const { fNwkSIntKey, sNwkSIntKey, nwkSEncKey, appSKey } = options.keys;
    this.#fNwkSIntKey = expandKey(fNwkSIntKey);
    this.#sNwkSIntKey = expandKey(sNwkSIntKey ?? fNwkSIntKey);
    this.#nwkSEncKey = expandKey(nwkSEncKey ?? fNwkSIntKey);
    this.#appSKey = expandKey(appSKey);
  }

  /** Builds and signs the uplink with counter `fCntUp`; 1.1 signs data rate and channel too. */
  sealUplink(
    content: UplinkContent,
    radio: { readonly dataRate: number; readonly channel: number },
  ): Uint8Array {
    const { devAddr, fCntUp: fCnt } = this;
    const message = encodeDataFrame({
      mType: content.confirmed ? "confirmedUp" : "unconfirmedUp",
      devAddr,
      fCtrl: content.fCtrl,
      fCnt,
      ...this.#sealedBody(content),
    });
    if (!this.is11) {
      return appendMIC(
        message,
        legacyDataMIC(this.#fNwkSIntKey, { direction: "uplink", devAddr, fCnt, message }),
      );
    }
    const mic = uplinkMIC11({
      fNwkSIntKey: this.#fNwkSIntKey,
      sNwkSIntKey: this.#sNwkSIntKey,
      confFCnt: content.fCtrl.ack ? (this.downlinkToAcknowledge ?? 0) : 0,
      txDr: radio.dataRate,
      txCh: radio.channel,
      devAddr,
      fCnt,
      message,
    });
    return appendMIC(message, mic);
  }

  #sealedBody(content: UplinkContent): { fOpts?: Uint8Array; fPort?: number; frmPayload?: Uint8Array } {
    const { devAddr, fCntUp: fCnt } = this;
    const direction = "uplink" as const;
    if (content.fPort === undefined && content.commands.length > 15) {
      const frmPayload = cryptFRMPayload(this.#nwkSEncKey, {
        direction,
        devAddr,
        fCnt,
        payload: content.commands,
      });
      return { fPort: 0, frmPayload };
    }
    const fOpts = this.is11
      ? cryptFOpts(this.#nwkSEncKey, { counter: "fCntUp", devAddr, fCnt, fOpts: content.commands })
      : content.commands;
    if (content.fPort === undefined) return { fOpts };
    const key = content.fPort === 0 ? this.#nwkSEncKey : this.#appSKey;
    const frmPayload = cryptFRMPayload(key, {
      direction,
      devAddr,
      fCnt,
      payload: content.payload ?? noBytes,
    });
    return { fOpts, fPort: content.fPort, frmPayload };
  }

  /** Verifies and decrypts a downlink; undefined when it is not from this device's network. */
  openDownlink(bytes: Uint8Array, frame: DataDownlink): OpenedDownlink | undefined {
    const isApplication = this.is11 && frame.fPort !== undefined && frame.fPort > 0;
    const last = isApplication ? this.aFCntDown : this.nFCntDown;
    const sameEpoch = (Math.max(0, last) & ~0xffff) + frame.fCnt;
    const candidates = sameEpoch > last ? [sameEpoch] : [sameEpoch + 0x10000, sameEpoch];
    const fCnt = candidates.find((candidate) => this.#downlinkMIC(bytes, frame, candidate) === frame.mic);
    if (fCnt === undefined) return undefined;
    const { devAddr } = this;
    const onPort0 = frame.fPort === 0;
    const body = cryptFRMPayload(onPort0 ? this.#nwkSEncKey : this.#appSKey, {
      direction: "downlink",
      devAddr,
      fCnt,
      payload: frame.frmPayload,
    });
    const counter = isApplication ? "aFCntDown" : "nFCntDown";
    const fOpts = this.is11
      ? cryptFOpts(this.#nwkSEncKey, { counter, devAddr, fCnt, fOpts: frame.fOpts })
      : frame.fOpts;
    return {
      frame,
      fCnt,
      replayed: fCnt <= last,
      commands: onPort0 ? body : fOpts,
      payload: onPort0 ? noBytes : body,
    };
  }

  /** Moves the counter that the frame belongs to. */
  count({ frame, fCnt }: OpenedDownlink): void {
    if (this.is11 && frame.fPort !== undefined && frame.fPort > 0) this.aFCntDown = fCnt;
    else this.nFCntDown = fCnt;
  }

  #downlinkMIC(bytes: Uint8Array, frame: DataDownlink, fCnt: number): number {
    const { devAddr } = this;
    const message = withoutMIC(bytes);
    if (!this.is11) {
      return legacyDataMIC(this.#fNwkSIntKey, { direction: "downlink", devAddr, fCnt, message });
    }
    const confFCnt = frame.fCtrl.ack ? (this.confirmedUplink ?? 0) : 0;
    return downlinkMIC11({ sNwkSIntKey: this.#sNwkSIntKey, confFCnt, devAddr, fCnt, message });
  }
}
