import {
  type ApplicationDownlink,
  ApplicationDownlinksSchema,
  fromJSON,
  JSONDecodeError,
  validate,
} from "@skylark/api";
import type { EndDeviceIdentifiers } from "../../../domain/identifiers.ts";
import { defineErrors, SkylarkError, statusCodes } from "../../../errors/errors.ts";
import type { PublishedMessage } from "../../../mqtt/packet-decoding.ts";
import { RequestError, validationError } from "../../../rpc/error-status.ts";
import { parseLenientJson } from "../../../rpc/lenient-json.ts";
import { commit, type StagedChange } from "../../../store/store.ts";
import type { MqttBackendContext } from "./mqtt-backend.ts";
import { publishError, publishFailed } from "./mqtt-events.ts";
import type { SessionName } from "./session-store.ts";
import type { TopicDialect } from "./topics.ts";

const errors = defineErrors("pkg/applicationserver/io/mqtt");
const notAuthorized = errors.permissionDenied("not_authorized", "not authorized");
const unknownTopic = errors.invalidArgument("unknown_topic", "nothing can be published to topic `{topic}`");
const invalidDownlinks = errors.invalidArgument("invalid_downlinks", "invalid downlinks: {reason}");
const internal = errors.internal("internal", "internal error");

/** Whoever may not send downlinks may not fill the application's log with refusals either. */
const unauthorizedReports = 10;
const reportWindowMs = 10_000;

type PublisherContext = Pick<MqttBackendContext, "store" | "clock" | "log" | "events" | "downlinks">;

/** Takes what a client publishes to the downlink queues, and tells the application what was refused. */
export class DownlinkPublisher {
  readonly #context: PublisherContext;
  readonly #name: SessionName;
  readonly #topics: TopicDialect;
  #reports = 0;
  #reportsSinceMs = 0;

  constructor(context: PublisherContext, name: SessionName, topics: TopicDialect) {
    this.#context = context;
    this.#name = name;
    this.#topics = topics;
  }

  /** Resolves once the message is queued or refused; rejects when neither is certain. */
  async publish(message: PublishedMessage, mayWrite: boolean, alongside?: StagedChange): Promise<void> {
    const topic = this.#topics.parseDownlink(this.#name.userName, message.topic);
    const ids = topic === undefined ? undefined : { ...this.#name.ids, deviceId: topic.deviceId };
    let downlinks: readonly ApplicationDownlink[] = [];
    try {
      if (topic === undefined || ids === undefined) throw unknownTopic({ topic: message.topic });
      if (!mayWrite) throw notAuthorized();
      downlinks = readDownlinks(message.payload);
      await this.#context.downlinks[topic.operation](ids, downlinks, alongside);
    } catch (error) {
      if (error instanceof SkylarkError && error.code === statusCodes.unavailable) throw error;
      await this.#reject(ids, downlinks, error);
      if (alongside !== undefined) await commit(this.#context.store, [alongside]);
    }
  }

  async #reject(
    ids: EndDeviceIdentifiers | undefined,
    downlinks: readonly ApplicationDownlink[],
    error: unknown,
  ): Promise<void> {
    const { log, events } = this.#context;
    const isNamed = error instanceof SkylarkError;
    if (!isNamed) log.error("a downlink published over MQTT could not be handled", { error });
    const shown = isNamed ? error : internal();
    const isReported = ids !== undefined && this.#mayReport(shown);
    const isKnown = isReported && (await this.#context.downlinks.reportRejected(ids, downlinks, shown));
    if (!isKnown) publishError(events, publishFailed, this.#name.ids, shown);
  }

  #mayReport(error: SkylarkError): boolean {
    if (error.definition !== notAuthorized.definition) return true;
    const nowMs = this.#context.clock.monotonicMs();
    if (nowMs - this.#reportsSinceMs > reportWindowMs) {
      this.#reportsSinceMs = nowMs;
      this.#reports = 0;
    }
    return this.#reports++ < unauthorizedReports;
  }
}

function readDownlinks(payload: Uint8Array): readonly ApplicationDownlink[] {
  try {
    const { json } = parseLenientJson(Buffer.from(payload).toString());
    const message = fromJSON(ApplicationDownlinksSchema, json);
    const violation = validate(ApplicationDownlinksSchema, message);
    if (violation !== undefined) throw validationError(violation);
    return message.downlinks;
  } catch (error) {
    if (error instanceof RequestError || error instanceof JSONDecodeError) {
      throw invalidDownlinks({ reason: error.message });
    }
    throw error;
  }
}
