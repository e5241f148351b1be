import { cryptFRMPayload, formatHex } from "@skylark/lorawan";
import type { Clock } from "../../clock/clock.ts";
import type { AcceptedJoin, ApplicationUplink, VerifiedUplink } from "../../domain/application-uplink.ts";
import type { EndDeviceProfile } from "../../domain/end-device-profile.ts";
import { applicationKey, type EndDeviceIdentifiers, endDeviceKey } from "../../domain/identifiers.ts";
import { ulid } from "../../domain/ulid.ts";
import type { Location } from "../../domain/uplink.ts";
import { errorDetailsJson } from "../../errors/error-details.ts";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";
import type { EventDefinition, EventPublisher } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import type { StagedChange, Writer } from "../../store/store.ts";
import type { ApplicationLinks } from "../application-links.ts";
import type { DeviceRegistry } from "../device-registry.ts";
import {
  type ApplicationDevice,
  type ApplicationLink,
  type ApplicationSession,
  findSession,
} from "../end-device.ts";
import type { MessageOutbox, NewApplicationMessage } from "../message-log.ts";
import { type DecodedPayload, noWarnings, type PayloadFormatter } from "../payload-formatters/formatter.ts";
import { payloadNotValid } from "../payload-formatters/javascript.ts";
import type { PayloadFormatterSet } from "../payload-formatters/payload-formatters.ts";
import type { IdentityServer } from "../peers.ts";
import { findLocation, mayHoldLocation } from "./decoded-location.ts";
import { formatTimestamp, locationJson } from "./json-text.ts";
import * as events from "./uplink-events.ts";
import { joinReceptionJson, messageStart, uplinkMessageJson } from "./uplink-json.ts";

const errors = defineErrors("pkg/applicationserver");
const deviceNotFound = errors.notFound("device_not_found", "device `{device_uid}` not found");
const unknownSession = errors.notFound("unknown_session", "unknown session");

export interface UplinkContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventPublisher;
  readonly outbox: MessageOutbox;
  readonly devices: DeviceRegistry;
  readonly links: ApplicationLinks;
  readonly formatters: PayloadFormatterSet;
  readonly identityServer: IdentityServer;
  /** `,"network_ids":{…}` of this network, or nothing. */
  readonly networkMember: string;
  /** As errors name a device. */
  readonly formatDeviceUid: (ids: EndDeviceIdentifiers) => string;
}

/** Counted since the start. */
export interface UplinkCounters {
  forwarded: number;
  dropped: number;
  decodeFailures: number;
  joins: number;
}

/** What is derived from identifiers once and kept with them. */
interface DeviceKeys {
  readonly device: string;
  readonly application: string;
}

/** What belongs to a device when its frame arrives. */
interface LoadedDevice {
  readonly device: ApplicationDevice | undefined;
  readonly link: ApplicationLink | undefined;
  readonly profile: EndDeviceProfile;
}

/** An uplink between decoding and its commit; the Network Server carries it from one to the other unseen. */
interface DecodedUplink {
  readonly profile: EndDeviceProfile;
  /** The session that it is encrypted in; undefined: it is dropped, because of `failure`. */
  readonly session: ApplicationSession | undefined;
  /** It is the first of a session that a join made. */
  readonly startsSession: boolean;
  readonly frmPayload: Uint8Array;
  readonly cryptoMembers: string;
  readonly payload: DecodedPayload;
  readonly failure: unknown;
}

const noPayload: DecodedPayload = { json: undefined, warnings: noWarnings };

/** Decrypts and decodes uplinks, and makes the messages of them. */
export class UplinkHandler {
  readonly #context: UplinkContext;
  readonly #keys = new WeakMap<EndDeviceIdentifiers, DeviceKeys>();
  readonly counters: UplinkCounters = { forwarded: 0, dropped: 0, decodeFailures: 0, joins: 0 };

  constructor(context: UplinkContext) {
    this.#context = context;
  }

  /** A steady uplink is decrypted before this returns; only its formatter is waited for. */
  decode(uplink: VerifiedUplink): Promise<DecodedUplink> {
    const { devices, links, identityServer } = this.#context;
    const keys = this.#keysOf(uplink.ids);
    const device = devices.cached(keys.device);
    const link = links.cached(keys.application);
    if (device === undefined || link === undefined) return this.#load(uplink);
    const profile = identityServer.deviceProfile(uplink.ids);
    if (profile instanceof Promise) return this.#load(uplink);
    return this.#decrypt(uplink, { device: device.value, link: link.value, profile });
  }

  #keysOf(ids: EndDeviceIdentifiers): DeviceKeys {
    const known = this.#keys.get(ids);
    if (known !== undefined) return known;
    const keys = { device: endDeviceKey(ids), application: applicationKey(ids) };
    this.#keys.set(ids, keys);
    return keys;
  }

  async #load(uplink: VerifiedUplink): Promise<DecodedUplink> {
    const { devices, links, identityServer } = this.#context;
    const [device, link, profile] = await Promise.all([
      devices.load(uplink.ids),
      links.load(uplink.ids),
      identityServer.deviceProfile(uplink.ids),
    ]);
    return this.#decrypt(uplink, { device, link, profile });
  }

  #decrypt(uplink: VerifiedUplink, { device, link, profile }: LoadedDevice): Promise<DecodedUplink> {
    const { ids, fPort, frmPayload } = uplink;
    const session = device === undefined ? undefined : findSession(device, uplink.sessionKeyId, ids.devAddr);
    if (device === undefined || session === undefined) {
      const failure =
        device === undefined
          ? deviceNotFound({ device_uid: this.#context.formatDeviceUid(ids) })
          : unknownSession();
      return Promise.resolve({ ...undecoded, profile, failure });
    }
    const startsSession = session === device.pendingSession;
    const base: DecodedUplink = { ...undecoded, profile, session, startsSession, frmPayload };
    if (device.settings.skipPayloadCrypto ?? link?.skipPayloadCrypto ?? false) {
      return Promise.resolve({ ...base, cryptoMembers: this.#cryptoMembers(session) });
    }
    if (fPort === undefined || fPort === 0 || frmPayload.length === 0) return Promise.resolve(base);
    const plain = cryptFRMPayload(this.#context.devices.scheduleOf(session), {
      direction: "uplink",
      devAddr: ids.devAddr ?? session.devAddr,
      fCnt: uplink.fCnt,
      payload: frmPayload,
    });
    const choice = device.settings.formatters ?? link?.defaultFormatters;
    const formatter = this.#context.formatters.of(ids, choice, "up");
    const decrypted = { ...base, frmPayload: plain };
    if (formatter === undefined) return Promise.resolve(decrypted);
    return this.#format(formatter, uplink, decrypted);
  }

  /** For an application that does its own cryptography. */
  #cryptoMembers(session: ApplicationSession): string {
    const key = formatHex(this.#context.devices.openAppSKey(session));
    const counter = session.lastAFCntDown === 0 ? "" : `,"last_a_f_cnt_down":${session.lastAFCntDown}`;
    return `,"app_s_key":{"key":"${key}"}${counter}`;
  }

  #format(
    formatter: PayloadFormatter,
    uplink: VerifiedUplink,
    decrypted: DecodedUplink,
  ): Promise<DecodedUplink> {
    try {
      const payload = formatter.decodeUplink(decrypted.frmPayload, uplink.fPort ?? 0, uplink.receivedAt);
      if (!(payload instanceof Promise)) return Promise.resolve({ ...decrypted, payload });
      return payload.then(
        (decoded) => ({ ...decrypted, payload: decoded }),
        (failure: unknown) => ({ ...decrypted, failure }),
      );
    } catch (failure) {
      return Promise.resolve({ ...decrypted, failure });
    }
  }

  /** `given` is what `decode` gave for the same frame. */
  stage(uplink: ApplicationUplink, given: unknown): StagedChange {
    const decoded = given as DecodedUplink;
    const { session } = decoded;
    if (session === undefined) return this.#drop(uplink, decoded);
    if (isRefused(decoded)) return this.#refuse(uplink, decoded, session);
    const receivedAt = this.#context.clock.now();
    const json = this.#uplinkJson(uplink, decoded, receivedAt);
    const changes = [this.#context.outbox.stage([this.#message(uplink.ids, "up", json)])];
    if (decoded.startsSession) changes.push(this.#stageSessionStart(uplink.ids, session));
    const location = locationIn(decoded.payload.json);
    if (location !== undefined) changes.push(this.#stageLocation(uplink, location, receivedAt));
    return new StagedUplink(changes, () => this.#forwarded(uplink, decoded, json));
  }

  /** An uplink that was staged before and that the device sent again: whoever asks for such is shown it. */
  repeat(uplink: ApplicationUplink): void {
    const { outbox, clock, log } = this.#context;
    if (!outbox.hasRepeatedListeners(uplink.ids)) return;
    this.decode(uplink).then(
      (decoded) => {
        if (decoded.session === undefined || isRefused(decoded)) return;
        outbox.repeat(this.#message(uplink.ids, "up", this.#uplinkJson(uplink, decoded, clock.now())));
      },
      (error: unknown) => log.warn("an uplink that was sent again could not be shown", { error }),
    );
  }

  #uplinkJson(uplink: ApplicationUplink, decoded: DecodedUplink, receivedAt: number): string {
    return uplinkMessageJson(
      uplink,
      {
        frmPayload: decoded.frmPayload,
        decodedPayload: decoded.payload.json,
        warnings: decoded.payload.warnings,
        profile: decoded.profile,
        cryptoMembers: decoded.cryptoMembers,
        networkMember: this.#context.networkMember,
      },
      receivedAt,
      `as:up:${ulid(receivedAt)}`,
    );
  }

  /** The device's frame is good, and moves its session, but its payload is not for the application. */
  #refuse(uplink: ApplicationUplink, decoded: DecodedUplink, session: ApplicationSession): StagedChange {
    const changes = decoded.startsSession ? [this.#stageSessionStart(uplink.ids, session)] : [];
    return new StagedUplink(changes, () => {
      this.counters.dropped++;
      this.#context.identityServer.deviceSeen(uplink.ids, uplink.receivedAt);
      this.#publish(events.dataDropped, uplink, () => errorData(decoded.failure));
    });
  }

  /** The pending session becomes the current one; one that a further join made meanwhile stays. */
  #stageSessionStart(ids: EndDeviceIdentifiers, session: ApplicationSession): StagedChange {
    const { devices } = this.#context;
    const pending = devices.cached(this.#keysOf(ids).device)?.value?.pendingSession;
    const isPending = pending === undefined || pending === session;
    return devices.stage(ids, isPending ? { session, pendingSession: null } : { session });
  }

  #message(
    ids: EndDeviceIdentifiers,
    kind: NewApplicationMessage["kind"],
    json: string,
  ): NewApplicationMessage {
    const { tenantId, applicationId, deviceId } = ids;
    return { tenantId, applicationId, deviceId, kind, payload: Buffer.from(json, "utf8") };
  }

  #forwarded(uplink: ApplicationUplink, decoded: DecodedUplink, json: string): void {
    const { identityServer } = this.#context;
    const { correlationIds } = uplink;
    this.counters.forwarded++;
    identityServer.deviceSeen(uplink.ids, uplink.receivedAt);
    this.#publish(events.dataReceived, uplink, () => applicationUp(json));
    if (decoded.failure !== undefined) {
      this.counters.decodeFailures++;
      this.#publish(events.decodeFailed, { ids: uplink.ids, correlationIds }, () =>
        errorData(decoded.failure),
      );
    }
    if (decoded.payload.warnings.length > 0) {
      this.#publish(events.decodeWarned, uplink, () => applicationUp(json));
    }
    this.#publish(events.dataForwarded, uplink, () => applicationUp(json));
  }

  #publish(
    definition: EventDefinition,
    { ids, correlationIds }: Pick<ApplicationUplink, "ids" | "correlationIds">,
    data: () => { readonly typeName: string; readonly json: unknown },
  ): void {
    this.#context.events.publish(definition, { kind: "device", ids }, () => ({
      correlationIds,
      data: data(),
    }));
  }

  #drop(uplink: ApplicationUplink, decoded: DecodedUplink): StagedChange {
    return new StagedUplink([], () => {
      this.counters.dropped++;
      this.#publish(events.dataDropped, uplink, () => errorData(decoded.failure));
    });
  }

  #stageLocation(uplink: ApplicationUplink, location: Location, receivedAt: number): StagedChange {
    const { outbox, identityServer } = this.#context;
    const service = "frm-payload";
    const json = `${messageStart(uplink.ids)}${JSON.stringify(uplink.correlationIds)},"received_at":"${formatTimestamp(receivedAt)}","location_solved":{"service":"${service}","location":${locationJson(location)}}}`;
    const message = outbox.stage([this.#message(uplink.ids, "location/solved", json)]);
    return new StagedUplink([message], () => {
      identityServer.deviceLocated(uplink.ids, service, location);
      this.#publish(events.locationForwarded, uplink, () => applicationUp(json));
    });
  }

  async stageJoinAccept(join: AcceptedJoin): Promise<StagedChange> {
    const { devices, links, clock, outbox, identityServer } = this.#context;
    const { ids, sessionKeyId, correlationIds } = join;
    const [device, link] = await Promise.all([devices.load(ids), links.load(ids)]);
    if (device === undefined || ids.devAddr === undefined) {
      return new StagedUplink([], () => {
        const failure = deviceNotFound({ device_uid: this.#context.formatDeviceUid(ids) });
        this.#publish(events.joinDropped, join, () => errorData(failure));
      });
    }
    const pendingSession = devices.sealSession(
      { devAddr: ids.devAddr, sessionKeyId, lastAFCntDown: 0 },
      join.appSKey,
    );
    const skipsCrypto = device.settings.skipPayloadCrypto ?? link?.skipPayloadCrypto ?? false;
    const appSKey = skipsCrypto ? `,"app_s_key":{"key":"${formatHex(join.appSKey)}"}` : "";
    const now = clock.now();
    const ownIds = JSON.stringify([...correlationIds, `as:up:${ulid(now)}`]);
    const json = `${messageStart(ids)}${ownIds},"received_at":"${formatTimestamp(now)}","join_accept":{"session_key_id":"${sessionKeyId.toBase64()}"${appSKey},"received_at":"${formatTimestamp(join.receivedAt)}"}}`;
    const changes = [
      devices.stage(ids, { pendingSession }),
      outbox.stage([{ ...this.#message(ids, "join", json), background: () => joinReceptionJson(join) }]),
    ];
    return new StagedUplink(changes, () => {
      this.counters.joins++;
      identityServer.deviceActivated(ids, join.receivedAt);
      this.#publish(events.joinReceived, join, () => applicationUp(json));
      this.#publish(events.joinForwarded, join, () => applicationUp(json));
    });
  }
}

const undecoded = {
  session: undefined,
  startsSession: false,
  frmPayload: new Uint8Array(0),
  cryptoMembers: "",
  payload: noPayload,
  failure: undefined,
};

class StagedUplink implements StagedChange {
  readonly #changes: readonly StagedChange[];
  readonly #done: () => void;

  constructor(changes: readonly StagedChange[], done: () => void) {
    this.#changes = changes;
    this.#done = done;
  }

  write(writer: Writer): void {
    for (const change of this.#changes) change.write(writer);
  }

  committed(): void {
    for (const change of this.#changes) change.committed();
    this.#done();
  }
}

/** By a validator of V2. */
function isRefused({ failure }: DecodedUplink): boolean {
  return failure instanceof SkylarkError && failure.definition === payloadNotValid.definition;
}

function locationIn(json: string | undefined): Location | undefined {
  if (json === undefined || !mayHoldLocation(json)) return undefined;
  return findLocation(JSON.parse(json) as Record<string, unknown>);
}

function applicationUp(json: string): { readonly typeName: string; readonly json: unknown } {
  return { typeName: "ttn.lorawan.v3.ApplicationUp", json: JSON.parse(json) };
}

function errorData(error: unknown): { readonly typeName: string; readonly json: unknown } {
  return { typeName: "ttn.lorawan.v3.ErrorDetails", json: errorDetailsJson(error) };
}
