import {
  create,
  type EndDevice,
  EndDeviceSchema,
  type MACSettings,
  MACVersion,
  type MessageInitShape,
  PHYVersion,
  timestampMs,
  type v2,
} from "@skylark/api";
import { v2Attributes } from "../domain/v2-device-attributes.ts";
import { v2IdOf } from "../domain/v2-identifiers.ts";
import {
  activationConstraints,
  checkLocation,
  v2Location,
  v3Attributes,
  v3Location,
} from "./device-attributes.ts";
import { invalidArgument } from "./errors.ts";

/** A device as the four servers have it. */
export interface DeviceParts {
  readonly identityServer: EndDevice;
  readonly networkServer: EndDevice | undefined;
  readonly applicationServer: EndDevice | undefined;
  readonly joinServer: EndDevice | undefined;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** What LoRaWAN needs of a device; undefined for what it does not have. */
interface Radio {
  readonly joinEui: Bytes | undefined;
  readonly devEui: Bytes | undefined;
  readonly devAddr: Bytes | undefined;
  readonly nwkSKey: Bytes | undefined;
  readonly appSKey: Bytes | undefined;
  readonly appKey: Bytes | undefined;
  /** The last one accepted. */
  readonly fCntUp: number;
  /** The next one. */
  readonly fCntDown: number;
  readonly resetsFCnt: boolean;
  readonly supports32BitFCnt: boolean;
}

const unregistered: Radio = {
  joinEui: undefined,
  devEui: undefined,
  devAddr: undefined,
  nwkSKey: undefined,
  appSKey: undefined,
  appKey: undefined,
  fCntUp: 0,
  fCntDown: 0,
  resetsFCnt: false,
  supports32BitFCnt: false,
};

function radioOf({ identityServer, networkServer, applicationServer, joinServer }: DeviceParts): Radio {
  const { session, appSession } = runningSessions(networkServer, applicationServer);
  const { joinEui, devEui } = identityServer.ids ?? {};
  return {
    joinEui: given(joinEui),
    devEui: given(devEui),
    devAddr: given(session?.devAddr),
    nwkSKey: given(session?.keys?.fNwkSIntKey?.key),
    appSKey: given(appSession?.keys?.appSKey?.key),
    appKey: given(joinServer?.rootKeys?.appKey?.key),
    fCntUp: session?.lastFCntUp ?? 0,
    fCntDown: nextCounter(Math.max(session?.lastNFCntDown ?? 0, appSession?.lastAFCntDown ?? 0)),
    resetsFCnt: networkServer?.macSettings?.resetsFCnt?.value ?? false,
    supports32BitFCnt: networkServer?.macSettings?.supports32BitFCnt?.value ?? true,
  };
}

/** In V2 a session begins with its join; in V3 it is pending until the device's first uplink. */
function runningSessions(networkServer: EndDevice | undefined, applicationServer: EndDevice | undefined) {
  return isPending(networkServer)
    ? { session: networkServer?.pendingSession, appSession: applicationServer?.pendingSession }
    : { session: networkServer?.session, appSession: applicationServer?.session };
}

function isPending(networkServer: EndDevice | undefined): boolean {
  return networkServer?.pendingSession !== undefined;
}

/** V3 has the last counter, and 0 also where none was used. */
function nextCounter(last: number): number {
  return last === 0 ? 0 : last + 1;
}

/** A counter may be left out but never used again, so that 1 stays 1. */
function lastCounter(next: number): number {
  return next <= 1 ? next : next - 1;
}

function given(bytes: Uint8Array | undefined): Bytes | undefined {
  return bytes === undefined || bytes.every((byte) => byte === 0) ? undefined : Uint8Array.from(bytes);
}

export interface ShownAs {
  readonly appId: string;
  /** Lists leave the counters out. */
  readonly withCounters: boolean;
  /** Without them an update that gives the device back leaves them as they are. */
  readonly withKeys: boolean;
}

export function v2Device(
  parts: DeviceParts,
  { appId, withCounters, withKeys }: ShownAs,
): MessageInitShape<typeof v2.DeviceSchema> {
  const { identityServer } = parts;
  const { attributes } = identityServer;
  const devId = v2IdOf(identityServer.ids?.deviceId ?? "", attributes);
  const radio = radioOf(parts);
  const key = (bytes: Bytes | undefined) => (withKeys ? (bytes ?? new Uint8Array(16)) : new Uint8Array(0));
  return {
    appId,
    devId,
    description: identityServer.description,
    attributes: v2Attributes(attributes),
    ...v2Location(identityServer.locations.user, attributes),
    device: {
      case: "lorawanDevice",
      value: {
        appId,
        devId,
        appEui: radio.joinEui ?? new Uint8Array(8),
        devEui: radio.devEui ?? new Uint8Array(8),
        devAddr: radio.devAddr ?? new Uint8Array(4),
        nwkSKey: key(radio.nwkSKey),
        appSKey: key(radio.appSKey),
        appKey: key(radio.appKey),
        ...(withCounters
          ? { fCntUp: radio.fCntUp, fCntDown: radio.fCntDown, lastSeen: lastSeen(identityServer) }
          : {}),
        disableFCntCheck: radio.resetsFCnt,
        uses32BitFCnt: radio.supports32BitFCnt,
        activationConstraints: activationConstraints(attributes),
      },
    },
  };
}

function lastSeen({ lastSeenAt }: EndDevice): bigint {
  return lastSeenAt === undefined ? 0n : BigInt(Math.round(timestampMs(lastSeenAt))) * 1_000_000n;
}

/** What has to be done in V3 for a device that V2 sets. */
export type DeviceChange =
  | { readonly kind: "create"; readonly device: EndDevice }
  | { readonly kind: "update"; readonly device: EndDevice; readonly paths: readonly string[] }
  /** Identifiers and the way of activation stay what they are for the life of a device of V3. */
  | { readonly kind: "replace"; readonly device: EndDevice };

export interface DeviceSetting {
  readonly device: v2.Device;
  readonly applicationId: string;
  readonly deviceId: string;
  readonly frequencyPlanId: string;
  readonly before: DeviceParts | undefined;
}

export function deviceChange(setting: DeviceSetting): DeviceChange {
  const { device, before } = setting;
  const lorawan = device.device.value;
  if (lorawan === undefined) throw invalidArgument("Device", "does not have a LoRaWAN device");
  checkLocation(device);
  const known = before === undefined ? unregistered : radioOf(before);
  const radio = setRadio(lorawan, known);
  checkRadio(radio);
  const whole = wholeDevice(setting, radio);
  if (before === undefined) return { kind: "create", device: whole };
  if (mustReplace(before, known, radio)) return { kind: "replace", device: keepingSettings(whole, before) };
  return { kind: "update", device: whole, paths: changedPaths({ before, known, radio, whole }) };
}

/** Keys and an address that are left out stay; zeros take them away. */
function setRadio(lorawan: v2.LorawanDevice, known: Radio): Radio {
  const field = (bytes: Uint8Array, length: number, name: string, before: Bytes | undefined) => {
    if (bytes.length === 0) return before;
    if (bytes.length !== length)
      throw invalidArgument(name, `has ${bytes.length} bytes instead of ${length}`);
    return given(bytes);
  };
  return {
    joinEui: field(lorawan.appEui, 8, "AppEUI", known.joinEui),
    devEui: field(lorawan.devEui, 8, "DevEUI", known.devEui),
    devAddr: field(lorawan.devAddr, 4, "DevAddr", known.devAddr),
    nwkSKey: field(lorawan.nwkSKey, 16, "NwkSKey", known.nwkSKey),
    appSKey: field(lorawan.appSKey, 16, "AppSKey", known.appSKey),
    appKey: field(lorawan.appKey, 16, "AppKey", known.appKey),
    fCntUp: lorawan.fCntUp,
    fCntDown: lorawan.fCntDown,
    resetsFCnt: lorawan.disableFCntCheck,
    supports32BitFCnt: lorawan.uses32BitFCnt,
  };
}

function hasSession({ devAddr, nwkSKey, appSKey }: Radio): boolean {
  return devAddr !== undefined && nwkSKey !== undefined && appSKey !== undefined;
}

function checkRadio(radio: Radio): void {
  if (radio.devEui === undefined) throw invalidArgument("DevEUI", "can not be empty");
  if (radio.appKey === undefined && !hasSession(radio)) {
    throw invalidArgument("Device", "needs an AppKey, or a DevAddr, NwkSKey and AppSKey");
  }
}

function wholeDevice(
  { device, applicationId, deviceId, frequencyPlanId, before }: DeviceSetting,
  radio: Radio,
): EndDevice {
  const location = v3Location(device);
  const { user: _, ...others } = before?.identityServer.locations ?? {};
  return create(EndDeviceSchema, {
    ids: {
      applicationIds: { applicationId },
      deviceId,
      // Zero is a JoinEUI like any other.
      joinEui: radio.joinEui ?? new Uint8Array(8),
      ...(radio.devEui === undefined ? {} : { devEui: radio.devEui }),
    },
    description: device.description,
    attributes: v3Attributes(device, before?.identityServer.attributes ?? {}),
    locations: { ...others, ...(location === undefined ? {} : { user: location }) },
    lorawanVersion: MACVersion.MAC_V1_0_2,
    lorawanPhyVersion: PHYVersion.PHY_V1_0_2_REV_B,
    frequencyPlanId,
    supportsJoin: radio.appKey !== undefined,
    ...(radio.appKey === undefined ? {} : { rootKeys: { appKey: { key: radio.appKey } } }),
    ...(hasSession(radio) ? { session: sessionOf(radio) } : {}),
    macSettings: {
      rx1Delay: { value: 1 },
      resetsFCnt: { value: radio.resetsFCnt },
      supports32BitFCnt: { value: radio.supports32BitFCnt },
    },
  });
}

function sessionOf({ devAddr, nwkSKey, appSKey, fCntUp, fCntDown }: Radio) {
  return {
    ...(devAddr === undefined ? {} : { devAddr }),
    keys: {
      ...(nwkSKey === undefined ? {} : { fNwkSIntKey: { key: nwkSKey } }),
      ...(appSKey === undefined ? {} : { appSKey: { key: appSKey } }),
    },
    lastFCntUp: fCntUp,
    lastNFCntDown: lastCounter(fCntDown),
    lastAFCntDown: lastCounter(fCntDown),
  };
}

function mustReplace(before: DeviceParts, known: Radio, radio: Radio): boolean {
  // What only the Identity Server knows can become anything but another device.
  const isOnRadio = before.networkServer !== undefined || before.joinServer !== undefined;
  return (
    !isSame(known.devEui, radio.devEui) ||
    !isSame(known.joinEui, radio.joinEui) ||
    (isOnRadio && (known.appKey === undefined) !== (radio.appKey === undefined)) ||
    (hasSession(known) && !hasSession(radio))
  );
}

/** A device that is replaced keeps what V2 has no word for. */
function keepingSettings(device: EndDevice, { networkServer }: DeviceParts): EndDevice {
  if (networkServer === undefined) return device;
  const { lorawanVersion, lorawanPhyVersion, frequencyPlanId } = networkServer;
  const { macSettings } = networkServer;
  return create(EndDeviceSchema, {
    ...device,
    ...(lorawanVersion === 0 ? {} : { lorawanVersion, lorawanPhyVersion }),
    ...(frequencyPlanId === "" ? {} : { frequencyPlanId }),
    ...(macSettings === undefined
      ? {}
      : { macSettings: { ...macSettings, ...definedMembers(device.macSettings) } }),
  });
}

function definedMembers(settings: MACSettings | undefined): Partial<MACSettings> {
  if (settings === undefined) return {};
  const { resetsFCnt, supports32BitFCnt } = settings;
  return { ...(resetsFCnt && { resetsFCnt }), ...(supports32BitFCnt && { supports32BitFCnt }) };
}

interface Comparison {
  readonly before: DeviceParts;
  readonly known: Radio;
  readonly radio: Radio;
  readonly whole: EndDevice;
}

/** What differs: the rest is left to those who know more of the device than V2 does. */
function changedPaths({ before, known, radio, whole }: Comparison): readonly string[] {
  const { identityServer, networkServer } = before;
  const isCounterNew = known.fCntUp !== radio.fCntUp || known.fCntDown !== radio.fCntDown;
  const isSessionNew =
    // A pending session cannot be changed, so that the changed one becomes the device's session.
    (isPending(networkServer) && isCounterNew) ||
    !isSame(known.devAddr, radio.devAddr) ||
    !isSame(known.nwkSKey, radio.nwkSKey) ||
    !isSame(known.appSKey, radio.appSKey);
  const when = (condition: boolean, ...paths: readonly string[]) => (condition ? paths : []);
  const isKeyNew = !isSame(known.appKey, radio.appKey);
  return [
    ...when(identityServer.description !== whole.description, "description"),
    ...when(!isSameText(identityServer.attributes, whole.attributes), "attributes"),
    ...when(!isSameText(v2LocationOf(identityServer), v2LocationOf(whole)), "locations"),
    ...when(networkServer === undefined, ...radioPaths),
    ...when(known.resetsFCnt !== radio.resetsFCnt, "mac_settings.resets_f_cnt"),
    ...when(known.supports32BitFCnt !== radio.supports32BitFCnt, "mac_settings.supports_32_bit_f_cnt"),
    ...when(isKeyNew, "root_keys.app_key.key", ...when(known.appKey !== undefined, ...noncePaths)),
    ...when(isSessionNew && hasSession(radio), ...sessionPaths),
    ...when(hasSession(radio) && (isSessionNew || known.fCntUp !== radio.fCntUp), "session.last_f_cnt_up"),
    ...when(hasSession(radio) && (isSessionNew || known.fCntDown !== radio.fCntDown), ...downCounterPaths),
  ];
}

const radioPaths = [
  "lorawan_version",
  "lorawan_phy_version",
  "frequency_plan_id",
  "supports_join",
  "mac_settings.rx1_delay",
];
const sessionPaths = ["session.dev_addr", "session.keys.f_nwk_s_int_key.key", "session.keys.app_s_key.key"];
const downCounterPaths = ["session.last_n_f_cnt_down", "session.last_a_f_cnt_down"];
/** A new root key begins with new nonces. */
const noncePaths = ["used_dev_nonces", "last_dev_nonce", "last_join_nonce"];

function v2LocationOf({ locations, attributes }: EndDevice) {
  return v2Location(locations.user, attributes);
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function isSameText(a: object, b: object): boolean {
  const text = (value: object) => JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
  return text(a) === text(b);
}
