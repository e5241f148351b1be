import {
  encodeMACCommands,
  type KnownMACCommand,
  macCommandLength,
  usesSharedFCntDown,
} from "@skylark/lorawan";
import type { EncryptedDownlink } from "../../domain/application-downlink.ts";
import type { Counters, MACState } from "../device.ts";
import type { AskFacts } from "../mac/behaviour.ts";
import { fitCommands, wantedRequests, withRequestsSent } from "../mac/exchange.ts";
import { type DataDownlinkContent, maxFOptsLength } from "./build-frame.ts";
import type { OpenWindow } from "./open-window.ts";

/** FHDR without FOpts. */
const headerLength = 7;
const fPortLength = 1;

/** The MAC commands of a downlink, and how much room they leave. */
export interface MACShare {
  readonly commands: readonly KnownMACCommand[];
  readonly requests: readonly KnownMACCommand[];
  readonly encoded: Uint8Array;
  /** Not everything fitted. */
  readonly isCut: boolean;
  /** Bytes left for an application's FRMPayload; negative when the commands take the payload themselves. */
  readonly room: number;
  /** The same without any commands. */
  readonly roomAlone: number;
}

/**
 * Chooses MAC commands: answers first, then requests. While the application has something to send they keep to
 * FOpts, unless the answers alone do not fit there.
 */
export function shareOfMACCommands(
  answers: readonly KnownMACCommand[],
  facts: AskFacts,
  limits: { readonly maxMACPayloadLength: number; readonly hasApplicationDownlink: boolean },
): MACShare {
  const inPayload = limits.maxMACPayloadLength - headerLength - fPortLength;
  const inFOpts = Math.min(maxFOptsLength, limits.maxMACPayloadLength - headerLength);
  const wanted = wantedRequests(facts);
  const everything = [...answers, ...wanted];
  const prefersFOpts = limits.hasApplicationDownlink && lengthOf(answers) <= inFOpts;
  const commands = fitCommands(everything, prefersFOpts ? inFOpts : Math.max(inFOpts, inPayload));
  const requests = commands.filter(({ kind }) => kind === "request");
  const encoded = encodeMACCommands(commands, "downlink");
  const isCut = commands.length < everything.length;
  const room = encoded.length > maxFOptsLength ? -1 : inPayload - encoded.length;
  return { commands, requests, encoded, isCut, room, roomAlone: inPayload };
}

/** The same with answers only. The device is asked later: nothing is pending that it should fetch at once. */
export function withoutRequests(share: MACShare): MACShare {
  if (share.requests.length === 0) return share;
  const commands = share.commands.filter(({ kind }) => kind === "answer");
  const encoded = encodeMACCommands(commands, "downlink");
  const room = encoded.length > maxFOptsLength ? -1 : share.roomAlone - encoded.length;
  return { ...share, commands, requests: [], encoded, room, isCut: false };
}

function lengthOf(commands: readonly KnownMACCommand[]): number {
  return commands.reduce((sum, command) => sum + macCommandLength(command, "downlink"), 0);
}

/** A downlink decided on, with the state of the session once it has been sent. */
export interface PlannedDownlink {
  readonly content: DataDownlinkContent;
  readonly macPayloadLength: number;
  readonly counters: Counters;
  readonly mac: MACState;
}

export function planDownlink(
  window: OpenWindow,
  before: { readonly counters: Counters; readonly facts: AskFacts },
  share: MACShare,
  downlink: EncryptedDownlink | undefined,
): PlannedDownlink {
  const { counters, facts } = before;
  const fCnt = downlink?.fCnt ?? counters.nextNFCntDown;
  const isInFOpts = share.encoded.length <= maxFOptsLength;
  const application =
    downlink === undefined ? {} : { application: { fPort: downlink.fPort, frmPayload: downlink.frmPayload } };
  const mac = withRequestsSent(facts, share.requests);
  return {
    content: {
      confirmed: downlink?.confirmed ?? false,
      ack: window.needsAck,
      fPending: share.isCut || (downlink?.more ?? false),
      fCnt,
      macCommands: share.encoded,
      ackedFCntUp: window.fCntUp,
      ...application,
    },
    macPayloadLength:
      headerLength +
      share.encoded.length +
      (isInFOpts ? 0 : fPortLength) +
      (downlink === undefined ? 0 : fPortLength + downlink.frmPayload.length),
    counters: afterSending(counters, fCnt, usesSharedFCntDown(mac.macVersion) || downlink === undefined),
    mac: downlink?.confirmed ? { ...mac, pendingConfirmedFCnt: fCnt, lastConfirmedFCnt: fCnt } : mac,
  };
}

function afterSending(counters: Counters, fCnt: number, usesNetworkCounter: boolean): Counters {
  return usesNetworkCounter
    ? { ...counters, nextNFCntDown: fCnt + 1 }
    : { ...counters, nextAFCntDown: fCnt + 1 };
}

/** The lowest counter that an application's downlink may have. */
export function minApplicationFCnt(counters: Counters, { macVersion }: MACState): number {
  return usesSharedFCntDown(macVersion) ? counters.nextNFCntDown : counters.nextAFCntDown;
}
