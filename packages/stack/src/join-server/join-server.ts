import { JsEndDeviceBatchRegistry } from "@skylark/api";
import {
  type AESKey,
  appendMIC,
  decodePHYPayload,
  deriveJSKeys,
  deriveSessionKeys10,
  deriveSessionKeys11,
  encodeJoinAccept,
  encodeJoinAcceptFrame,
  encryptJoinAccept,
  expandKey,
  type JoinRequest as JoinRequestFrame,
  joinAcceptMIC,
  joinRequestMIC,
  LoRaWANError,
  type MACVersion,
  usesNwkKey,
  withoutMIC,
} from "@skylark/lorawan";
import type { Clock, RandomBytes } from "../clock/clock.ts";
import type { KeyVault } from "../component/key-vault.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { JoinRequest } from "../domain/join-request.ts";
import { defineErrors } from "../errors/errors.ts";
import type { EventPublisher } from "../events/events.ts";
import { type DeviceKnown, endDeviceBatchRegistry } from "../rpc/end-device-registries.ts";
import type { ServiceImplementation } from "../rpc/service.ts";
import type { StagedChange, Store } from "../store/store.ts";
import { activationSettingsRegistry } from "./activation-settings.ts";
import type { JoinServerOptions } from "./config.ts";
import { joinAccepted } from "./events.ts";
import { coversJoinEui } from "./join-euis.ts";
import { useNonces } from "./nonces.ts";
import { RegisteredDevices } from "./registered-devices.ts";
import { jsEndDeviceRegistry, jsService } from "./services.ts";
import { createActivationSettingsStore } from "./storage/activation-settings-store.ts";
import type { JoinDevice } from "./storage/device-store.ts";
import { createJoinDeviceReader, createJoinDeviceWriter } from "./storage/sql-device-store.ts";

const errors = defineErrors("pkg/joinserver");
const decodePayload = errors.invalidArgument("decode_payload", "failed to decode payload");
const payloadType = errors.invalidArgument("payload_type", "wrong payload type: {type}");
const unknownJoinEui = errors.invalidArgument("unknown_join_eui", "JoinEUI specified is not known");
const deviceNotFound = errors.notFound("device_not_found", "device not found");
const micMismatch = errors.invalidArgument("mic_mismatch", "MIC mismatch");
const noAppKey = errors.failedPrecondition("no_app_key", "no AppKey specified");
const noNwkKey = errors.failedPrecondition("no_nwk_key", "no NwkKey specified");

interface SessionKeys {
  readonly fNwkSIntKey: AESKey;
  readonly sNwkSIntKey: AESKey;
  readonly nwkSEncKey: AESKey;
  readonly appSKey: AESKey;
}

export interface JoinAnswer extends SessionKeys {
  readonly rawPayload: Uint8Array;
  readonly sessionKeyId: Uint8Array;
  readonly change: StagedChange;
}

export interface JoinServerParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly store: Store;
  readonly vault: KeyVault;
  readonly options: JoinServerOptions;
  /** Where it says no, whoever registers the device here is warned. */
  readonly deviceKnown: DeviceKnown;
  readonly events: EventPublisher;
}

export interface JoinServer {
  /**
   * Throws a named error on unknown device, bad MIC or used DevNonce. A device's next join may be asked for only
   * once the change of the one before is committed or given up.
   */
  handleJoin(request: JoinRequest): Promise<JoinAnswer>;
  readonly services: readonly ServiceImplementation[];
  /** The devices as their owners registered them. */
  readonly registeredDevices: Pick<
    RegisteredDevices,
    "find" | "stageSet" | "stageDelete" | "answersForJoinEui"
  >;
  deleteApplication(ids: ApplicationIdentifiers): Promise<void>;
}

export function createJoinServer(parts: JoinServerParts): JoinServer {
  const { clock, random, store, vault, options } = parts;
  const reader = createJoinDeviceReader(store, vault);
  const writer = createJoinDeviceWriter(vault);
  const registered = new RegisteredDevices({
    clock,
    store,
    reader,
    writer,
    events: parts.events,
    coversJoinEui: (joinEui) => coversJoinEui(options["js.join-eui-prefixes"], joinEui),
  });
  const settings = createActivationSettingsStore(store, vault);
  return {
    services: [
      jsEndDeviceRegistry(registered, parts.deviceKnown),
      endDeviceBatchRegistry(JsEndDeviceBatchRegistry, registered),
      activationSettingsRegistry(settings),
      jsService(options),
    ],
    registeredDevices: registered,
    async deleteApplication(ids) {
      await registered.deleteApplication(ids);
      await settings.delete(ids);
    },
    async handleJoin(request) {
      const frame = decodeJoinRequest(request.rawPayload);
      if (!coversJoinEui(options["js.join-eui-prefixes"], frame.joinEui)) throw unknownJoinEui();
      const device = await reader.findByEuis(frame);
      if (device === undefined || !isSameDevice(device.ids, request.ids)) throw deviceNotFound();
      const rootKey = networkRootKey(device, request.macVersion);
      // Before the nonce: a stranger must not learn from the answer which DevNonces are used up.
      if (joinRequestMIC(expandKey(rootKey), withoutMIC(request.rawPayload)) !== frame.mic)
        throw micMismatch();
      const nonces = useNonces(device.nonces, frame.devNonce, {
        macVersion: request.macVersion,
        resetsJoinNonces: device.resetsJoinNonces,
        devNonceLimit: options["js.dev-nonce-limit"],
      });
      const joining = { device, request, frame, rootKey, joinNonce: nonces.lastJoinNonce };
      return {
        ...sessionKeys(joining),
        rawPayload: joinAccept(joining),
        sessionKeyId: newSessionKeyId(clock, random),
        change: {
          write: (to) => writer.setNonces(to, device.ids, nonces),
          committed() {
            const { correlationIds } = request;
            parts.events.publish(joinAccepted, { kind: "device", ids: device.ids }, () => ({
              correlationIds,
            }));
          },
        },
      };
    },
  };
}

interface Joining {
  readonly device: JoinDevice;
  readonly request: JoinRequest;
  readonly frame: JoinRequestFrame;
  readonly rootKey: AESKey;
  readonly joinNonce: number;
}

function decodeJoinRequest(rawPayload: Uint8Array): JoinRequestFrame {
  try {
    const frame = decodePHYPayload(rawPayload);
    if (frame.mType !== "joinRequest") throw payloadType({ type: frame.mType });
    return frame;
  } catch (error) {
    if (error instanceof LoRaWANError) throw decodePayload({}, { cause: error });
    throw error;
  }
}

function isSameDevice(a: EndDeviceIdentifiers, b: EndDeviceIdentifiers): boolean {
  return a.tenantId === b.tenantId && a.applicationId === b.applicationId && a.deviceId === b.deviceId;
}

/** The root key that signs: AppKey of a 1.0.x device, unless it has a NwkKey because it could do 1.1 as well. */
function networkRootKey({ appKey, nwkKey }: JoinDevice, macVersion: MACVersion): AESKey {
  if (usesNwkKey(macVersion)) {
    if (nwkKey === undefined) throw noNwkKey();
    return nwkKey;
  }
  const key = nwkKey ?? appKey;
  if (key === undefined) throw noAppKey();
  return key;
}

function sessionKeys({ device, request, frame, rootKey, joinNonce }: Joining): SessionKeys {
  const { devNonce, joinEui } = frame;
  if (usesNwkKey(request.macVersion)) {
    if (device.appKey === undefined) throw noAppKey();
    return deriveSessionKeys11({ nwkKey: rootKey, appKey: device.appKey, joinNonce, joinEui, devNonce });
  }
  const { netId } = request;
  const { fNwkSIntKey, appSKey } = deriveSessionKeys10({ appKey: rootKey, joinNonce, netId, devNonce });
  return { fNwkSIntKey, sNwkSIntKey: fNwkSIntKey, nwkSEncKey: fNwkSIntKey, appSKey };
}

function joinAccept({ request, frame, rootKey, joinNonce }: Joining): Uint8Array {
  const optNeg = usesNwkKey(request.macVersion);
  const withoutList = encodeJoinAccept({
    joinNonce,
    netId: request.netId,
    devAddr: request.devAddr,
    dlSettings: { optNeg, rx1DROffset: request.rx1DROffset, rx2DR: request.rx2DataRateIndex },
    rxDelay: request.rxDelay,
  });
  const message = request.cfList === undefined ? withoutList : concatenate(withoutList, request.cfList);
  const { devEui, joinEui, devNonce } = frame;
  // LoRaWAN 1.1 §6.2.3: JSIntKey signs when both sides speak 1.1; encrypted is with the root key in either case.
  const mic = optNeg
    ? joinAcceptMIC(expandKey(deriveJSKeys({ nwkKey: rootKey, devEui }).jsIntKey), {
        message,
        optNeg: { joinReqType: 0xff, joinEui, devNonce },
      })
    : joinAcceptMIC(expandKey(rootKey), { message });
  return encodeJoinAcceptFrame(encryptJoinAccept(expandKey(rootKey), appendMIC(message, mic).subarray(1)));
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The 16 bytes of a ULID: six of time, ten of randomness. */
function newSessionKeyId(clock: Clock, random: RandomBytes): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setBigUint64(0, BigInt(Math.floor(clock.now())) << 16n);
  id.set(random(10), 6);
  return id;
}
