import { create } from "@bufbuild/protobuf";
import { type DeviceMessage, DeviceSchema, type LorawanMessage, LorawanSchema } from "./schema.ts";

/** What the network knows of a device. EUIs, addresses and keys are hexadecimal, upper case. */
export interface LorawanDevice {
  app_eui: string;
  dev_eui: string;
  dev_addr: string;
  nwk_s_key: string;
  app_s_key: string;
  app_key: string;
  f_cnt_up: number;
  f_cnt_down: number;
  disable_f_cnt_check: boolean;
  uses32_bit_f_cnt: boolean;
  activation_constraints: string;
  /** Undefined when it was never heard, and in lists. */
  last_seen?: Date;
}

export interface Device {
  app_id: string;
  dev_id: string;
  latitude: number;
  longitude: number;
  altitude: number;
  description: string;
  attributes: { [key: string]: string };
  lorawan_device: LorawanDevice;
}

type Hex = string | Uint8Array;

interface LorawanInput {
  app_eui?: Hex;
  dev_eui?: Hex;
  dev_addr?: Hex;
  nwk_s_key?: Hex;
  app_s_key?: Hex;
  app_key?: Hex;
  f_cnt_up?: number;
  f_cnt_down?: number;
  disable_f_cnt_check?: boolean;
  uses32_bit_f_cnt?: boolean;
  activation_constraints?: string;
}

/** The names that the Python SDK reads. */
interface PythonLorawanInput {
  appEui?: Hex;
  devEui?: Hex;
  devAddr?: Hex;
  nwkSKey?: Hex;
  appSKey?: Hex;
  appKey?: Hex;
  fCntUp?: number;
  fCntDown?: number;
  disableFCntCheck?: boolean;
  uses32BitFCnt?: boolean;
  activationConstraints?: string;
}

/** A device to be, or what shall change: flat or with a `lorawan_device`, in either spelling. */
export interface DeviceInput extends LorawanInput, PythonLorawanInput {
  description?: string;
  latitude?: number;
  longitude?: number;
  /** Rounded to metres. */
  altitude?: number;
  /** All of them: those that are not there are removed. */
  attributes?: { [key: string]: string };
  lorawan_device?: LorawanInput & PythonLorawanInput;
  lorawanDevice?: LorawanInput & PythonLorawanInput;
}

const byteFields = {
  appEui: { snake: "app_eui", bytes: 8 },
  devEui: { snake: "dev_eui", bytes: 8 },
  devAddr: { snake: "dev_addr", bytes: 4 },
  nwkSKey: { snake: "nwk_s_key", bytes: 16 },
  appSKey: { snake: "app_s_key", bytes: 16 },
  appKey: { snake: "app_key", bytes: 16 },
} as const;
const plainFields = {
  fCntUp: "f_cnt_up",
  fCntDown: "f_cnt_down",
  disableFCntCheck: "disable_f_cnt_check",
  uses32BitFCnt: "uses32_bit_f_cnt",
  activationConstraints: "activation_constraints",
} as const;
const ownFields: readonly string[] = ["description", "latitude", "longitude", "altitude", "attributes"];
const lorawanNames = new Set<string>([
  ...Object.entries(byteFields).flatMap(([camel, { snake }]) => [camel, snake]),
  ...Object.entries(plainFields).flat(),
]);

/** The message with what the input says, over what is there already. */
export function applyDeviceInput(
  { appId, devId }: { readonly appId: string; readonly devId: string },
  input: DeviceInput,
  stored: DeviceMessage = create(DeviceSchema),
): DeviceMessage {
  const { lorawan_device, lorawanDevice, ...flat } = input;
  const fields: Readonly<Record<string, unknown>> = { ...flat, ...lorawanDevice, ...lorawan_device };
  for (const name of Object.keys(fields)) {
    // As devices are read: what they say of themselves besides.
    if (
      ownFields.includes(name) ||
      lorawanNames.has(name) ||
      ["app_id", "dev_id", "last_seen"].includes(name)
    )
      continue;
    throw new TypeError(`a device has no field ${name}`);
  }
  const known = stored.device.case === "lorawanDevice" ? stored.device.value : create(LorawanSchema);
  const lorawan = create(LorawanSchema, { ...known, appId, devId, ...lorawanFields(fields) });
  const own = Object.fromEntries(
    ownFields.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
  );
  const message = create(DeviceSchema, {
    ...stored,
    ...own,
    appId,
    devId,
    device: { case: "lorawanDevice", value: lorawan },
  });
  message.altitude = Math.round(message.altitude);
  return message;
}

function lorawanFields(fields: Readonly<Record<string, unknown>>): Partial<LorawanMessage> {
  const message: Record<string, unknown> = {};
  for (const [camel, { snake, bytes }] of Object.entries(byteFields)) {
    const value = fields[snake] ?? fields[camel];
    if (value !== undefined) message[camel] = bytesOf(snake, value, bytes);
  }
  for (const [camel, snake] of Object.entries(plainFields)) {
    const value = fields[snake] ?? fields[camel];
    if (value !== undefined) message[camel] = value;
  }
  return message as Partial<LorawanMessage>;
}

function bytesOf(name: string, value: unknown, length: number): Uint8Array {
  const isHex = typeof value === "string" && /^(?:[0-9A-Fa-f]{2})*$/.test(value);
  const bytes = isHex ? Buffer.from(value, "hex") : value;
  if (bytes instanceof Uint8Array && (bytes.length === length || bytes.length === 0)) return bytes;
  throw new TypeError(`${name} is ${length * 2} hexadecimal digits`);
}

export function deviceOf(message: DeviceMessage): Device {
  const lorawan = message.device.case === "lorawanDevice" ? message.device.value : create(LorawanSchema);
  return {
    app_id: message.appId,
    dev_id: message.devId,
    latitude: shortestNumber(message.latitude),
    longitude: shortestNumber(message.longitude),
    altitude: message.altitude,
    description: message.description,
    attributes: { ...message.attributes },
    lorawan_device: lorawanDeviceOf(lorawan),
  };
}

function lorawanDeviceOf(message: LorawanMessage): LorawanDevice {
  return {
    app_eui: hexOf(message.appEui),
    dev_eui: hexOf(message.devEui),
    dev_addr: hexOf(message.devAddr),
    nwk_s_key: hexOf(message.nwkSKey),
    app_s_key: hexOf(message.appSKey),
    app_key: hexOf(message.appKey),
    f_cnt_up: message.fCntUp,
    f_cnt_down: message.fCntDown,
    disable_f_cnt_check: message.disableFCntCheck,
    uses32_bit_f_cnt: message.uses32BitFCnt,
    activation_constraints: message.activationConstraints,
    ...(message.lastSeen > 0n && { last_seen: new Date(Number(message.lastSeen / 1_000_000n)) }),
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}

/** A float of 32 bits as it was written: 52.2345, not 52.23450088500977. */
function shortestNumber(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
