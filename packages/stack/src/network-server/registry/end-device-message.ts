import {
  assign,
  Class,
  create,
  type EndDevice,
  EndDeviceSchema,
  type MACParametersSchema,
  type MACStateSchema,
  MACVersion,
  type MessageInitShape,
  PowerState,
  type SessionSchema,
  timestampFromMs,
} from "@skylark/api";
import { bytesOfDevAddr, bytesOfEui } from "../../domain/identifier-bytes.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import type { DeviceStatus, MACParameters, SessionState } from "../device.ts";
import type { RegisteredDevice } from "../storage/device-store.ts";
import { keyOfSchedule } from "../storage/sql-device-store.ts";
import { isOfSession, withKeptMACState } from "./kept-mac-state.ts";
import { decodeRegistration, keptPaths } from "./registration.ts";

/**
 * Everything the API shows of a device; what the caller did not ask for or may not see is left out later.
 * `registration` is what the device's registration decodes to.
 */
export function endDeviceMessage(
  device: RegisteredDevice,
  registration: EndDevice = decodeRegistration(device.registration),
): EndDevice {
  const { current, pending, status } = device.state;
  const dynamic = create(EndDeviceSchema, {
    ids: identifiers(device.ids, current),
    createdAt: timestampFromMs(device.createdAt),
    updatedAt: timestampFromMs(device.updatedAt),
    ...(current === undefined ? {} : { session: sessionInit(current), macState: macStateInit(current) }),
    ...(pending === undefined
      ? {}
      : { pendingSession: sessionInit(pending), pendingMacState: macStateInit(pending) }),
    ...(status === undefined ? {} : statusInit(status)),
  });
  // A device that is not registered yet has none.
  if (device.registration.length === 0) return dynamic;
  const message = assign(EndDeviceSchema, dynamic, registration, keptPaths);
  const isKept = registration.macState !== undefined && current !== undefined;
  return isKept && isOfSession(registration, current) ? withKeptMACState(message, registration) : message;
}

function identifiers(ids: EndDeviceIdentifiers, current: SessionState | undefined) {
  return {
    deviceId: ids.deviceId,
    applicationIds: { applicationId: ids.applicationId },
    ...(ids.devEui === undefined ? {} : { devEui: bytesOfEui(ids.devEui) }),
    ...(ids.joinEui === undefined ? {} : { joinEui: bytesOfEui(ids.joinEui) }),
    ...(current === undefined ? {} : { devAddr: bytesOfDevAddr(current.session.devAddr) }),
  };
}

function sessionInit({ session, counters, mac }: SessionState): MessageInitShape<typeof SessionSchema> {
  return {
    devAddr: bytesOfDevAddr(session.devAddr),
    keys: {
      sessionKeyId: session.sessionKeyId,
      fNwkSIntKey: { key: keyOfSchedule(session.fNwkSIntKey) },
      sNwkSIntKey: { key: keyOfSchedule(session.sNwkSIntKey) },
      nwkSEncKey: { key: keyOfSchedule(session.nwkSEncKey) },
    },
    lastFCntUp: Math.max(0, counters.fCntUp),
    lastNFCntDown: Math.max(0, counters.nextNFCntDown - 1),
    lastAFCntDown: Math.max(0, counters.nextAFCntDown - 1),
    lastConfFCntDown: mac.lastConfirmedFCnt ?? 0,
    startedAt: timestampFromMs(session.startedAt),
  };
}

function macStateInit({ mac, counters }: SessionState): MessageInitShape<typeof MACStateSchema> {
  return {
    currentParameters: parametersInit(mac.current),
    desiredParameters: parametersInit(mac.desired),
    deviceClass: Class.A,
    lorawanVersion: MACVersion[mac.macVersion],
    lastDevStatusFCntUp: mac.statusAskedFCntUp ?? 0,
    rxWindowsAvailable: counters.fCntUp >= 0,
  };
}

// The API has enums for these small numbers; their values are the numbers themselves.
type APIParameters = MessageInitShape<typeof MACParametersSchema>;

function parametersInit(parameters: MACParameters): APIParameters {
  return {
    adrNbTrans: parameters.nbTrans,
    adrTxPowerIndex: parameters.txPowerIndex,
    rx1Delay: parameters.rx1Delay as NonNullable<APIParameters["rx1Delay"]>,
    rx1DataRateOffset: parameters.rx1DataRateOffset as NonNullable<APIParameters["rx1DataRateOffset"]>,
    rx2DataRateIndex: parameters.rx2DataRateIndex as NonNullable<APIParameters["rx2DataRateIndex"]>,
    rx2Frequency: BigInt(parameters.rx2Frequency),
    maxDutyCycle: parameters.maxDutyCycle as NonNullable<APIParameters["maxDutyCycle"]>,
    channels: parameters.channels.map((channel) => ({
      uplinkFrequency: BigInt(channel.uplinkFrequency),
      downlinkFrequency: BigInt(channel.downlinkFrequency),
      minDataRateIndex: channel.minDataRateIndex as NonNullable<APIParameters["rx2DataRateIndex"]>,
      maxDataRateIndex: channel.maxDataRateIndex as NonNullable<APIParameters["rx2DataRateIndex"]>,
      enableUplink: channel.enableUplink,
    })),
  };
}

function statusInit({ batteryPercentage, externalPower, margin, receivedAt }: DeviceStatus) {
  return {
    downlinkMargin: margin,
    ...(receivedAt === 0 ? {} : { lastDevStatusReceivedAt: timestampFromMs(receivedAt) }),
    powerState: externalPower
      ? PowerState.POWER_EXTERNAL
      : batteryPercentage === undefined
        ? PowerState.POWER_UNKNOWN
        : PowerState.POWER_BATTERY,
    // The API's value is a share of 1.
    ...(batteryPercentage === undefined ? {} : { batteryPercentage: batteryPercentage / 100 }),
  };
}
