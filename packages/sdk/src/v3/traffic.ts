import { deviceIdentifiers } from "./end-devices.ts";
import { type EventOptions, streamEvents } from "./event-stream.ts";
import { AppAs } from "./services.ts";
import type { CallOptions, Transport } from "./transport.ts";
import type {
  ApplicationDownlink,
  ApplicationUp,
  ApplicationUplink,
  EntityIdentifiers,
  Event,
} from "./types.ts";

/** What events can be listened to. */
export interface EventSubject {
  readonly application?: string;
  /** Of the application. */
  readonly device?: string;
  readonly gateway?: string;
  readonly organization?: string;
  readonly user?: string;
  readonly client?: string;
}

export interface TrafficOptions extends Omit<EventOptions, "names"> {
  readonly deviceId?: string;
}

/** An uplink as the Application Server hands it on. */
export interface Uplink extends ApplicationUp {
  uplink_message: ApplicationUplink;
}

/** A downlink to be queued; bytes may be given as they are. */
export interface DownlinkMessage extends Omit<ApplicationDownlink, "frm_payload"> {
  /** Bytes, or their Base64. */
  frm_payload?: string | Uint8Array;
}

/** What a device is made to have sent; bytes may be given as they are. */
export interface SimulatedUplink extends Omit<ApplicationUplink, "frm_payload"> {
  /** Bytes, or their Base64. */
  frm_payload?: string | Uint8Array;
}

/** The queues of end devices. */
export interface Downlinks {
  /** Adds to the end of the queue. */
  push(
    applicationId: string,
    deviceId: string,
    downlinks: DownlinkMessage | readonly DownlinkMessage[],
    options?: CallOptions,
  ): Promise<void>;
  /** Puts these in the place of the queue. */
  replace(
    applicationId: string,
    deviceId: string,
    downlinks: DownlinkMessage | readonly DownlinkMessage[],
    options?: CallOptions,
  ): Promise<void>;
  clear(applicationId: string, deviceId: string, options?: CallOptions): Promise<void>;
  list(applicationId: string, deviceId: string, options?: CallOptions): Promise<ApplicationDownlink[]>;
}

export function downlinks(transport: Transport): Downlinks {
  type Write = Downlinks["push"];
  const write =
    (method: typeof AppAs.DownlinkQueuePush): Write =>
    async (applicationId, deviceId, messages, options) => {
      const request = {
        end_device_ids: deviceIdentifiers(applicationId, deviceId),
        downlinks: [messages].flat().map(encodeDownlink),
      };
      await transport.call(method, request, options);
    };
  const replace = write(AppAs.DownlinkQueueReplace);
  return {
    push: write(AppAs.DownlinkQueuePush),
    replace,
    clear: (applicationId, deviceId, options) => replace(applicationId, deviceId, [], options),
    async list(applicationId, deviceId, options) {
      const ids = deviceIdentifiers(applicationId, deviceId);
      return (await transport.call(AppAs.DownlinkQueueList, ids, options)).body.downlinks ?? [];
    },
  };
}

function encodeDownlink(message: DownlinkMessage): ApplicationDownlink {
  const { frm_payload, ...rest } = message;
  return frm_payload === undefined ? rest : { ...rest, frm_payload: base64Of(frm_payload) };
}

function base64Of(payload: string | Uint8Array): string {
  return typeof payload === "string" ? payload : encodeBase64(payload);
}

/** Received by one gateway on the first channel of Europe, unless it says otherwise. */
export function simulatedUplink({ frm_payload = "", ...uplink }: SimulatedUplink): ApplicationUplink {
  return {
    f_port: 1,
    settings: {
      data_rate: { lora: { bandwidth: 125_000, spreading_factor: 7, coding_rate: "4/5" } },
      frequency: "868100000",
    },
    rx_metadata: [{ gateway_ids: { gateway_id: "simulated" }, rssi: -42, channel_rssi: -42, snr: 4.2 }],
    ...uplink,
    frm_payload: base64Of(frm_payload),
  };
}

/** Bytes as the API's JSON shows most of them. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The bytes of what the API's JSON shows as Base64, such as the `frm_payload` of an uplink. */
export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function eventsOf(
  transport: Transport,
  subjects: EventSubject | readonly EventSubject[],
  options: EventOptions,
): AsyncGenerator<Event, void, undefined> {
  return streamEvents(transport, [subjects].flat().map(subjectIdentifiers), options);
}

function subjectIdentifiers(subject: EventSubject): EntityIdentifiers {
  const { application, device, gateway, organization, user, client } = subject;
  if (device !== undefined) {
    if (application === undefined) throw new TypeError("a device is named together with its application");
    return { device_ids: deviceIdentifiers(application, device) };
  }
  if (application !== undefined) return { application_ids: { application_id: application } };
  if (gateway !== undefined) return { gateway_ids: { gateway_id: gateway } };
  if (organization !== undefined) return { organization_ids: { organization_id: organization } };
  if (user !== undefined) return { user_ids: { user_id: user } };
  if (client !== undefined) return { client_ids: { client_id: client } };
  throw new TypeError(
    "events of nothing: name an application, a gateway, an organization, a user or a client",
  );
}

/** What came from devices and was handed on to integrations. */
const forwarded = ["/^as\\.up\\..*forward$/"];

/** Messages from the devices of an application: uplinks, joins, solved locations. */
export async function* messagesOf(
  transport: Transport,
  applicationId: string,
  { deviceId, ...options }: TrafficOptions,
  names: readonly string[] = forwarded,
): AsyncGenerator<ApplicationUp, void, undefined> {
  const subject = { application: applicationId, ...(deviceId !== undefined && { device: deviceId }) };
  for await (const { data } of eventsOf(transport, subject, { ...options, names })) {
    if (data === undefined) continue;
    const { "@type": _, ...message } = data;
    yield message as ApplicationUp;
  }
}

export async function* uplinksOf(
  transport: Transport,
  applicationId: string,
  options: TrafficOptions,
): AsyncGenerator<Uplink, void, undefined> {
  for await (const message of messagesOf(transport, applicationId, options, ["as.up.data.forward"])) {
    if (message.uplink_message !== undefined) yield message as Uplink;
  }
}
