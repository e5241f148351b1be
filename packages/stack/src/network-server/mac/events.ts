import { type KnownMACCommand, type MACCommandName, macCommands } from "@skylark/lorawan";
import { defineEvent, type EventDefinition, type EventDetails } from "../../events/events.ts";
import type { MACOccurrence } from "./exchange.ts";

interface MACEvents {
  readonly request: EventDefinition;
  readonly answer: EventDefinition;
  readonly accept: EventDefinition;
  readonly reject: EventDefinition;
}

const visibility = ["RIGHT_APPLICATION_TRAFFIC_READ"];

/** `rxParamSetup` is `rx_param_setup`, `linkADR` is `link_adr`. */
function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

function eventsOf(name: MACCommandName): MACEvents {
  const base = `ns.mac.${snakeCase(name)}`;
  const words = snakeCase(name).replaceAll("_", " ");
  return {
    request: defineEvent(`${base}.request`, `${words} request`, visibility),
    answer: defineEvent(`${base}.answer`, `${words} answer`, visibility),
    accept: defineEvent(`${base}.answer.accept`, `${words} accept answer`, visibility),
    reject: defineEvent(`${base}.answer.reject`, `${words} reject answer`, visibility),
  };
}

// Two announcements of LoRaWAN 1.1 go by names of their own.
function indication(name: "rekey" | "reset"): MACEvents {
  const request = defineEvent(`ns.mac.${name}.indication`, `${name} indication`, visibility);
  const answer = defineEvent(`ns.mac.${name}.confirmation`, `${name} confirmation`, visibility);
  return { request, answer, accept: answer, reject: answer };
}

const events: ReadonlyMap<MACCommandName, MACEvents> = new Map(
  (Object.keys(macCommands) as MACCommandName[]).map((name) => [
    name,
    name === "rekey" || name === "reset" ? indication(name) : eventsOf(name),
  ]),
);

/** The event of a MAC command that a device sent. */
export function eventOfOccurrence({ command, outcome }: MACOccurrence): EventDefinition {
  const named = events.get(command.name)!;
  if (command.kind === "request") return named.request;
  if (Object.keys(command.payload).length === 0 || command.name === "devStatus") return named.answer;
  return outcome === "refused" ? named.reject : named.accept;
}

/** The event of a MAC command that is sent to a device. */
export function eventOfSent({ name, kind }: KnownMACCommand): EventDefinition {
  const named = events.get(name)!;
  return kind === "request" ? named.request : named.answer;
}

export function macDetails(command: KnownMACCommand, correlationIds: readonly string[]): EventDetails {
  const json = {
    cid: `CID_${snakeCase(command.name).toUpperCase()}`,
    [payloadName(command)]: snakeCaseKeys(command.payload),
  };
  return { correlationIds, data: { typeName: "ttn.lorawan.v3.MACCommand", json } };
}

function snakeCaseKeys(payload: object): object {
  return Object.fromEntries(Object.entries(payload).map(([key, value]) => [snakeCase(key), value]));
}

function payloadName({ name, kind }: KnownMACCommand): string {
  return `${snakeCase(name)}_${kind === "request" ? "req" : "ans"}`;
}
