import type { KnownMACCommand, MACCommand, MACCommandName } from "@skylark/lorawan";
import { macCommandLength } from "@skylark/lorawan";
import type { DeviceStatus, MACState, PendingRequest } from "../device.ts";
import type { AskFacts, DeviceBehaviour, NetworkBehaviour, UplinkFacts } from "./behaviour.ts";
import { macBehaviours, requestOrder } from "./behaviours.ts";

// The table ties each behaviour to its command's types; going through it by a name that is only known
// at run time loses that tie, so these two views are where it is given up, once.
type AnyNetworkBehaviour = NetworkBehaviour<MACCommandName>;
type AnyDeviceBehaviour = DeviceBehaviour<MACCommandName>;

function networkBehaviour(name: MACCommandName): AnyNetworkBehaviour | undefined {
  const behaviour = macBehaviours[name];
  return "handleAnswer" in behaviour ? (behaviour as unknown as AnyNetworkBehaviour) : undefined;
}

function deviceBehaviour(name: MACCommandName): AnyDeviceBehaviour | undefined {
  const behaviour = macBehaviours[name];
  return "handleRequest" in behaviour ? (behaviour as unknown as AnyDeviceBehaviour) : undefined;
}

/** What happened to one MAC command, for events. */
export interface MACOccurrence {
  readonly command: KnownMACCommand;
  readonly outcome: "received" | "accepted" | "refused" | "unasked" | "ignored";
}

export interface HandledCommands {
  readonly mac: MACState;
  /** To go out in the next downlink, in order. */
  readonly answers: readonly KnownMACCommand[];
  readonly status?: DeviceStatus;
  /** An answer that the device repeats until it hears a downlink came in. */
  readonly needsDownlink: boolean;
  readonly occurrences: readonly MACOccurrence[];
}

/** Applies the MAC commands of an uplink, in order. */
export function handleMACCommands(
  before: MACState,
  commands: readonly MACCommand[],
  uplink: UplinkFacts,
): HandledCommands {
  let mac = before;
  let status: DeviceStatus | undefined;
  let needsDownlink = false;
  const answers: KnownMACCommand[] = [];
  const occurrences: MACOccurrence[] = [];
  for (const command of commands) {
    if (command.name === "unknown") break;
    if (command.kind === "request") {
      const handled = deviceBehaviour(command.name)?.handleRequest(mac, command.payload, uplink);
      mac = handled?.mac ?? mac;
      if (handled?.answer !== undefined) answers.push(answerTo(command, handled.answer));
      occurrences.push({ command, outcome: handled === undefined ? "ignored" : "received" });
      continue;
    }
    const behaviour = networkBehaviour(command.name);
    needsDownlink ||= behaviour?.isSticky === true;
    const settled = behaviour === undefined ? undefined : settle(mac, command, behaviour, uplink);
    mac = settled?.mac ?? mac;
    status = settled?.status ?? status;
    occurrences.push({ command, outcome: settled === undefined ? "unasked" : outcomeOf(command.payload) });
  }
  if (before.pendingRequests.length > 0) mac = afterWaiting(mac);
  return { mac, answers, needsDownlink, occurrences, ...(status === undefined ? {} : { status }) };
}

/** What is still unanswered did not arrive: it is asked again where it is still wanted, less and less often. */
function afterWaiting({ unansweredTimes = 0, ...mac }: MACState): MACState {
  if (mac.pendingRequests.length === 0) return mac;
  return { ...mac, pendingRequests: [], unansweredTimes: unansweredTimes + 1 };
}

const settledStates = new WeakMap<MACState, boolean>();

/** Whether requests are worth a downlink of their own. Called for each uplink: cheap when the device does as desired. */
export function needsRequest(facts: AskFacts): boolean {
  let isSettled = settledStates.get(facts.mac);
  if (isSettled === undefined) {
    isSettled = wantedRequests(facts).every(({ name }) => name === "devStatus");
    settledStates.set(facts.mac, isSettled);
  }
  if (isSettled) return networkBehaviour("devStatus")!.request(facts).length > 0;
  const silence = 2 ** Math.min(facts.mac.unansweredTimes ?? 0, 6);
  return facts.fCntUp % silence === 0;
}

/** Only what the device asks; the answers in a repeated frame were taken in when it first came. */
export function answerRepeatedRequests(
  mac: MACState,
  commands: readonly MACCommand[],
  uplink: UplinkFacts,
): readonly KnownMACCommand[] {
  const requests = commands.filter(({ kind }) => kind === "request");
  return handleMACCommands(mac, requests, uplink).answers;
}

function answerTo(command: KnownMACCommand, payload: unknown): KnownMACCommand {
  return { name: command.name, kind: "answer", payload } as KnownMACCommand;
}

function settle(
  mac: MACState,
  command: KnownMACCommand,
  behaviour: AnyNetworkBehaviour,
  uplink: UplinkFacts,
): { mac: MACState; status?: DeviceStatus } | undefined {
  const asked = mac.pendingRequests.filter(({ name }) => name === command.name);
  const first = asked[0];
  if (first === undefined) return undefined;
  const requests = asked.map(({ fields }) => fields) as never;
  const outcome = behaviour.handleAnswer(mac, command.payload as never, requests, uplink);
  const pendingRequests = outcome.mac.pendingRequests.filter((request) =>
    behaviour.answersBlock ? request.name !== command.name : request !== first,
  );
  return { ...outcome, mac: { ...outcome.mac, pendingRequests } };
}

/** Acknowledgments are flags: a request is accepted when all of them are set. */
function outcomeOf(payload: object): MACOccurrence["outcome"] {
  return Object.values(payload).includes(false) ? "refused" : "accepted";
}

/** What the network wants to ask now; none while nothing differs from what is desired, which is the usual case. */
export function wantedRequests(facts: AskFacts): readonly KnownMACCommand[] {
  const wanted: KnownMACCommand[] = [];
  for (const name of requestOrder) {
    for (const payload of networkBehaviour(name)?.request(facts) ?? []) {
      wanted.push({ name, kind: "request", payload } as KnownMACCommand);
    }
  }
  return wanted;
}

/** The commands from the front that fit, a command and its successors of one block together or not at all. */
export function fitCommands(commands: readonly KnownMACCommand[], maxLength: number): KnownMACCommand[] {
  const fitting: KnownMACCommand[] = [];
  let length = 0;
  for (let from = 0; from < commands.length; ) {
    const block = blockAt(commands, from);
    const blockLength = block.reduce((sum, each) => sum + macCommandLength(each, "downlink"), 0);
    if (length + blockLength > maxLength) break;
    fitting.push(...block);
    length += blockLength;
    from += block.length;
  }
  return fitting;
}

function blockAt(commands: readonly KnownMACCommand[], from: number): readonly KnownMACCommand[] {
  const first = commands[from]!;
  if (networkBehaviour(first.name)?.answersBlock !== true) return [first];
  let end = from + 1;
  while (commands[end]?.name === first.name) end++;
  return commands.slice(from, end);
}

/** The MAC state once these requests have gone out. */
export function withRequestsSent(facts: AskFacts, sent: readonly KnownMACCommand[]): MACState {
  if (sent.length === 0) return facts.mac;
  let { mac } = facts;
  for (const { name } of sent) mac = networkBehaviour(name)?.asked?.(mac, facts) ?? mac;
  const pendingRequests = sent.map(
    ({ name, payload }): PendingRequest => ({ name, fields: payload as Readonly<Record<string, unknown>> }),
  );
  return { ...mac, pendingRequests };
}
