import {
  aesKey,
  appendMIC,
  encodeJoinRequest,
  expandKey,
  joinRequestMIC,
  parseEUI64,
} from "@skylark/lorawan";
import type { DeviceIdentity } from "@skylark/testkit";

/** The join-request of a LoRaWAN 1.0 device. */
export function joinRequest(identity: DeviceIdentity, devNonce: number): Uint8Array {
  const message = encodeJoinRequest({
    mType: "joinRequest",
    joinEui: parseEUI64(identity.joinEui),
    devEui: parseEUI64(identity.devEui),
    devNonce,
  });
  const key = expandKey(aesKey(new Uint8Array(Buffer.from(identity.appKey, "hex"))));
  return Uint8Array.from(appendMIC(message, joinRequestMIC(key, message)));
}
