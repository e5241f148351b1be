import { type EUI64, parseEUI64 } from "@skylark/lorawan";

/** A block of EUIs that the IEEE assigned: all that begin with these bits. */
export interface EuiBlock {
  /** As it was written, which its counter is kept under: `70B3D57ED0000000/36`. */
  readonly text: string;
  readonly first: bigint;
  /** How many EUIs there are. */
  readonly size: number;
}

/** The largest block whose counter is an exact number. */
const shortestPrefix = 12;
const longestPrefix = 63;

/** Reads an EUI and the number of its leading bits that the block fixes; nothing is no block. */
export function parseEuiBlock(text: string): EuiBlock | undefined {
  if (text === "") return undefined;
  const match = /^([0-9A-Fa-f]{16})\/(\d{1,2})$/.exec(text);
  const length = Number(match?.[2]);
  if (match?.[1] === undefined || length < shortestPrefix || length > longestPrefix) {
    throw new TypeError(
      `expected an EUI and a length of ${shortestPrefix} to ${longestPrefix} bits, such as 70B3D57ED0000000/36`,
    );
  }
  const free = BigInt(64 - length);
  const first = (BigInt(`0x${match[1]}`) >> free) << free;
  return { text: `${formatEui(first)}/${length}`, first, size: Number(1n << free) };
}

export function euiAt({ first }: EuiBlock, counter: number): EUI64 {
  return formatEui(first | BigInt(counter));
}

function formatEui(value: bigint): EUI64 {
  return parseEUI64(value.toString(16).padStart(16, "0"));
}
