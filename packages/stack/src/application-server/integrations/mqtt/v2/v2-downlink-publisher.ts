import type { ApplicationDownlink } from "@skylark/api";
import { v2IdOf, v3IdOf } from "../../../../domain/v2-identifiers.ts";
import { SkylarkError, statusCodes } from "../../../../errors/errors.ts";
import type { Logger } from "../../../../log/log.ts";
import type { PublishedMessage } from "../../../../mqtt/packet-decoding.ts";
import { commit, type StagedChange, type Store } from "../../../../store/store.ts";
import type { IdentityServer } from "../../../peers.ts";
import type { DownlinkQueue } from "../downlink-queue.ts";
import type { SessionName } from "../session-store.ts";
import { readV2Downlink, type V2Downlink } from "./published-downlink.ts";
import { parseV2DownlinkTopic } from "./topics.ts";

export interface V2PublisherContext {
  readonly log: Logger;
  readonly store: Store;
  readonly downlinks: DownlinkQueue;
  readonly identity: Pick<IdentityServer, "deviceProfile">;
}

/** Takes downlinks of V2 to the queue. As V2 did, it says nothing of what it cannot read or may not take. */
export class V2DownlinkPublisher {
  readonly #context: V2PublisherContext;
  readonly #name: SessionName;

  constructor(context: V2PublisherContext, name: SessionName) {
    this.#context = context;
    this.#name = name;
  }

  /** Resolves once the message is queued or refused; rejects when neither is certain. */
  async publish(message: PublishedMessage, mayWrite: boolean, alongside?: StagedChange): Promise<void> {
    const { log, store } = this.#context;
    const devId = parseV2DownlinkTopic(this.#name.userName, message.topic);
    const downlink = devId === undefined || !mayWrite ? undefined : readV2Downlink(message.payload);
    if (downlink !== undefined && devId !== undefined && (await this.#queue(devId, downlink, alongside)))
      return;
    log.debug("a V2 downlink was dropped", { topic: message.topic, allowed: mayWrite });
    if (alongside !== undefined) await commit(store, [alongside]);
  }

  /** False when there is no such device, or the application was told what is wrong. */
  async #queue(devId: string, downlink: V2Downlink, alongside: StagedChange | undefined): Promise<boolean> {
    const { downlinks, identity, log } = this.#context;
    const deviceId = v3IdOf(devId);
    if (deviceId === undefined) return false;
    const ids = { ...this.#name.ids, deviceId };
    const { attributes } = await identity.deviceProfile(ids);
    if (v2IdOf(deviceId, attributes) !== devId) return false;
    let queued: readonly ApplicationDownlink[] = [];
    try {
      queued = [downlink.message];
      if (downlink.problem !== undefined) throw downlink.problem;
      await downlinks[downlink.operation](ids, queued, alongside);
      return true;
    } catch (error) {
      if (!(error instanceof SkylarkError)) {
        log.error("a V2 downlink could not be handled", { error });
        return false;
      }
      if (error.code === statusCodes.unavailable) throw error;
      await downlinks.reportRejected(ids, queued, error);
      return false;
    }
  }
}
