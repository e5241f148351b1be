import { endDeviceFields } from "./entity-fields.ts";
import { fieldPaths, maskOf } from "./field-paths.ts";
import { type List, listOf } from "./paging.ts";
import { type FieldOptions, type ListOptions, pageRequest, type SearchOptions } from "./registries.ts";
import {
  AsEndDeviceRegistry,
  EndDeviceBatchRegistry,
  EndDeviceCheck,
  EndDeviceRegistry,
  EndDeviceRegistrySearch,
  JsEndDeviceRegistry,
  NsEndDeviceRegistry,
} from "./services.ts";
import { SkylarkError } from "./skylark-error.ts";
import type { CallOptions, Transport } from "./transport.ts";
import type { EndDevice, EndDeviceCheckReport, EndDeviceIdentifiers, GetEndDeviceRequest } from "./types.ts";

export interface GetDeviceOptions extends FieldOptions {
  /** Shows root keys and sessions too, for which the caller needs the right to read keys. */
  readonly withKeys?: boolean;
}

export interface DeviceSearchOptions extends SearchOptions {
  readonly dev_eui_contains?: string;
  readonly join_eui_contains?: string;
  readonly dev_addr_contains?: string;
}

/** End devices, each as one whole although four servers share it. */
export interface EndDevices {
  /** One call writes all four servers, or none when one of them refuses. */
  register(applicationId: string, device: EndDevice, options?: CallOptions): Promise<EndDevice>;
  get(applicationId: string, deviceId: string, options?: GetDeviceOptions): Promise<EndDevice>;
  /** What the Identity Server knows of each. */
  list(applicationId: string, options?: ListOptions): List<EndDevice>;
  search(applicationId: string, options: DeviceSearchOptions): List<EndDevice>;
  /** Sets what the change names on the servers that keep it, all or none. */
  update(
    applicationId: string,
    deviceId: string,
    change: EndDevice,
    options?: FieldOptions,
  ): Promise<EndDevice>;
  /** Deletes it on all servers, also what only some have of it. */
  delete(applicationId: string, deviceId: string, options?: CallOptions): Promise<void>;
  deleteMany(applicationId: string, deviceIds: readonly string[], options?: CallOptions): Promise<void>;
  /** Says in words what is missing or inconsistent between the servers, and what to do about it. */
  check(applicationId: string, deviceId: string, options?: CallOptions): Promise<EndDeviceCheckReport>;
}

/** The names of an end device, as requests take them. */
export function deviceIdentifiers(applicationId: string, deviceId: string): EndDeviceIdentifiers {
  return { application_ids: { application_id: applicationId }, device_id: deviceId };
}

const secretFields = new Set(["root_keys", "session", "pending_session"]);
const getMethods = {
  identityServer: EndDeviceRegistry.Get,
  networkServer: NsEndDeviceRegistry.Get,
  applicationServer: AsEndDeviceRegistry.Get,
  joinServer: JsEndDeviceRegistry.Get,
};

export function endDevices(transport: Transport): EndDevices {
  const inApplication = (applicationId: string) => ({ application_ids: { application_id: applicationId } });
  return {
    async register(applicationId, device, options) {
      const ids = { ...device.ids, ...inApplication(applicationId) };
      const request = { end_device: { ...device, ids } };
      return (await transport.call(EndDeviceRegistry.Create, request, everywhere(options))).body;
    },
    get: (applicationId, deviceId, options = {}) =>
      readWhole(transport, deviceIdentifiers(applicationId, deviceId), options),
    list(applicationId, options = {}) {
      const request = {
        ...inApplication(applicationId),
        ...pageRequest(options, endDeviceFields.identityServer),
      };
      return listOf(transport, EndDeviceRegistry.List, request, options);
    },
    search(applicationId, options) {
      const {
        fields: _,
        order: __,
        pageSize: ___,
        signal: ____,
        timeoutMs: _____,
        headers: ______,
        ...criteria
      } = options;
      const page = pageRequest(options, endDeviceFields.identityServer);
      const request = { ...inApplication(applicationId), ...criteria, ...page };
      return listOf(transport, EndDeviceRegistrySearch.SearchEndDevices, request, options);
    },
    async update(applicationId, deviceId, change, options = {}) {
      const ids = { ...change.ids, ...deviceIdentifiers(applicationId, deviceId) };
      const field_mask = maskOf(options.fields ?? fieldPaths(change));
      const request = { end_device: { ...change, ids }, field_mask };
      return (await transport.call(EndDeviceRegistry.Update, request, everywhere(options))).body;
    },
    async delete(applicationId, deviceId, options) {
      await transport.call(
        EndDeviceRegistry.Delete,
        deviceIdentifiers(applicationId, deviceId),
        everywhere(options),
      );
    },
    async deleteMany(applicationId, deviceIds, options) {
      const request = { ...inApplication(applicationId), device_ids: [...deviceIds] };
      await transport.call(EndDeviceBatchRegistry.Delete, request, options);
    },
    async check(applicationId, deviceId, options) {
      return (await transport.call(EndDeviceCheck.Check, deviceIdentifiers(applicationId, deviceId), options))
        .body;
    },
  };
}

function everywhere(options: CallOptions = {}): CallOptions {
  return { ...options, headers: { ...options.headers, "X-Skylark-Cascade": "true" } };
}

type Server = keyof typeof endDeviceFields;

/** Asks each server for its part. One that does not have the device adds nothing, unless none has it. */
async function readWhole(
  transport: Transport,
  end_device_ids: EndDeviceIdentifiers,
  options: GetDeviceOptions,
): Promise<EndDevice> {
  const read = async (server: Server): Promise<EndDevice | undefined> => {
    const field_mask = wantedFields(server, options);
    if (field_mask === "" && server !== "identityServer") return undefined;
    const request: GetEndDeviceRequest = { end_device_ids, field_mask };
    try {
      return (await transport.call(getMethods[server], request, options)).body;
    } catch (error) {
      const isAbsent = error instanceof SkylarkError && error.code === "NOT_FOUND";
      if (isAbsent && server !== "identityServer") return undefined;
      throw error;
    }
  };
  const parts = await Promise.all((Object.keys(endDeviceFields) as Server[]).map(read));
  return parts.reduceRight<EndDevice>((whole, part) => (part === undefined ? whole : merge(whole, part)), {});
}

/** Of what was asked for, what this server keeps. */
function wantedFields(server: Server, { fields, withKeys = false }: GetDeviceOptions): string {
  const kept = endDeviceFields[server].split(",");
  if (fields === undefined) return kept.filter((name) => withKeys || !secretFields.has(name)).join(",");
  const asked = maskOf(fields).split(",");
  return asked.filter((path) => kept.includes(path.split(".")[0] ?? "")).join(",");
}

function merge(under: object, over: object): object {
  const merged: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isGroup(below) && isGroup(value) ? merge(below, value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
