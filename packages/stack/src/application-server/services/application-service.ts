import {
  AppAs,
  type ApplicationUp,
  ApplicationUpSchema,
  create,
  type EndDeviceIdentifiers as EndDeviceIdentifiersMessage,
  type JsonObject,
  PayloadFormatter as PayloadFormatterEnum,
  Right,
  timestampFromMs,
  toJSONText,
} from "@skylark/api";
import { defineErrors } from "../../errors/errors.ts";
import { requestedDevice } from "../../rpc/end-device-registries.ts";
import {
  application,
  type CallContext,
  implement,
  type Requirement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import { commit } from "../../store/store.ts";
import { noFPort, noPayload } from "../downlink/request-preparation.ts";
import { formatterNames } from "../end-device.ts";
import type { ApplicationMessageKind } from "../message-log.ts";
import type { PayloadFormatter } from "../payload-formatters/formatter.ts";
import { downlinkMessageOf, downlinkRequest } from "./downlink-conversion.ts";
import { applicationIdsOf } from "./link-service.ts";
import { streamMessages } from "./message-stream.ts";
import type { ServiceContext } from "./service-context.ts";

const simulatedKind = defineErrors("pkg/applicationserver/io/grpc").invalidArgument(
  "simulated",
  "only upstream messages can be simulated",
);

const kindsOfMembers: Readonly<
  Partial<Record<NonNullable<ApplicationUp["up"]["case"]>, ApplicationMessageKind>>
> = {
  uplinkMessage: "up",
  joinAccept: "join",
  downlinkQueued: "down/queued",
  downlinkSent: "down/sent",
  downlinkAck: "down/ack",
  downlinkNack: "down/nack",
  downlinkFailed: "down/failed",
  downlinkQueueInvalidated: "down/invalidated",
  serviceData: "service/data",
  locationSolved: "location/solved",
};

interface FormatterRequest {
  readonly endDeviceIds?: EndDeviceIdentifiersMessage | undefined;
  readonly formatter: PayloadFormatterEnum;
  readonly parameter: string;
}

type Methods = ServiceMethods<typeof AppAs>;

interface DeviceRequest {
  readonly endDeviceIds?: EndDeviceIdentifiersMessage | undefined;
}

const ofDevice =
  (right: Right) =>
  ({ endDeviceIds }: DeviceRequest): Requirement =>
    application(endDeviceIds?.applicationIds?.applicationId, right);

export function applicationService(context: ServiceContext): ServiceImplementation {
  return implement(AppAs, {
    ...streamMethods(context),
    ...queueMethods(context),
    ...simulationMethods(context),
    ...downlinkFormatterMethods(context),
    ...uplinkFormatterMethods(context),
  });
}

function streamMethods(context: ServiceContext): Pick<Methods, "subscribe" | "getMQTTConnectionInfo"> {
  return {
    subscribe: {
      requires: (ids) => application(ids.applicationId, Right.APPLICATION_TRAFFIC_READ),
      handle: (ids, { tenantId, signal }) =>
        streamMessages(context.outbox, applicationIdsOf(tenantId, ids), signal),
    },
    getMQTTConnectionInfo: {
      requires: (ids) => application(ids.applicationId, Right.APPLICATION_INFO),
      handle(ids, { tenantId }) {
        const { publicAddress = "", publicTlsAddress = "" } = context.mqttAddresses ?? {};
        const username = context.formatApplicationUid(applicationIdsOf(tenantId, ids));
        return { publicAddress, publicTlsAddress, username };
      },
    },
  };
}

function queueMethods({
  requests,
}: ServiceContext): Pick<Methods, "downlinkQueuePush" | "downlinkQueueReplace" | "downlinkQueueList"> {
  return {
    downlinkQueuePush: {
      requires: ofDevice(Right.APPLICATION_TRAFFIC_DOWN_WRITE),
      async handle({ endDeviceIds, downlinks }, { tenantId, correlationIds: causes }) {
        await requests.push(requestedDevice(tenantId, endDeviceIds), downlinks.map(downlinkRequest), {
          causes,
        });
        return {};
      },
    },
    downlinkQueueReplace: {
      requires: ofDevice(Right.APPLICATION_TRAFFIC_DOWN_WRITE),
      async handle({ endDeviceIds, downlinks }, { tenantId, correlationIds: causes }) {
        await requests.replace(requestedDevice(tenantId, endDeviceIds), downlinks.map(downlinkRequest), {
          causes,
        });
        return {};
      },
    },
    downlinkQueueList: {
      requires: (ids) => application(ids.applicationIds?.applicationId, Right.APPLICATION_TRAFFIC_READ),
      async handle(ids, { tenantId }) {
        const items = await requests.list(requestedDevice(tenantId, ids));
        return { downlinks: items.map(downlinkMessageOf) };
      },
    },
  };
}

/** The formatter that a request names; without one, that of the device. */
async function formatterFor(
  { devices, links, formatters }: ServiceContext,
  { endDeviceIds, formatter, parameter }: FormatterRequest,
  tenantId: string,
  direction: "up" | "down",
): Promise<PayloadFormatter | undefined> {
  const ids = requestedDevice(tenantId, endDeviceIds);
  if (formatter !== PayloadFormatterEnum.FORMATTER_NONE) {
    const name = formatterNames[formatter] ?? "FORMATTER_NONE";
    return formatters.create(ids, { formatter: name, parameter });
  }
  const [device, link] = await Promise.all([devices.load(ids), links.load(ids)]);
  return formatters.of(ids, device?.settings.formatters ?? link?.defaultFormatters, direction);
}

function simulationMethods(context: ServiceContext): Pick<Methods, "simulateUplink"> {
  const { outbox, store, clock } = context;
  /** Reads an uplink that is only pretended, as far as it is not decoded yet. */
  const decode = async (up: ApplicationUp, { tenantId }: CallContext): Promise<void> => {
    if (up.up.case !== "uplinkMessage") return;
    const uplink = up.up.value;
    uplink.receivedAt ??= timestampFromMs(clock.now());
    if (uplink.decodedPayload !== undefined || uplink.frmPayload.length === 0) return;
    const { FORMATTER_NONE } = PayloadFormatterEnum;
    const request = { endDeviceIds: up.endDeviceIds, formatter: FORMATTER_NONE, parameter: "" };
    const formatter = await formatterFor(context, request, tenantId, "up");
    const decoded = await formatter?.decodeUplink(uplink.frmPayload, uplink.fPort, clock.now());
    Object.assign(uplink, decodedMembers(decoded));
  };
  return {
    simulateUplink: {
      requires: ofDevice(Right.APPLICATION_TRAFFIC_UP_WRITE),
      async handle(up, call) {
        const kind = up.up.case && kindsOfMembers[up.up.case];
        if (kind === undefined) throw simulatedKind();
        await decode(up, call);
        const message = create(ApplicationUpSchema, {
          ...up,
          correlationIds: [...up.correlationIds, ...call.correlationIds],
          receivedAt: timestampFromMs(clock.now()),
          simulated: true,
        });
        const payload = Buffer.from(toJSONText(ApplicationUpSchema, message), "utf8");
        const { tenantId, applicationId, deviceId } = requestedDevice(call.tenantId, up.endDeviceIds);
        await commit(store, [outbox.stage([{ tenantId, applicationId, deviceId, kind, payload }])]);
        return {};
      },
    },
  };
}

function downlinkFormatterMethods(
  context: ServiceContext,
): Pick<Methods, "encodeDownlink" | "decodeDownlink"> {
  return {
    encodeDownlink: {
      requires: ofDevice(Right.APPLICATION_TRAFFIC_READ),
      async handle(request, { tenantId }) {
        const { downlink } = request;
        const formatter = await formatterFor(context, request, tenantId, "down");
        if (downlink?.decodedPayload === undefined || formatter === undefined) throw noPayload();
        const input = JSON.stringify(downlink.decodedPayload);
        const { bytes, fPort, warnings } = await formatter.encodeDownlink(input, downlink.fPort || 1);
        return {
          downlink: {
            ...downlink,
            frmPayload: Uint8Array.from(bytes),
            fPort: fPort ?? (downlink.fPort || 1),
            decodedPayloadWarnings: [...warnings],
          },
        };
      },
    },
    decodeDownlink: {
      requires: ofDevice(Right.APPLICATION_TRAFFIC_READ),
      async handle(request, { tenantId }) {
        const { downlink } = request;
        if (downlink === undefined) throw noPayload();
        if (downlink.fPort === 0) throw noFPort();
        const formatter = await formatterFor(context, request, tenantId, "down");
        const decoded = await formatter?.decodeDownlink(downlink.frmPayload, downlink.fPort);
        return { downlink: { ...downlink, ...decodedMembers(decoded) } };
      },
    },
  };
}

function uplinkFormatterMethods(context: ServiceContext): Pick<Methods, "decodeUplink"> {
  return {
    decodeUplink: {
      requires: ofDevice(Right.APPLICATION_TRAFFIC_READ),
      async handle(request, { tenantId }) {
        const { uplink } = request;
        if (uplink === undefined) throw noPayload();
        const formatter = await formatterFor(context, request, tenantId, "up");
        const { frmPayload, fPort } = uplink;
        const decoded = await formatter?.decodeUplink(frmPayload, fPort, context.clock.now());
        return { uplink: { ...uplink, ...decodedMembers(decoded) } };
      },
    },
  };
}

function decodedMembers(
  decoded: { readonly json: string | undefined; readonly warnings: readonly string[] } | undefined,
) {
  if (decoded?.json === undefined) return {};
  return {
    decodedPayload: JSON.parse(decoded.json) as JsonObject,
    decodedPayloadWarnings: [...decoded.warnings],
  };
}
