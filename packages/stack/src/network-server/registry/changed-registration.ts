import { assign, type EndDevice, EndDeviceSchema, timestampMs } from "@skylark/api";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { DeviceStatus, SessionState } from "../device.ts";
import { desiredParameters } from "../region.ts";
import type { RegisteredDevice } from "../storage/device-store.ts";
import { checkRegistration } from "./check-registration.ts";
import { endDeviceMessage } from "./end-device-message.ts";
import { invalidField, missingField, unwantedField } from "./field-value.ts";
import { givenSession, touches } from "./given-session.ts";
import { keptMACState } from "./kept-mac-state.ts";
import { encodeRegistration, settingsOf } from "./registration.ts";

const readOnlyField = defineErrors("pkg/networkserver/redis").invalidArgument(
  "read_only_field",
  "read-only field `{field}`",
);

export interface RegistrationChange {
  readonly stored: RegisteredDevice;
  readonly given: EndDevice;
  readonly paths: readonly string[];
  readonly now: number;
  readonly desiredRx1Delay: number;
}

export interface ChangedRegistration {
  readonly device: RegisteredDevice;
  /** As the API shows it. */
  readonly message: EndDevice;
}

/** The device with the fields of the mask as given, checked. */
export function changedRegistration(change: RegistrationChange): ChangedRegistration {
  const { stored, given, paths, now, desiredRx1Delay } = change;
  const before = endDeviceMessage(stored);
  const isNew = stored.registration.length === 0;
  if (!isNew) requireSameIdentifiers(stored, given);
  const writable = paths.filter((path) => !path.startsWith("ids") && !path.startsWith("pending_"));
  const merged = assign(EndDeviceSchema, before, given, writable);
  const device: EndDevice = { ...merged, ids: before.ids! };
  requireSameActivation(before, device, isNew);
  requireNoPendingSession(device, change);
  const settings = settingsOf(device, checkRegistration(device));
  const current = givenSession({
    ids: stored.ids,
    settings,
    device,
    paths,
    before: stored.state.current,
    now,
    desiredRx1Delay,
  });
  if (!settings.supportsJoin && current === undefined) throw missingField("session.dev_addr");
  requireAddressOfSession(given, current);
  const { pending } = stored.state;
  const clearsPending = touches(paths, "pending_session") && given.pendingSession === undefined;
  const status = givenStatus(device, change);
  const changed: RegisteredDevice = {
    ...stored,
    settings,
    state: {
      ...(current === undefined
        ? {}
        : { current: isNew ? current : withDesired(current, stored.settings, settings, desiredRx1Delay) }),
      ...(pending === undefined || clearsPending ? {} : { pending }),
      ...(status === undefined ? {} : { status }),
    },
    registration: encodeRegistration(
      device,
      current !== undefined && touches(paths, "mac_state")
        ? keptMACState(device)
        : keptBefore(before, current),
    ),
    updatedAt: Math.floor(now),
  };
  return { device: changed, message: endDeviceMessage(changed, device) };
}

/** What was kept goes with the session it was said of. */
function keptBefore(before: EndDevice, current: SessionState | undefined): EndDevice | undefined {
  return current === undefined ? undefined : keptMACState(before);
}

function requireSameIdentifiers({ ids }: RegisteredDevice, given: EndDevice): void {
  const devEui = euiOfBytes(given.ids?.devEui);
  const joinEui = euiOfBytes(given.ids?.joinEui);
  if (devEui !== undefined && devEui !== ids.devEui) throw readOnlyField({ field: "ids.dev_eui" });
  if (joinEui !== undefined && joinEui !== ids.joinEui) throw readOnlyField({ field: "ids.join_eui" });
}

function requireSameActivation(before: EndDevice, device: EndDevice, isNew: boolean): void {
  if (isNew) return;
  if (before.supportsJoin !== device.supportsJoin) throw invalidField("supports_join");
  if (before.multicast !== device.multicast) throw invalidField("multicast");
}

/** Whoever joins gets a pending session from its join; whoever does not never has one. */
function requireNoPendingSession(device: EndDevice, { given, paths }: RegistrationChange): void {
  if (device.supportsJoin) return;
  if (touches(paths, "pending_session") && given.pendingSession !== undefined) {
    throw unwantedField("pending_session");
  }
  if (touches(paths, "pending_mac_state") && given.pendingMacState !== undefined) {
    throw unwantedField("pending_mac_state");
  }
}

/** An address among the identifiers is that of the session. */
function requireAddressOfSession({ ids }: EndDevice, current: SessionState | undefined): void {
  const given = ids?.devAddr;
  if (given === undefined || given.length !== 4) return;
  const address = new DataView(given.buffer, given.byteOffset).getUint32(0);
  if (address !== current?.session.devAddr) throw invalidField("session.dev_addr");
}

const statusPaths = ["battery_percentage", "downlink_margin", "last_dev_status_received_at"];

/** For devices that come from another network, which asked them for their status. */
function givenStatus(device: EndDevice, { stored, paths }: RegistrationChange): DeviceStatus | undefined {
  const { status } = stored.state;
  if (!statusPaths.some((path) => paths.includes(path))) return status;
  const { batteryPercentage, downlinkMargin, lastDevStatusReceivedAt } = device;
  const isEmpty =
    batteryPercentage === undefined && downlinkMargin === 0 && lastDevStatusReceivedAt === undefined;
  if (isEmpty) return undefined;
  return {
    ...(batteryPercentage === undefined ? {} : { batteryPercentage: batteryPercentage * 100 }),
    externalPower: batteryPercentage === undefined && (status?.externalPower ?? false),
    margin: downlinkMargin,
    fCnt: status?.fCnt ?? 0,
    receivedAt: lastDevStatusReceivedAt === undefined ? 0 : timestampMs(lastDevStatusReceivedAt),
  };
}

/** A running session takes up what the owner now wants of the device. */
function withDesired(
  state: SessionState,
  before: RegisteredDevice["settings"],
  after: RegisteredDevice["settings"],
  rx1Delay: number,
): SessionState {
  const desired = desiredParameters(after, { rx1Delay });
  const isSame = JSON.stringify(desired) === JSON.stringify(desiredParameters(before, { rx1Delay }));
  return isSame ? state : { ...state, mac: { ...state.mac, desired, refused: [] } };
}
