import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../../../../domain/identifiers.ts";
import type { Location } from "../../../../domain/uplink.ts";
import { v2RawLocation } from "../../../../domain/v2-device-attributes.ts";
import { v2IdOf } from "../../../../domain/v2-identifiers.ts";
import type { Event, EventBus } from "../../../../events/events.ts";
import type { Logger } from "../../../../log/log.ts";
import type { TransientSubscriber } from "../../../../mqtt/backend.ts";
import { FilterIndex } from "../../../../mqtt/filter-index.ts";
import { OutgoingMessage } from "../../../../mqtt/outgoing-message.ts";
import type { ApplicationMessage, MessageLog } from "../../../message-log.ts";
import type { IdentityServer } from "../../../peers.ts";
import type { DownlinkQueue } from "../downlink-queue.ts";
import type { ApplicationUpJson } from "./application-up.ts";
import { type Dialect, dialectOf } from "./dialect.ts";
import {
  type DeviceNews,
  devicesOf,
  isDeletion,
  isShownEvent,
  type Publication,
  publicationsOfEvent,
  unscheduled,
} from "./event-messages.ts";
import { eachField } from "./field-topics.ts";
import { isShownMessage, publicationsOfMessage, topicsOfMessage } from "./message-publications.ts";
import { deviceTopic } from "./topics.ts";

export interface V2Context {
  readonly messages: MessageLog;
  readonly events: Pick<EventBus, "subscribe">;
  readonly identity: Pick<IdentityServer, "deviceProfile" | "applicationAttributes">;
  readonly downlinks: Pick<DownlinkQueue, "isEmpty">;
  readonly log: Logger;
}

export interface V2FeedName {
  readonly ids: ApplicationIdentifiers;
  /** The application as its clients write it. */
  readonly userName: string;
}

type Profile = Awaited<ReturnType<V2Context["identity"]["deviceProfile"]>>;

/** Identifiers of devices that V2 spells otherwise, kept for those that are deleted. */
const maxSpellings = 10_000;

/**
 * What V2 clients of one application subscribed to. While there are any, messages and events of the application are
 * converted as far as somebody wants to see them.
 */
export class V2Feed {
  readonly #context: V2Context;
  readonly #name: V2FeedName;
  readonly #index = new FilterIndex<TransientSubscriber>();
  readonly #spellings = new Map<string, string>();
  #dialect: Dialect;
  #sources: readonly { close(): void }[] = [];
  /** Messages wait for those before them whose device is being looked up. */
  #waiting: Promise<void> | undefined;

  constructor(context: V2Context, name: V2FeedName, dialect: Dialect) {
    this.#context = context;
    this.#name = name;
    this.#dialect = dialect;
  }

  get isEmpty(): boolean {
    return this.#index.size === 0;
  }

  add(filter: string, subscriber: TransientSubscriber): void {
    if (this.isEmpty) this.#open();
    this.#index.add(filter, subscriber);
  }

  delete(filter: string, subscriber: TransientSubscriber): void {
    this.#index.delete(filter, subscriber);
    if (!this.isEmpty) return;
    for (const source of this.#sources) source.close();
    this.#sources = [];
  }

  #open(): void {
    const { messages, events } = this.#context;
    const { ids } = this.#name;
    this.#sources = [
      messages.subscribe(ids, (message) => this.#handleMessage(message, false)),
      messages.subscribeRepeated(ids, (message) => this.#handleMessage(message, true)),
      events.subscribe({ subjects: [{ kind: "application", ids }], names: isShownEvent }, (event) =>
        this.#handleEvent(event),
      ),
    ];
  }

  #handleMessage(message: ApplicationMessage, isRetry: boolean): void {
    if (!isShownMessage(message.kind)) return;
    this.#withDevice(message, ({ devId }) => {
      const topics = topicsOfMessage(message.kind);
      if (!topics.some((kind) => this.#index.reaches(this.#topic(devId, kind)))) return;
      const up = JSON.parse(Buffer.from(message.payload).toString()) as ApplicationUpJson;
      const names = { appId: this.#name.userName, devId };
      const shown = { dialect: this.#dialect, isRetry, background: message.background };
      for (const publication of publicationsOfMessage(message.kind, up, names, shown)) {
        this.#publish(devId, publication);
      }
      const fields = up.uplink_message?.decoded_payload;
      if (fields === undefined) return;
      eachField(this.#topic(devId, "up"), fields, (topic, value) => this.#send(topic, () => value));
    });
  }

  #handleEvent(event: Event): void {
    if (event.definition.name === "application.update") this.#reloadDialect();
    for (const ids of devicesOf(event)) this.#handleEventOf(ids, event);
  }

  #handleEventOf(ids: EndDeviceIdentifiers, event: Event): void {
    const isUpdated = event.definition.name === "end_device.update";
    const known = isUpdated ? this.#cachedProfile(ids) : undefined;
    const previous = known && (locationOf(known) ?? {});
    const handle = (device: DeviceNews) => {
      for (const publication of publicationsOfEvent(event, ids, { ...device, previous }, this.#dialect)) {
        this.#publish(device.devId, publication);
      }
    };
    if (event.definition.name === unscheduled) this.#unlessEmpty(ids, () => this.#withDevice(ids, handle));
    else if (isDeletion(event)) handle({ devId: this.#lastSpelling(ids), location: undefined });
    // The news is out before what is cached of the device.
    else queueMicrotask(() => this.#withDevice(ids, handle));
  }

  /** Downlinks of the network's own are none of the application's business. */
  #unlessEmpty(ids: EndDeviceIdentifiers, handle: () => void): void {
    const { downlinks, log } = this.#context;
    downlinks.isEmpty(ids).then(
      (isEmpty) => {
        if (!isEmpty && !this.isEmpty) handle();
      },
      (error: unknown) => log.warn("the queue of a device could not be read", { error }),
    );
  }

  #reloadDialect(): void {
    const { identity, log } = this.#context;
    identity.applicationAttributes(this.#name.ids).then(
      (attributes) => {
        this.#dialect = dialectOf(attributes) ?? "superset";
      },
      (error: unknown) => log.warn("the attributes of an application could not be read", { error }),
    );
  }

  /** Calls back with the device as V2 spells it, at once where that is known, and in the order of the calls. */
  #withDevice(ids: EndDeviceIdentifiers, handle: (device: DeviceNews) => void): void {
    const { identity, log } = this.#context;
    const known = this.#waiting === undefined ? identity.deviceProfile(ids) : undefined;
    if (known !== undefined && !(known instanceof Promise)) {
      handle(this.#newsOf(ids, known));
      return;
    }
    const handled = (this.#waiting ?? Promise.resolve()).then(async () => {
      const profile = await (known ?? identity.deviceProfile(ids));
      if (!this.isEmpty) handle(this.#newsOf(ids, profile));
    });
    const settled = handled.catch((error: unknown) =>
      log.warn("a message for MQTT clients of V2 could not be made", { error }),
    );
    this.#waiting = settled;
    void settled.then(() => {
      if (this.#waiting === settled) this.#waiting = undefined;
    });
  }

  #newsOf({ deviceId }: EndDeviceIdentifiers, profile: Profile): DeviceNews {
    const devId = v2IdOf(deviceId, profile.attributes);
    if (devId !== deviceId) {
      if (this.#spellings.size >= maxSpellings) this.#spellings.clear();
      this.#spellings.set(deviceId, devId);
    }
    return { devId, location: locationOf(profile) };
  }

  /** Of a device that is gone, or about to be. */
  #lastSpelling(ids: EndDeviceIdentifiers): string {
    const known = v2IdOf(ids.deviceId, this.#cachedProfile(ids)?.attributes);
    const spelling = known === ids.deviceId ? this.#spellings.get(ids.deviceId) : known;
    this.#spellings.delete(ids.deviceId);
    return spelling ?? ids.deviceId;
  }

  /** As the device was before the event that just comes. It is not waited for: by then it is another, or gone. */
  #cachedProfile(ids: EndDeviceIdentifiers): Profile | undefined {
    const profile = this.#context.identity.deviceProfile(ids);
    if (!(profile instanceof Promise)) return profile;
    profile.catch(() => {});
    return undefined;
  }

  #topic(devId: string, kind: string): string {
    return deviceTopic(this.#name.userName, devId, kind);
  }

  #publish(devId: string, { kind, content }: Publication): void {
    this.#send(this.#topic(devId, kind), content);
  }

  /** Makes the text only where somebody takes it. */
  #send(topic: string, content: () => unknown): void {
    const subscribers = this.#index.match(topic);
    if (subscribers.size === 0) return;
    const message = new OutgoingMessage(0, topic, Buffer.from(JSON.stringify(content())));
    for (const subscriber of subscribers) subscriber(message);
  }
}

function locationOf({ attributes, locations }: Profile): Partial<Location> | undefined {
  return v2RawLocation(attributes) ?? locations.user;
}
