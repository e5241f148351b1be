import {
  type MACParameters as APIParameters,
  type Session as APISession,
  type EndDevice,
  timestampMs,
} from "@skylark/api";
import { aesKey, expandKey, type KeySchedule, usesLegacyMIC } from "@skylark/lorawan";
import { devAddrOfBytes } from "../../domain/identifier-bytes.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import {
  type Counters,
  type DeviceSettings,
  freshCounters,
  type MACParameters,
  type MACState,
  type Session,
  type SessionState,
} from "../device.ts";
import { personalizedMACState } from "../join/join-parameters.ts";
import { invalidField, missingField } from "./field-value.ts";
import { macVersionNamed } from "./registration.ts";

export interface GivenSession {
  readonly ids: EndDeviceIdentifiers;
  readonly settings: DeviceSettings;
  /** The whole device as it is going to be. */
  readonly device: EndDevice;
  readonly paths: readonly string[];
  /** The session before the change. */
  readonly before: SessionState | undefined;
  readonly now: number;
  readonly desiredRx1Delay: number;
}

export function touches(paths: readonly string[], name: string): boolean {
  return paths.some((path) => path === name || path.startsWith(`${name}.`) || name.startsWith(`${path}.`));
}

/** The session that a registration leads to: the one it has, one that the owner gives, or none. */
export function givenSession(given: GivenSession): SessionState | undefined {
  const { device, paths, before } = given;
  if (!touches(paths, "session")) return before === undefined ? undefined : withGivenMACState(before, given);
  if (device.session === undefined) return undefined;
  const session = sessionOf(device.session, given);
  const isSame =
    before !== undefined &&
    before.session.devAddr === session.devAddr &&
    sameKeys(before.session, session) &&
    Buffer.compare(before.session.sessionKeyId, session.sessionKeyId) === 0;
  const state: SessionState = isSame
    ? before
    : {
        session,
        counters: freshCounters,
        mac: personalizedMACState(given.settings, { rx1Delay: given.desiredRx1Delay }),
      };
  const counters = givenCounters(device.session, paths, state.counters);
  const { lastConfFCntDown } = device.session;
  const confirmed = paths.includes("session") || paths.includes("session.last_conf_f_cnt_down");
  const mac =
    confirmed && lastConfFCntDown !== 0 ? { ...state.mac, lastConfirmedFCnt: lastConfFCntDown } : state.mac;
  return withGivenMACState(
    { ...state, session: isSame ? withStart(state.session, session) : session, counters, mac },
    given,
  );
}

function startedAt({ startedAt: given }: APISession, paths: readonly string[]): number | undefined {
  return given === undefined || !touches(paths, "session.started_at") ? undefined : timestampMs(given);
}

function sessionOf(session: APISession, { ids, settings, before, now, paths }: GivenSession): Session {
  const devAddr = devAddrOfBytes(session.devAddr);
  if (!devAddr) throw missingField("session.dev_addr");
  const fNwkSIntKey = keySchedule(session.keys?.fNwkSIntKey?.key, "f_nwk_s_int_key");
  const isLegacy = usesLegacyMIC(settings.macVersion);
  if (isLegacy) requireSameKeys(session, paths);
  return Object.freeze({
    ids: Object.freeze({ ...ids, devAddr }),
    devAddr,
    sessionKeyId: session.keys?.sessionKeyId ?? new Uint8Array(0),
    startedAt: startedAt(session, paths) ?? before?.session.startedAt ?? Math.floor(now),
    fNwkSIntKey,
    sNwkSIntKey: isLegacy ? fNwkSIntKey : keySchedule(session.keys?.sNwkSIntKey?.key, "s_nwk_s_int_key"),
    nwkSEncKey: isLegacy ? fNwkSIntKey : keySchedule(session.keys?.nwkSEncKey?.key, "nwk_s_enc_key"),
  });
}

/** LoRaWAN 1.0.x has one network session key; whoever gives several means the same one. */
function requireSameKeys({ keys }: APISession, paths: readonly string[]): void {
  const others = { s_nwk_s_int_key: keys?.sNwkSIntKey, nwk_s_enc_key: keys?.nwkSEncKey };
  for (const [name, key] of Object.entries(others)) {
    const isGiven = key !== undefined && key.key.length > 0 && touches(paths, `session.keys.${name}`);
    if (isGiven && Buffer.compare(key.key, keys?.fNwkSIntKey?.key ?? key.key) !== 0) {
      throw invalidField(`session.keys.${name}.key`);
    }
  }
}

function keySchedule(key: Uint8Array | undefined, name: string): KeySchedule {
  const isKey = key?.length === 16 && key.some((byte) => byte !== 0);
  if (!isKey) throw missingField(`session.keys.${name}.key`);
  return expandKey(aesKey(key.slice()));
}

function sameKeys(a: Session, b: Session): boolean {
  const isSame = (x: KeySchedule, y: KeySchedule) => x.every((word, index) => word === y[index]);
  return (
    isSame(a.fNwkSIntKey, b.fNwkSIntKey) &&
    isSame(a.sNwkSIntKey, b.sNwkSIntKey) &&
    isSame(a.nwkSEncKey, b.nwkSEncKey)
  );
}

/** The same object unless its start was given anew: what is derived from a session is kept by it. */
function withStart(before: Session, { startedAt }: Session): Session {
  return before.startedAt === startedAt ? before : Object.freeze({ ...before, startedAt });
}

/** The API's counters are the last ones used, and 0 also where none was. */
function givenCounters(session: APISession, paths: readonly string[], before: Counters): Counters {
  const isGiven = (name: string) => paths.includes("session") || paths.includes(`session.${name}`);
  const next = (last: number) => (last === 0 ? 0 : last + 1);
  return {
    ...before,
    ...(isGiven("last_f_cnt_up")
      ? { fCntUp: session.lastFCntUp === 0 ? -1 : session.lastFCntUp, lastFrame: 0, transmissions: 0 }
      : {}),
    ...(isGiven("last_n_f_cnt_down") ? { nextNFCntDown: next(session.lastNFCntDown) } : {}),
    ...(isGiven("last_a_f_cnt_down") ? { nextAFCntDown: next(session.lastAFCntDown) } : {}),
  };
}

/** For devices that come from another network in the middle of a session. */
function withGivenMACState(state: SessionState, { device, paths }: GivenSession): SessionState {
  const { currentParameters, desiredParameters } = device.macState ?? {};
  const isCurrentGiven = touches(paths, "mac_state.current_parameters") && currentParameters !== undefined;
  const isDesiredGiven = touches(paths, "mac_state.desired_parameters") && desiredParameters !== undefined;
  const macVersion = touches(paths, "mac_state.lorawan_version")
    ? macVersionNamed(device.macState?.lorawanVersion)
    : undefined;
  const statusAsked = touches(paths, "mac_state.last_dev_status_f_cnt_up")
    ? device.macState?.lastDevStatusFCntUp
    : undefined;
  const isAnyGiven =
    isCurrentGiven || isDesiredGiven || macVersion !== undefined || statusAsked !== undefined;
  if (!isAnyGiven) return state;
  const mac: MACState = {
    ...state.mac,
    ...(macVersion === undefined ? {} : { macVersion }),
    ...(statusAsked === undefined || statusAsked === 0 ? {} : { statusAskedFCntUp: statusAsked }),
    ...(isCurrentGiven ? { current: parametersOf(currentParameters, state.mac.current) } : {}),
    ...(isDesiredGiven ? { desired: parametersOf(desiredParameters, state.mac.desired) } : {}),
  };
  return { ...state, mac };
}

function parametersOf(given: APIParameters, before: MACParameters): MACParameters {
  return {
    rx1Delay: given.rx1Delay === 0 ? before.rx1Delay : given.rx1Delay,
    rx1DataRateOffset: given.rx1DataRateOffset,
    rx2DataRateIndex: given.rx2DataRateIndex,
    rx2Frequency: given.rx2Frequency === 0n ? before.rx2Frequency : Number(given.rx2Frequency),
    maxDutyCycle: given.maxDutyCycle,
    nbTrans: given.adrNbTrans === 0 ? before.nbTrans : given.adrNbTrans,
    txPowerIndex: given.adrTxPowerIndex,
    channels:
      given.channels.length === 0
        ? before.channels
        : given.channels.map((channel) => ({
            uplinkFrequency: Number(channel.uplinkFrequency),
            downlinkFrequency: Number(channel.downlinkFrequency),
            minDataRateIndex: channel.minDataRateIndex,
            maxDataRateIndex: channel.maxDataRateIndex,
            enableUplink: channel.enableUplink,
          })),
  };
}
