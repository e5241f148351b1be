import { type EUI64, parseEUI64 } from "@skylark/lorawan";
import { defineOptions, integer, type OptionReader, type OptionValues } from "../config/option.ts";

/** A block of JoinEUIs: those that share their first `length` bits with `joinEui`. */
export interface JoinEUIPrefix {
  readonly joinEui: EUI64;
  readonly length: number;
}

const euiOption: OptionReader<EUI64> = (value) => {
  if (!/^[0-9A-Fa-f]{16}$/.test(value)) throw new TypeError("expected 16 hexadecimal digits");
  return parseEUI64(value);
};

const prefixesOption: OptionReader<readonly JoinEUIPrefix[]> = (value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => {
      const parts = /^([0-9A-Fa-f]{16})\/(\d{1,2})$/.exec(item);
      if (parts === null || Number(parts[2]) > 64) {
        throw new TypeError("expected JoinEUI prefixes such as 70B3D57ED0000000/40");
      }
      return { joinEui: parseEUI64(parts[1]!), length: Number(parts[2]) };
    });

export const joinServerOptions = defineOptions({
  "js.join-eui-prefixes": {
    read: prefixesOption,
    default: "0000000000000000/0",
    description: "JoinEUIs that this Join Server answers for; all of them by default",
  },
  "js.default-join-eui": {
    read: euiOption,
    default: "0000000000000000",
    description: "JoinEUI suggested for devices that come without one",
  },
  "js.dev-nonce-limit": {
    read: integer(1, 65535),
    default: "10",
    description: "DevNonces remembered for devices before LoRaWAN 1.0.4, whose DevNonce is random",
  },
});

export type JoinServerOptions = OptionValues<typeof joinServerOptions>;
