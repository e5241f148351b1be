import type { DataRateIndex } from "../data-rate.ts";
import type { DevAddr } from "../ids/dev-addr.ts";
import { byteString, flag, flags, frequency, int, layout, offsetUint, rfu, uint } from "../layout.ts";
import { macCommand } from "./mac-command.ts";

const empty = layout({});
const dataRateIndex = uint<DataRateIndex>(4);

// Field names are those of The Things Stack's API in camel case, so that a decoded value needs no mapping there.

// LoRaWAN 1.1 §5.1.
const reset = macCommand({
  cid: 0x01,
  initiatedBy: "device",
  request: layout({ minorVersion: uint(4), _: rfu(4) }),
  answer: layout({ minorVersion: uint(4), _: rfu(4) }),
});

// TS001-1.0.4 §5.1; the margin is in dB.
const linkCheck = macCommand({
  cid: 0x02,
  initiatedBy: "device",
  request: empty,
  answer: layout({ margin: uint(8), gatewayCount: uint(8) }),
});

// TS001-1.0.4 §5.2.
const linkADR = macCommand({
  cid: 0x03,
  initiatedBy: "network",
  request: layout({
    txPowerIndex: uint(4),
    dataRateIndex,
    channelMask: flags(16),
    nbTrans: uint(4),
    channelMaskControl: uint(3),
    _: rfu(1),
  }),
  answer: layout({ channelMaskAck: flag, dataRateIndexAck: flag, txPowerIndexAck: flag, _: rfu(5) }),
});

// TS001-1.0.4 §5.3; the limit is 1 / 2^maxDutyCycle.
const dutyCycle = macCommand({
  cid: 0x04,
  initiatedBy: "network",
  request: layout({ maxDutyCycle: uint(4), _: rfu(4) }),
  answer: empty,
});

// TS001-1.0.4 §5.4.
const rxParamSetup = macCommand({
  cid: 0x05,
  initiatedBy: "network",
  request: layout({
    rx2DataRateIndex: dataRateIndex,
    rx1DataRateOffset: uint(3),
    _: rfu(1),
    rx2Frequency: frequency,
  }),
  answer: layout({ rx2FrequencyAck: flag, rx2DataRateIndexAck: flag, rx1DataRateOffsetAck: flag, _: rfu(5) }),
});

// TS001-1.0.4 §5.5; battery 0 is external power, 255 unknown; the margin is in dB.
const devStatus = macCommand({
  cid: 0x06,
  initiatedBy: "network",
  request: empty,
  answer: layout({ battery: uint(8), margin: int(6), _: rfu(2) }),
});

// TS001-1.0.4 §5.6.
const newChannel = macCommand({
  cid: 0x07,
  initiatedBy: "network",
  request: layout({
    channelIndex: uint(8),
    frequency,
    minDataRateIndex: dataRateIndex,
    maxDataRateIndex: dataRateIndex,
  }),
  answer: layout({ frequencyAck: flag, dataRateAck: flag, _: rfu(6) }),
});

// TS001-1.0.4 §5.7; in seconds, 0 means 1.
const rxTimingSetup = macCommand({
  cid: 0x08,
  initiatedBy: "network",
  request: layout({ delay: uint(4), _: rfu(4) }),
  answer: empty,
});

// TS001-1.0.4 §5.8.
const txParamSetup = macCommand({
  cid: 0x09,
  initiatedBy: "network",
  request: layout({ maxEirpIndex: uint(4), uplinkDwellTime: flag, downlinkDwellTime: flag, _: rfu(2) }),
  answer: empty,
});

// TS001-1.0.4 §5.9: bit 0 accepts the frequency, bit 1 says that the uplink channel exists.
const dlChannel = macCommand({
  cid: 0x0a,
  initiatedBy: "network",
  request: layout({ channelIndex: uint(8), frequency }),
  answer: layout({ frequencyAck: flag, channelIndexAck: flag, _: rfu(6) }),
});

// LoRaWAN 1.1 §5.10.
const rekey = macCommand({
  cid: 0x0b,
  initiatedBy: "device",
  request: layout({ minorVersion: uint(4), _: rfu(4) }),
  answer: layout({ minorVersion: uint(4), _: rfu(4) }),
});

// LoRaWAN 1.1 §5.11; both are powers of two.
const adrParamSetup = macCommand({
  cid: 0x0c,
  initiatedBy: "network",
  request: layout({ adrAckDelayExponent: uint(4), adrAckLimitExponent: uint(4) }),
  answer: empty,
});

// TS001-1.0.4 §5.10; seconds since the GPS epoch, and 1/256 of a second.
const deviceTime = macCommand({
  cid: 0x0d,
  initiatedBy: "device",
  request: empty,
  answer: layout({ seconds: uint(32), fraction: uint(8) }),
});

// LoRaWAN 1.1 §5.13; answered by the rejoin-request itself.
const forceRejoin = macCommand({
  cid: 0x0e,
  initiatedBy: "network",
  request: layout({
    dataRateIndex,
    rejoinType: uint(3),
    _: rfu(1),
    maxRetries: uint(3),
    periodExponent: uint(3),
    _2: rfu(2),
  }),
});

// LoRaWAN 1.1 §5.14; every 2^(maxCountExponent + 4) messages, every 2^(maxTimeExponent + 10) seconds.
const rejoinParamSetup = macCommand({
  cid: 0x0f,
  initiatedBy: "network",
  request: layout({ maxCountExponent: uint(4), maxTimeExponent: uint(4) }),
  answer: layout({ maxTimeExponentAck: flag, _: rfu(7) }),
});

// TS001-1.0.4 §14.1; every 2^period seconds.
const pingSlotInfo = macCommand({
  cid: 0x10,
  initiatedBy: "device",
  request: layout({ period: uint(3), _: rfu(5) }),
  answer: empty,
});

// TS001-1.0.4 §14.2.
const pingSlotChannel = macCommand({
  cid: 0x11,
  initiatedBy: "network",
  request: layout({ frequency, dataRateIndex, _: rfu(4) }),
  answer: layout({ frequencyAck: flag, dataRateIndexAck: flag, _: rfu(6) }),
});

// TS001-1.0.4 §14.3, deprecated for deviceTime; in steps of 30 ms.
const beaconTiming = macCommand({
  cid: 0x12,
  initiatedBy: "device",
  request: empty,
  answer: layout({ delay: uint(16), channelIndex: uint(8) }),
});

// TS001-1.0.4 §14.4; 0 restores the default.
const beaconFreq = macCommand({
  cid: 0x13,
  initiatedBy: "network",
  request: layout({ frequency }),
  answer: layout({ frequencyAck: flag, _: rfu(7) }),
});

// LoRaWAN 1.1 §18.1; 0 is class A, 2 class C.
const deviceMode = macCommand({
  cid: 0x20,
  initiatedBy: "device",
  request: layout({ class: uint(8) }),
  answer: layout({ class: uint(8) }),
});

// TS011-1.0.1 §11.1.
const relayConf = macCommand({
  cid: 0x40,
  initiatedBy: "network",
  request: layout({
    secondChannelAckOffset: uint(3),
    secondChannelDataRateIndex: dataRateIndex,
    secondChannelIndex: uint(2),
    defaultChannelIndex: uint(1),
    cadPeriodicity: uint(3),
    startStop: flag,
    _: rfu(2),
    secondChannelFrequency: frequency,
  }),
  answer: layout({
    secondChannelFrequencyAck: flag,
    secondChannelAckOffsetAck: flag,
    secondChannelDataRateIndexAck: flag,
    secondChannelIndexAck: flag,
    defaultChannelIndexAck: flag,
    cadPeriodicityAck: flag,
    _: rfu(2),
  }),
});

// TS011-1.0.1 §11.2.
const relayEndDeviceConf = macCommand({
  cid: 0x41,
  initiatedBy: "network",
  request: layout({
    smartEnableLevel: uint(2),
    activationMode: uint(2),
    _: rfu(4),
    secondChannelAckOffset: uint(3),
    secondChannelDataRateIndex: dataRateIndex,
    secondChannelIndex: uint(2),
    backoff: uint(6),
    _2: rfu(1),
    secondChannelFrequency: frequency,
  }),
  answer: layout({
    secondChannelFrequencyAck: flag,
    secondChannelDataRateIndexAck: flag,
    secondChannelIndexAck: flag,
    backoffAck: flag,
    _: rfu(4),
  }),
});

// TS011-1.0.1 §11.3; a reload rate of 63 means no limit.
const relayUpdateUplinkList = macCommand({
  cid: 0x43,
  initiatedBy: "network",
  request: layout({
    ruleIndex: uint(4),
    _: rfu(4),
    reloadRate: uint(6),
    bucketSize: uint(2),
    devAddr: uint<DevAddr>(32),
    wFCnt: uint(32),
    rootWorSKey: byteString(16),
  }),
  answer: empty,
});

// TS011-1.0.1 §11.5.
const relayCtrlUplinkList = macCommand({
  cid: 0x44,
  initiatedBy: "network",
  request: layout({ ruleIndex: uint(4), action: uint(1), _: rfu(3) }),
  answer: layout({ ruleIndexAck: flag, _: rfu(7), wFCnt: uint(32) }),
});

// TS011-1.0.1 §11.6; a reload rate of 127 means no limit.
const relayConfigureFwdLimit = macCommand({
  cid: 0x45,
  initiatedBy: "network",
  request: layout({
    overallReloadRate: uint(7),
    globalUplinkReloadRate: uint(7),
    notifyReloadRate: uint(7),
    joinRequestReloadRate: uint(7),
    resetLimitCounter: uint(2),
    _: rfu(2),
    overallBucketSize: uint(2),
    globalUplinkBucketSize: uint(2),
    notifyBucketSize: uint(2),
    joinRequestBucketSize: uint(2),
  }),
  answer: empty,
});

// TS011-1.0.1 §11.7; SNR in dB from -20, RSSI in dBm from -15 downwards. Not answered.
const relayNotifyNewEndDevice = macCommand({
  cid: 0x46,
  initiatedBy: "device",
  request: layout({
    snr: offsetUint(5, -20),
    rssi: offsetUint(7, -15, -1),
    _: rfu(4),
    devAddr: uint<DevAddr>(32),
  }),
});

/** Every MAC command that is known, by its name. */
export const macCommands = {
  reset,
  linkCheck,
  linkADR,
  dutyCycle,
  rxParamSetup,
  devStatus,
  newChannel,
  rxTimingSetup,
  txParamSetup,
  dlChannel,
  rekey,
  adrParamSetup,
  deviceTime,
  forceRejoin,
  rejoinParamSetup,
  pingSlotInfo,
  pingSlotChannel,
  beaconTiming,
  beaconFreq,
  deviceMode,
  relayConf,
  relayEndDeviceConf,
  relayUpdateUplinkList,
  relayCtrlUplinkList,
  relayConfigureFwdLimit,
  relayNotifyNewEndDevice,
};
