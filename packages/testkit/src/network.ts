import { aesKey, devAddr, type EUI64, parseEUI64 } from "@skylark/lorawan";
import { Air, type Reach } from "./air.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { LoRaWANVersion } from "./device-mac.ts";
import type { DeviceOptions } from "./device-options.ts";
import type { FactorySettings } from "./device-parameters.ts";
import type { DeviceRegionName } from "./device-region.ts";
import { type Random, randomBytes, randomInteger, seededRandom } from "./random.ts";
import { SimulatedDevice } from "./simulated-device.ts";
import { type GatewayOptions, SimulatedGateway } from "./simulated-gateway.ts";

export interface NetworkOptions {
  readonly server: { readonly host: string; readonly port: number };
  readonly gateways: number;
  readonly devices: number;
  readonly activation: "otaa" | "abp";
  readonly version?: LoRaWANVersion;
  readonly region?: DeviceRegionName;
  readonly factory?: FactorySettings;
  /** How many gateways hear each device; all of them by default. */
  readonly gatewaysPerDevice?: number;
  /** The first DevNonce of OTAA devices, for versions that count it. */
  readonly firstDevNonce?: number;
  /** The same seed gives the same EUIs, addresses and keys. */
  readonly seed?: number;
  /** Used in place of identities from the seed. */
  readonly identities?: readonly DeviceIdentity[];
  readonly clock?: Clock;
  readonly gateway?: Partial<Omit<GatewayOptions, "eui" | "server" | "air">>;
  readonly device?: Partial<Omit<DeviceOptions, "air" | "devEui" | "activation" | "version">>;
}

export interface SimulatedNetwork {
  readonly air: Air;
  readonly gateways: readonly SimulatedGateway[];
  readonly devices: readonly SimulatedDevice[];
  /** The identity of every device, for its registration. */
  readonly identities: readonly DeviceIdentity[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Everything a server must be told of a device; hexadecimal, as the API takes it. */
export interface DeviceIdentity {
  readonly deviceId: string;
  readonly devEui: string;
  readonly joinEui: string;
  readonly appKey: string;
  readonly nwkKey: string;
  readonly devAddr: string;
  readonly fNwkSIntKey: string;
  readonly sNwkSIntKey: string;
  readonly nwkSEncKey: string;
  readonly appSKey: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex").toUpperCase();
const key = (text: string) => aesKey(new Uint8Array(Buffer.from(text, "hex")));

/** The identity of device `index` of a seed; addresses lie in the block of NetID 000000. */
export function deviceIdentity(seed: number, index: number): DeviceIdentity {
  const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ index);
  // The first random numbers of neighbouring states are alike.
  random();
  const number = index.toString(16).toUpperCase().padStart(6, "0");
  const family = (seed & 0xffff).toString(16).toUpperCase().padStart(4, "0");
  const address = (((seed & 0x1f) << 20) | (index & 0xfffff)) >>> 0;
  return {
    deviceId: `sim-${seed}-${index}`,
    // Locally administered, "SKY" in the middle.
    devEui: `02534B${family}${number}`,
    joinEui: `02534B${family}000000`,
    appKey: hex(randomBytes(random, 16)),
    nwkKey: hex(randomBytes(random, 16)),
    devAddr: address.toString(16).toUpperCase().padStart(8, "0"),
    fNwkSIntKey: hex(randomBytes(random, 16)),
    sNwkSIntKey: hex(randomBytes(random, 16)),
    nwkSEncKey: hex(randomBytes(random, 16)),
    appSKey: hex(randomBytes(random, 16)),
  };
}

/** The EUI of gateway `index` of a seed. */
export function gatewayEui(seed: number, index: number): EUI64 {
  return parseEUI64(
    `02534C${(seed & 0xffff).toString(16).padStart(4, "0")}${index.toString(16).padStart(6, "0")}`,
  );
}

/** The activation of a device from its identity, as its firmware knows it. */
export function activationOf(
  identity: DeviceIdentity,
  options: {
    readonly kind: "otaa" | "abp";
    readonly version: LoRaWANVersion;
    readonly nextDevNonce?: number | undefined;
  },
): DeviceOptions["activation"] {
  const is11 = options.version === "1.1.0";
  if (options.kind === "otaa") {
    const { nextDevNonce = 1 } = options;
    const otaa = { joinEui: parseEUI64(identity.joinEui), appKey: key(identity.appKey), nextDevNonce };
    return { otaa: is11 ? { ...otaa, nwkKey: key(identity.nwkKey) } : otaa };
  }
  const keys = { fNwkSIntKey: key(identity.fNwkSIntKey), appSKey: key(identity.appSKey) };
  return {
    abp: {
      devAddr: devAddr(Number.parseInt(identity.devAddr, 16)),
      keys: is11
        ? { ...keys, sNwkSIntKey: key(identity.sNwkSIntKey), nwkSEncKey: key(identity.nwkSEncKey) }
        : keys,
    },
  };
}

/** Lets each device be heard by a fixed choice of gateways, with a quality that stays the same. */
function fixedReach(gateways: readonly SimulatedGateway[], perDevice: number, random: Random): Reach {
  const numbers = new Map(gateways.map((gateway, index) => [gateway.eui, index]));
  const salt = randomInteger(random, 1 << 20);
  return (device, gateway) => {
    const place = Number.parseInt(device.devEui.slice(8), 16) + salt;
    const distance =
      (numbers.get(gateway.eui)! - (place % gateways.length) + gateways.length) % gateways.length;
    return distance < perDevice
      ? { rssi: -60 - 15 * distance - (place % 20), snr: 10 - 3 * distance }
      : undefined;
  };
}

/** N gateways and M devices on one air, with identities from a seed. */
export function simulateNetwork(options: NetworkOptions): SimulatedNetwork {
  const seed = options.seed ?? 1;
  const version = options.version ?? "1.0.3";
  const random = seededRandom(seed);
  const air = new Air({ clock: options.clock ?? systemClock });
  const gateways = Array.from(
    { length: options.gateways },
    (_, index) =>
      new SimulatedGateway({ ...options.gateway, eui: gatewayEui(seed, index), server: options.server, air }),
  );
  air.reach = fixedReach(gateways, options.gatewaysPerDevice ?? options.gateways, random);
  const identities =
    options.identities ?? Array.from({ length: options.devices }, (_, index) => deviceIdentity(seed, index));
  const devices = identities.map(
    (identity) =>
      new SimulatedDevice({
        ...options.device,
        ...(options.region === undefined ? {} : { region: options.region }),
        ...(options.factory === undefined ? {} : { factory: options.factory }),
        air,
        devEui: parseEUI64(identity.devEui),
        version,
        activation: activationOf(identity, {
          kind: options.activation,
          version,
          nextDevNonce: options.firstDevNonce,
        }),
      }),
  );
  return {
    air,
    gateways,
    devices,
    identities,
    async start() {
      await Promise.all(gateways.map((gateway) => gateway.start()));
    },
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
    },
  };
}
