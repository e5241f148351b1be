import { LoRaWANError } from "../error.ts";

/** One ChMaskCntl with its ChMask, as a LinkADRReq carries them. */
export interface ChannelMaskCommand {
  readonly channelMaskControl: number;
  /** 16 flags, the lowest channel first. */
  readonly channelMask: readonly boolean[];
}

/** How the channels of a band are switched by LinkADRReq. */
export interface ChannelMaskPlan {
  /** Channels that masks can reach. */
  readonly channels: 16 | 72;
  /** Whether ChMaskCntl 5 switches whole groups of eight channels. */
  readonly hasGroupControl: boolean;
  /** Whether devices apply a block of LinkADRReq as a whole, and not one by one. */
  readonly isAtomic: boolean;
}

const wordBits = 16;

function word(channels: readonly boolean[], index: number): boolean[] {
  return Array.from({ length: wordBits }, (_, i) => channels[wordBits * index + i] ?? false);
}

function requireChannels(plan: ChannelMaskPlan, channels: readonly boolean[]): void {
  if (channels.length !== plan.channels) {
    throw new LoRaWANError(
      "invalid_channel_mask",
      `expected ${plan.channels} channels, not ${channels.length}`,
    );
  }
}

/** The state of every channel after one command, from the state before it. */
export function parseChMask(
  plan: ChannelMaskPlan,
  current: readonly boolean[],
  { channelMaskControl: control, channelMask: mask }: ChannelMaskCommand,
): boolean[] {
  requireChannels(plan, current);
  if (mask.length !== wordBits) throw new LoRaWANError("invalid_channel_mask", "a ChMask has 16 flags");
  const narrow = plan.channels === 16 ? 16 : 64;
  if (control < plan.channels / wordBits) {
    return current.map((on, i) => (Math.floor(i / wordBits) === control ? mask[i % wordBits]! : on));
  }
  if (plan.channels === 16 && control === 6) return current.map(() => true);
  if (plan.channels === 72) {
    if (control === 5 && plan.hasGroupControl) return groupState(mask);
    if (control === 6 || control === 7) {
      return current.map((_, i) => (i < narrow ? control === 6 : mask[i - narrow]!));
    }
  }
  throw new LoRaWANError("invalid_channel_mask", `ChMaskCntl ${control} has no meaning in this band`);
}

// RP002-1.0.4 §2.5.5: bit n switches 125 kHz channels 8n to 8n+7 and the 500 kHz channel 64+n.
function groupState(groups: readonly boolean[]): boolean[] {
  return Array.from({ length: 72 }, (_, i) => groups[i < 64 ? i >>> 3 : i - 64]!);
}

function matrix(from: readonly boolean[], to: readonly boolean[]): ChannelMaskCommand[] {
  const commands: ChannelMaskCommand[] = [];
  for (let i = 0; i * wordBits < to.length; i++) {
    const wanted = word(to, i);
    if (wanted.some((on, channel) => on !== word(from, i)[channel])) {
      commands.push({ channelMaskControl: i, channelMask: wanted });
    }
  }
  return commands;
}

/**
 * The fewest commands that lead from one state of the channels to another; never none, so that an unchanged mask
 * can accompany a new data rate.
 */
export function generateChMasks(
  plan: ChannelMaskPlan,
  current: readonly boolean[],
  desired: readonly boolean[],
): ChannelMaskCommand[] {
  requireChannels(plan, current);
  requireChannels(plan, desired);
  const direct = matrix(current, desired);
  if (plan.channels === 16 || direct.length === 0) {
    // A mask with a channel in it: some devices refuse an empty one even where it changes nothing.
    const control = Math.max(0, desired.indexOf(true)) >>> 4;
    return [{ channelMaskControl: control, channelMask: word(desired, control) }];
  }
  const wide = word(desired, 4);
  const viaAllOn = { channelMaskControl: 6, channelMask: wide };
  const viaAllOff = { channelMaskControl: 7, channelMask: wide };
  const groups = Array.from(
    { length: wordBits },
    (_, i) => i < 8 && desired.slice(8 * i, 8 * i + 8).every(Boolean),
  );
  const viaGroups = { channelMaskControl: 5, channelMask: groups };
  const starts = [viaAllOn, ...(plan.hasGroupControl && groups.some(Boolean) ? [viaGroups] : []), viaAllOff];
  const candidates = starts.map((start) => [start, ...matrix(parseChMask(plan, current, start), desired)]);
  const isValid = (commands: readonly ChannelMaskCommand[]) =>
    plan.isAtomic || neverMutes(plan, current, commands);
  const fewest = [plan.isAtomic ? direct : mostChannelsFirst(direct), ...candidates.filter(isValid)].sort(
    (a, b) => a.length - b.length,
  );
  return fewest[0]!;
}

function countOn(channels: readonly boolean[]): number {
  return channels.filter(Boolean).length;
}

// A device that applies commands one by one refuses one that would leave it without a channel.
function neverMutes(
  plan: ChannelMaskPlan,
  current: readonly boolean[],
  commands: readonly ChannelMaskCommand[],
): boolean {
  let channels = [...current];
  return commands.every((command) => {
    channels = parseChMask(plan, channels, command);
    return channels.some(Boolean);
  });
}

function mostChannelsFirst(commands: readonly ChannelMaskCommand[]): ChannelMaskCommand[] {
  return commands.toSorted((a, b) => countOn(b.channelMask) - countOn(a.channelMask));
}
