import type { EncryptedDownlink } from "../../domain/application-downlink.ts";
import type {
  ReceiveWindow,
  Reservation,
  TransmissionReport,
  TransmissionRequest,
  TransmissionResult,
} from "../../domain/downlink.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import type { EventPublisher, EventSubject } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import { commit, type StagedChange, type Store } from "../../store/store.ts";
import type { DeviceCache } from "../device-cache.ts";
import type { DeviceEntry } from "../device-entry.ts";
import { transmissionFailed } from "../errors.ts";
import * as events from "../events.ts";
import type { ApplicationServer, GatewayServer } from "../peers.ts";
import type { DeviceWriter } from "../storage/device-store.ts";

/** A frame with its place in a gateway's schedule. */
export interface HeldFrame {
  readonly phyPayload: Uint8Array;
  readonly request: TransmissionRequest;
  readonly reservation: Reservation;
  /** All windows that it fits. */
  readonly fittingWindows: readonly ReceiveWindow[];
}

/** With these the gateway says, long before RX2, that it will not send. */
const isNotSentInTime: ReadonlySet<TransmissionResult> = new Set([
  "TOO_LATE",
  "COLLISION_PACKET",
  "COLLISION_BEACON",
]);

/** Transmits a frame; one that missed RX1 goes into RX2, the very same, as it has not been on air. */
export async function transmitInWindows(
  gatewayServer: Pick<GatewayServer, "reserve">,
  { phyPayload, request, reservation, fittingWindows }: HeldFrame,
  correlationIds: readonly string[],
): Promise<TransmissionReport> {
  const result = await reservation.transmit(phyPayload, correlationIds);
  const first: TransmissionReport = { result, phyPayload, reservation };
  const windows = fittingWindows.filter(({ window }) => window > reservation.window.window);
  if (!isNotSentInTime.has(result) || windows.length === 0) return first;
  let again: Reservation;
  try {
    again = gatewayServer.reserve({ ...request, windows });
  } catch {
    return first;
  }
  return { result: await again.transmit(phyPayload, correlationIds), phyPayload, reservation: again };
}

export interface TransmissionCounters {
  transmitted: number;
  notTransmitted: number;
}

interface Surroundings {
  readonly store: Store;
  readonly writer: DeviceWriter;
  readonly cache: DeviceCache;
  readonly gatewayServer: GatewayServer;
  readonly applicationServer: ApplicationServer;
  readonly events: EventPublisher;
  readonly logger: Logger;
}

/** Hands committed downlinks to gateways, and tells what became of them. */
export class Transmissions {
  readonly #around: Surroundings;
  readonly #counters: TransmissionCounters;

  constructor(surroundings: Surroundings, counters: TransmissionCounters) {
    this.#around = surroundings;
    this.#counters = counters;
  }

  /** The gateway's answer may take seconds: the device's next frame does not wait for it. */
  transmit(
    entry: DeviceEntry,
    held: HeldFrame,
    frame: {
      readonly correlationIds: readonly string[];
      readonly subject: Extract<EventSubject, { kind: "device" }>;
      readonly downlink: EncryptedDownlink | undefined;
    },
  ): void {
    const { cache, events: bus, gatewayServer, logger } = this.#around;
    const { correlationIds, subject, downlink } = frame;
    cache.hold(entry);
    const done = transmitInWindows(gatewayServer, held, correlationIds).then(async (report) => {
      const { result } = report;
      if (result === "SUCCESS") {
        this.#counters.transmitted++;
        bus.publish(events.transmissionSuccess, subject, () => ({ correlationIds }));
      } else {
        this.#counters.notTransmitted++;
        bus.publish(events.transmissionFail, subject, () =>
          events.failureDetails(transmissionFailed({ result }), correlationIds),
        );
      }
      if (downlink !== undefined)
        await entry.run(() => this.#report(entry, subject.ids, { downlink, report }));
    });
    done
      .catch((error: unknown) => logger.error("could not record a transmission", { error }))
      .finally(() => cache.release(entry));
  }

  async #report(
    entry: DeviceEntry,
    ids: EndDeviceIdentifiers,
    { downlink, report }: { readonly downlink: EncryptedDownlink; readonly report: TransmissionReport },
  ): Promise<void> {
    const { result } = report;
    const { applicationServer, store } = this.#around;
    const reported = await applicationServer.stageTransmissionResult(ids, downlink, report);
    const isLost = result !== "SUCCESS" && result !== "NO_ACKNOWLEDGMENT";
    const changes = isLost && downlink.confirmed ? this.#stopWaitingForAck(entry, downlink.fCnt) : [];
    await commit(store, [...changes, reported]);
  }

  /** What was not sent cannot be acknowledged. */
  #stopWaitingForAck(entry: DeviceEntry, fCnt: number): StagedChange[] {
    const { current } = entry.state;
    if (entry.isDeleted || current?.mac.pendingConfirmedFCnt !== fCnt) return [];
    const { pendingConfirmedFCnt: _, ...mac } = current.mac;
    return [
      {
        write: (to) => this.#around.writer.setMACState(to, entry.deviceNo, "current", mac),
        committed: () => {
          entry.state = { ...entry.state, current: { ...current, mac } };
        },
      },
    ];
  }
}
