import type { Direction } from "../crypto/mic.ts";
import { LoRaWANError } from "../error.ts";
import type { Layout, LayoutOptions } from "../layout.ts";
import { macCommands } from "./definitions.ts";
import type { MACCommandDefinition } from "./mac-command.ts";

/** The name of a MAC command. */
export type MACCommandName = keyof typeof macCommands;

type Definition<N extends MACCommandName> = (typeof macCommands)[N];

/** What the request of a MAC command holds. */
export type MACRequest<N extends MACCommandName> =
  Definition<N>["request"] extends Layout<infer T> ? T : never;

/** What the answer to a MAC command holds; never where there is none. */
export type MACAnswer<N extends MACCommandName> =
  Definition<N> extends { readonly answer: Layout<infer T> } ? T : never;

/** A MAC command of one name, as request or as answer. */
export type MACCommandOf<N extends MACCommandName> = N extends MACCommandName
  ?
      | { readonly name: N; readonly kind: "request"; readonly payload: MACRequest<N> }
      | (Definition<N> extends { readonly answer: Layout<unknown> }
          ? { readonly name: N; readonly kind: "answer"; readonly payload: MACAnswer<N> }
          : never)
  : never;

/** The rest of the bytes from a command on that is not known, or that is cut off. */
export interface UnknownMACCommand {
  readonly name: "unknown";
  readonly kind: "unknown";
  readonly cid: number;
  readonly reason: "unknownCid" | "truncated";
  /** What follows the CID: a view. */
  readonly payload: Uint8Array;
}

/** A known MAC command, told apart by `name` and `kind`. */
export type KnownMACCommand = MACCommandOf<MACCommandName>;

/** A MAC command as found in a frame. */
export type MACCommand = KnownMACCommand | UnknownMACCommand;

interface Entry {
  readonly name: MACCommandName;
  readonly kind: "request" | "answer";
  readonly cid: number;
  readonly layout: Layout<unknown>;
}

function senderOf(direction: Direction): MACCommandDefinition["initiatedBy"] {
  return direction === "uplink" ? "device" : "network";
}

// A CID means a request in one direction and its answer in the other.
function entriesOf(direction: Direction): readonly Entry[] {
  const definitions = Object.entries(macCommands) as [MACCommandName, MACCommandDefinition][];
  return definitions.flatMap(([name, { cid, initiatedBy, request, answer }]): Entry[] => {
    if (initiatedBy === senderOf(direction)) return [{ name, kind: "request", cid, layout: request }];
    return answer === undefined ? [] : [{ name, kind: "answer", cid, layout: answer }];
  });
}

function byCid(entries: readonly Entry[]): ReadonlyMap<number, Entry> {
  return new Map(entries.map((entry) => [entry.cid, entry]));
}

function byName(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  return new Map(entries.map((entry) => [entry.name, entry]));
}

const entriesByCid = { uplink: byCid(entriesOf("uplink")), downlink: byCid(entriesOf("downlink")) };
const entriesByName = { uplink: byName(entriesOf("uplink")), downlink: byName(entriesOf("downlink")) };

const defaultOptions: LayoutOptions = { freqMultiplier: 100 };

/**
 * Decodes the MAC commands of FOpts or of an FRMPayload of port 0, decrypted.
 * Commands carry no length, so an unknown or truncated one ends the list and holds the rest; nothing is thrown.
 */
export function decodeMACCommands(
  bytes: Uint8Array,
  direction: Direction,
  options: LayoutOptions = defaultOptions,
): MACCommand[] {
  const commands: MACCommand[] = [];
  const entries = entriesByCid[direction];
  for (let offset = 0; offset < bytes.length; ) {
    const cid = bytes[offset]!;
    offset += 1;
    const entry = entries.get(cid);
    if (entry === undefined || offset + entry.layout.length > bytes.length) {
      const reason = entry === undefined ? "unknownCid" : "truncated";
      commands.push({ name: "unknown", kind: "unknown", cid, reason, payload: bytes.subarray(offset) });
      break;
    }
    const { name, kind, layout } = entry;
    commands.push({ name, kind, payload: layout.decode(bytes, offset, options) } as KnownMACCommand);
    offset += layout.length;
  }
  return commands;
}

function entryOf(command: KnownMACCommand, direction: Direction): Entry {
  const entry = entriesByName[direction].get(command.name);
  if (entry === undefined || entry.kind !== command.kind) {
    throw new LoRaWANError(
      "unknown_mac_command",
      `${command.name} ${command.kind} does not travel in a ${direction}`,
    );
  }
  return entry;
}

/** How many bytes a command takes, its CID included. */
export function macCommandLength(command: MACCommand, direction: Direction): number {
  return 1 + (command.name === "unknown" ? command.payload : entryOf(command, direction).layout).length;
}

/** Encodes MAC commands for FOpts or an FRMPayload of port 0, not encrypted. */
export function encodeMACCommands(
  commands: readonly MACCommand[],
  direction: Direction,
  options: LayoutOptions = defaultOptions,
): Uint8Array {
  const length = commands.reduce((sum, command) => sum + macCommandLength(command, direction), 0);
  const out = new Uint8Array(length);
  let offset = 0;
  for (const command of commands) {
    if (command.name === "unknown") {
      out[offset] = command.cid;
      out.set(command.payload, offset + 1);
    } else {
      const entry = entryOf(command, direction);
      out[offset] = entry.cid;
      entry.layout.encode(command.payload, out, offset + 1, options);
    }
    offset += macCommandLength(command, direction);
  }
  return out;
}

export { macCommands };
