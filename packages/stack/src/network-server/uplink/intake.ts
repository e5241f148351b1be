import { decodePHYPayload, LoRaWANError, type PHYPayload } from "@skylark/lorawan";
import type { Clock } from "../../clock/clock.ts";
import type { GatewayUplink } from "../../domain/uplink.ts";
import type { Logger } from "../../log/log.ts";
import type { JoinRequests } from "../join/join-requests.ts";
import type { DataUplinks } from "./data-uplinks.ts";
import { closeRound, type DeduplicationCounters, Deduplicator, type Round } from "./deduplicator.ts";

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uplinks: DataUplinks;
  readonly joins: JoinRequests;
  /** How long copies of data frames are known. */
  readonly dataMemoryMs: number;
}

/** How long copies of a join-request are known: until the join-accept has gone out. */
const joinMemoryMs = 6000;

/** Takes what gateways hear: refuses what is no uplink, joins copies, and hands each frame on once. */
export class Intake {
  readonly #around: Surroundings;
  readonly #data: Deduplicator;
  readonly #joins: Deduplicator;
  #isClosed = false;
  /** Frames that are no uplinks of LoRaWAN R1. */
  rejected = 0;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
    this.#data = new Deduplicator(surroundings.clock, surroundings.dataMemoryMs);
    this.#joins = new Deduplicator(surroundings.clock, joinMemoryMs);
  }

  /** Never throws. */
  handleUplink(uplink: GatewayUplink): void {
    if (this.#isClosed) return;
    try {
      this.#take(uplink);
    } catch (error) {
      this.#around.logger.error("could not take an uplink", { error });
    }
  }

  get counters(): DeduplicationCounters {
    const [data, joins] = [this.#data.counters, this.#joins.counters];
    return { merged: data.merged + joins.merged, late: data.late + joins.late };
  }

  close(): void {
    this.#isClosed = true;
  }

  #take(uplink: GatewayUplink): void {
    const kind = kindOf(uplink.rawPayload);
    if (kind === undefined) {
      this.rejected++;
      return;
    }
    const round = (kind === "data" ? this.#data : this.#joins).receive(uplink);
    if (round === undefined) return;
    const frame = decoded(uplink.rawPayload);
    if (frame === undefined || !this.#handOn(round, frame)) {
      this.rejected++;
      closeRound(round);
    }
  }

  #handOn(round: Round, frame: PHYPayload): boolean {
    const { uplinks, joins } = this.#around;
    switch (frame.mType) {
      case "unconfirmedUp":
      case "confirmedUp":
        uplinks.receive(round, frame);
        return true;
      case "joinRequest":
        void joins.receive(round, frame);
        return true;
      case "rejoinRequest":
        void joins.receiveRejoin(round, frame);
        return true;
      default:
        return false;
    }
  }
}

/** By the first byte alone: what a gateway hears of others' devices and of other protocols costs nothing more. */
function kindOf(rawPayload: Uint8Array): "data" | "join" | undefined {
  const header = rawPayload[0];
  if (header === undefined || rawPayload.length < 12 || (header & 0x03) !== 0) return undefined;
  switch (header >>> 5) {
    case 2:
    case 4:
      return "data";
    case 0:
    case 6:
      return "join";
    default:
      return undefined;
  }
}

function decoded(rawPayload: Uint8Array): PHYPayload | undefined {
  try {
    return decodePHYPayload(rawPayload);
  } catch (error) {
    if (error instanceof LoRaWANError) return undefined;
    throw error;
  }
}
