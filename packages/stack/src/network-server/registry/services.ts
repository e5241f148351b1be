import {
  enumName,
  type MACSettingsSchema,
  type MessageInitShape,
  Ns,
  NsEndDeviceRegistry,
  type PHYVersion,
  PHYVersionSchema,
  Right,
} from "@skylark/api";
import { bandVersions, frequencyPlans, getBand, type NetID, phyVersions } from "@skylark/lorawan";
import { bytesOfDevAddr } from "../../domain/identifier-bytes.ts";
import {
  type DeviceKnown,
  endDeviceMethods,
  requestedDevice,
  shownDevice,
} from "../../rpc/end-device-registries.ts";
import {
  anyone,
  application,
  authenticated,
  type CallContext,
  implement,
  type Requirement,
  type ServiceImplementation,
} from "../../rpc/service.ts";
import type { DeviceAddresses } from "../join/device-addresses.ts";
import { invalidField } from "./field-value.ts";
import { transientFields } from "./kept-mac-state.ts";
import type { RegisteredDevices } from "./registered-devices.ts";

export function nsEndDeviceRegistry(
  devices: RegisteredDevices,
  deviceKnown: DeviceKnown,
): ServiceImplementation {
  return implement(NsEndDeviceRegistry, {
    ...endDeviceMethods({
      devices,
      deviceKnown,
      readRequirement,
      touchesKeysOnWrite,
      warnOfWrite: warnOfIgnored,
    }),
    resetFactoryDefaults: {
      requires: ({ endDeviceIds, fieldMask }) => ({
        kind: "allOf",
        requirements: [
          application(endDeviceIds?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
          readRequirement(endDeviceIds?.applicationIds?.applicationId, fieldMask?.paths ?? []),
        ],
      }),
      async handle({ endDeviceIds, fieldMask }, context) {
        return shownDevice(
          await devices.reset(requestedDevice(context.tenantId, endDeviceIds)),
          fieldMask?.paths,
        );
      },
    },
  });
}

const keyHolders = [
  "session.keys",
  "pending_session.keys",
  "mac_state.queued_join_accept.keys",
  "pending_mac_state.queued_join_accept.keys",
];

/** Whether a mask covers a key: by naming it, something above it, or an envelope of it. */
export function touchesKeys(paths: readonly string[]): boolean {
  return paths.some((path) =>
    keyHolders.some(
      (holder) =>
        path === holder ||
        holder.startsWith(`${path}.`) ||
        (path.startsWith(`${holder}.`) && path !== `${holder}.session_key_id`),
    ),
  );
}

/** Writing also the identifier of a session key takes the right to write keys. */
function touchesKeysOnWrite(paths: readonly string[]): boolean {
  return touchesKeys(paths) || paths.some((path) => path.endsWith(".keys.session_key_id"));
}

/** Whether this server takes a path over; the reason why it does not is in its documentation of fields. */
export function isIgnored(path: string): boolean {
  const [top, field] = path.split(".");
  if (top === "pending_session" || top === "pending_mac_state") return true;
  return top === "mac_state" && field !== undefined && transientFields.has(field);
}

function warnOfIgnored(paths: readonly string[], context: CallContext): void {
  const ignored = paths.filter(isIgnored);
  if (ignored.length === 0) return;
  context.warn(`what was under way with another network is not taken over: ${ignored.join(", ")}`);
}

function readRequirement(applicationId: string | undefined, paths: readonly string[]): Requirement {
  const rights: Right[] = [Right.APPLICATION_DEVICES_READ];
  if (touchesKeys(paths)) rights.push(Right.APPLICATION_DEVICES_READ_KEYS);
  if (paths.some((path) => path.includes("queued_application_downlinks"))) {
    rights.push(Right.APPLICATION_TRAFFIC_READ);
  }
  return application(applicationId, ...rights);
}

export function nsService(network: {
  readonly netId: NetID;
  readonly addresses: DeviceAddresses;
  readonly desiredRx1Delay: number;
}): ServiceImplementation {
  return implement(Ns, {
    generateDevAddr: {
      requires: () => authenticated,
      handle: () => ({ devAddr: bytesOfDevAddr(network.addresses.generate()) }),
    },
    // The CLI of The Things Stack asks for these three without its key.
    getDefaultMACSettings: {
      requires: () => anyone,
      handle: ({ frequencyPlanId, lorawanPhyVersion }) =>
        defaultMACSettings(frequencyPlanId, lorawanPhyVersion, network.desiredRx1Delay),
    },
    getNetID: {
      requires: () => anyone,
      handle: () => ({ netId: Uint8Array.of(network.netId >>> 16, network.netId >>> 8, network.netId) }),
    },
    getDeviceAddressPrefixes: {
      requires: () => anyone,
      handle: () => ({
        devAddrPrefixes: network.addresses.prefixes.map((prefix) => {
          const bytes = new Uint8Array(5);
          bytes.set(bytesOfDevAddr(prefix.devAddr));
          bytes[4] = prefix.length;
          return bytes;
        }),
      }),
    },
  });
}

type APISettings = MessageInitShape<typeof MACSettingsSchema>;

function defaultMACSettings(
  frequencyPlanId: string,
  lorawanPhyVersion: PHYVersion,
  desiredRx1Delay: number,
): APISettings {
  const plan = frequencyPlans.get(frequencyPlanId);
  if (plan === undefined) throw invalidField("frequency_plan_id");
  const name = enumName(PHYVersionSchema, lorawanPhyVersion);
  const phyVersion = phyVersions.find((version) => version === name);
  if (phyVersion === undefined || !bandVersions(plan.bandId).includes(phyVersion)) {
    throw invalidField("lorawan_phy_version");
  }
  const band = getBand(plan.bandId, phyVersion);
  const delay = (seconds: number) => ({ value: seconds }) as NonNullable<APISettings["rx1Delay"]>;
  const dataRate = (index: number) => ({ value: index }) as NonNullable<APISettings["rx2DataRateIndex"]>;
  return {
    rx1Delay: delay(band.receiveDelay1Ms / 1000),
    rx1DataRateOffset: { value: 0 },
    rx2DataRateIndex: dataRate(band.defaultRx2.dataRateIndex),
    rx2Frequency: { value: BigInt(band.defaultRx2.frequency) },
    supports32BitFCnt: { value: true },
    resetsFCnt: { value: false },
    desiredRx1Delay: delay(desiredRx1Delay),
    desiredRx1DataRateOffset: { value: 0 },
    desiredRx2DataRateIndex: dataRate(plan.rx2?.dataRateIndex ?? band.defaultRx2.dataRateIndex),
    desiredRx2Frequency: { value: BigInt(plan.rx2?.frequency ?? band.defaultRx2.frequency) },
    factoryPresetFrequencies: [],
  };
}
