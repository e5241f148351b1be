import {
  type ADRAckLimitExponent,
  type BandDescription,
  BandDescriptionSchema,
  CFListType,
  create,
  type DataRateIndex,
  type DataRate as DataRateMessage,
  DataRateSchema,
  durationFromMs,
} from "@skylark/api";
import type { Band, Channel, DataRate } from "@skylark/lorawan";

/** A band as the API describes it. */
export function describeBand(band: Band): BandDescription {
  const { relay, bootDwellTime } = band;
  return create(BandDescriptionSchema, {
    id: band.id,
    beacon: {
      dataRateIndex: band.beacon.dataRateIndex as DataRateIndex,
      codingRate: band.beacon.codingRate,
      frequencies: band.beacon.frequencies.map(BigInt),
    },
    pingSlotFrequencies: band.pingSlotFrequencies.map(BigInt),
    maxUplinkChannels: band.maxUplinkChannels,
    uplinkChannels: band.uplinkChannels.map(describeChannel),
    maxDownlinkChannels: band.maxDownlinkChannels,
    downlinkChannels: band.downlinkChannels.map(describeChannel),
    subBands: band.subBands.map((subBand) => ({
      minFrequency: BigInt(subBand.minFrequency),
      maxFrequency: BigInt(subBand.maxFrequency),
      dutyCycle: subBand.dutyCycle,
      maxEirp: subBand.maxEirp,
    })),
    dataRates: Object.fromEntries(
      band.dataRates.flatMap((each, index) =>
        each === undefined ? [] : [[index, { rate: describeDataRate(each.dataRate) }]],
      ),
    ),
    freqMultiplier: BigInt(band.freqMultiplier),
    implementsCfList: band.cfListType !== undefined,
    cfListType: band.cfListType === "channelMasks" ? CFListType.CHANNEL_MASKS : CFListType.FREQUENCIES,
    ...describeDelays(band),
    maxFcntGap: BigInt(band.maxFCntGap),
    supportsDynamicAdr: band.supportsDynamicADR,
    adrAckLimit: Math.log2(band.adrAckLimit) as ADRAckLimitExponent,
    txOffset: [...band.txPowerOffsets],
    maxAdrDataRateIndex: band.maxADRDataRateIndex as DataRateIndex,
    txParamSetupReqSupport: band.supportsTxParamSetup,
    defaultMaxEirp: band.maxEirp,
    defaultRx2Parameters: {
      dataRateIndex: band.defaultRx2.dataRateIndex as DataRateIndex,
      frequency: BigInt(band.defaultRx2.frequency),
    },
    bootDwellTime: {
      ...(bootDwellTime.uplinks === undefined ? {} : { uplinks: bootDwellTime.uplinks }),
      ...(bootDwellTime.downlinks === undefined ? {} : { downlinks: bootDwellTime.downlinks }),
    },
    ...(relay === undefined ? {} : describeRelay(relay)),
  });
}

function describeDelays(band: Band) {
  return {
    receiveDelay1: durationFromMs(band.receiveDelay1Ms),
    receiveDelay2: durationFromMs(band.receiveDelay2Ms),
    joinAcceptDelay1: durationFromMs(band.joinAcceptDelay1Ms),
    joinAcceptDelay2: durationFromMs(band.joinAcceptDelay2Ms),
    minRetransmitTimeout: durationFromMs(band.minRetransmitTimeoutMs),
    maxRetransmitTimeout: durationFromMs(band.maxRetransmitTimeoutMs),
  };
}

function describeRelay({ forwardDelayMs, receiveDelayMs, worChannels }: NonNullable<Band["relay"]>) {
  return {
    relayForwardDelay: durationFromMs(forwardDelayMs),
    relayReceiveDelay: durationFromMs(receiveDelayMs),
    relay: {
      worChannels: worChannels.map((channel) => ({
        frequency: BigInt(channel.frequency),
        ackFrequency: BigInt(channel.ackFrequency),
        dataRateIndex: channel.dataRateIndex as DataRateIndex,
      })),
    },
  };
}

function describeChannel({ frequency, minDR, maxDR }: Channel) {
  return {
    frequency: BigInt(frequency),
    minDataRate: minDR as DataRateIndex,
    maxDataRate: maxDR as DataRateIndex,
  };
}

function describeDataRate(dataRate: DataRate): DataRateMessage {
  switch (dataRate.modulation) {
    case "LORA": {
      const { bandwidth, spreadingFactor, codingRate = "" } = dataRate;
      return create(DataRateSchema, {
        modulation: { case: "lora", value: { bandwidth, spreadingFactor, codingRate } },
      });
    }
    case "FSK":
      return create(DataRateSchema, { modulation: { case: "fsk", value: { bitRate: dataRate.bitRate } } });
    case "LR_FHSS": {
      const { modulationType, operatingChannelWidth, codingRate } = dataRate;
      return create(DataRateSchema, {
        modulation: { case: "lrfhss", value: { modulationType, operatingChannelWidth, codingRate } },
      });
    }
  }
}
