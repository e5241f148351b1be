import {
  allowedFieldMaskPaths,
  type DescField,
  type DescMessage,
  type EndDevice,
  EndDeviceSchema,
  PictureSchema,
} from "@skylark/api";
import type { DeviceServerName } from "./device-servers.ts";

/** The fields of a device that a request gives, by the server that keeps them. */
export interface GivenFields {
  /** What this server writes in an update. */
  readonly identityServer: readonly string[];
  readonly others: Readonly<Record<DeviceServerName, ServerFields>>;
  readonly touchesKeys: boolean;
  /** What no server takes. */
  readonly unknown: readonly string[];
}

export interface ServerFields {
  readonly paths: readonly string[];
  /** Whether one of the paths is this server's matter; others, such as version_ids, it only keeps a copy of. */
  readonly concerned: boolean;
}

const allowed = {
  identityServer: new Set(allowedFieldMaskPaths("EndDeviceRegistry.Update")),
  joinServer: new Set(allowedFieldMaskPaths("JsEndDeviceRegistry.Set")),
  networkServer: new Set(allowedFieldMaskPaths("NsEndDeviceRegistry.Set")),
  applicationServer: new Set(allowedFieldMaskPaths("AsEndDeviceRegistry.Set")),
};

/** What a mask may name in a change of all servers. */
export const otherServersPaths: ReadonlySet<string> = allowed.joinServer
  .union(allowed.networkServer)
  .union(allowed.applicationServer);

/** Kept by more than one server; the Join Server's copy of the claim code is a leftover of older releases. */
const copied = /^(ids|version_ids|serial_number|lora_alliance_profile_ids|claim_authentication_code)(\.|$)/;
const copiedByJoinServer = new Set(["network_server_address", "application_server_address"]);
const decidedByServers = /^(ids|created_at|updated_at|activated_at|last_seen_at)(\.|$)/;

/** `paths` are those of a field mask; without one, everything that the device has. */
export function givenFields(device: EndDevice, paths: readonly string[] = givenPaths(device)): GivenFields {
  const server = (name: DeviceServerName): ServerFields => {
    const taken = paths.filter((path) => allowed[name].has(path) && !path.startsWith("ids"));
    const isCopy = (path: string) =>
      copied.test(path) || (name === "joinServer" && copiedByJoinServer.has(path));
    const concerned = taken.some((path) => !isCopy(path));
    const claims = name === "joinServer" ? /^claim_authentication_code/ : undefined;
    return { paths: claims === undefined ? taken : taken.filter((path) => !claims.test(path)), concerned };
  };
  const lists = Object.values(allowed);
  return {
    identityServer: paths.filter((path) => allowed.identityServer.has(path)),
    others: {
      joinServer: server("joinServer"),
      networkServer: server("networkServer"),
      applicationServer: server("applicationServer"),
    },
    touchesKeys: paths.some(isKey),
    unknown: paths.filter((path) => !decidedByServers.test(path) && !lists.some((each) => each.has(path))),
  };
}

function isKey(path: string): boolean {
  return path === "session" || /^root_keys(\.|$)/.test(path) || /(^|\.)keys(\.|$)/.test(path);
}

/** Paths of the fields that have a value, as deep as field masks go. */
function givenPaths(device: EndDevice): readonly string[] {
  const paths: string[] = [];
  collect(EndDeviceSchema, device as unknown as Properties, "", paths);
  return paths;
}

type Properties = Record<string, unknown>;

function collect(desc: DescMessage, message: Properties, prefix: string, paths: string[]): void {
  for (const member of desc.members) {
    if (member.kind === "oneof") {
      const chosen = message[member.localName] as { readonly case?: string; readonly value?: unknown };
      const field = member.fields.find(({ localName }) => localName === chosen.case);
      if (field !== undefined)
        collectField(field, chosen.value, `${prefix}${member.name}.${field.name}`, paths);
    } else {
      collectField(member, message[member.localName], `${prefix}${member.name}`, paths);
    }
  }
}

function collectField(field: DescField, value: unknown, path: string, paths: string[]): void {
  if (isEmpty(value)) return;
  if (field.fieldKind !== "message" || isWrittenWhole(field.message)) {
    paths.push(path);
    return;
  }
  const before = paths.length;
  collect(field.message, value as Properties, `${path}.`, paths);
  // A message that is there without anything in it, or a wrapper of zero, is something too.
  if (paths.length === before) paths.push(path);
}

function isWrittenWhole({ typeName }: DescMessage): boolean {
  return typeName.startsWith("google.protobuf.") || typeName === PictureSchema.typeName;
}

/** What a field that was not given looks like. */
export function isEmpty(value: unknown): boolean {
  switch (typeof value) {
    case "undefined":
      return true;
    case "object":
      if (value === null) return true;
      if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
      return isPlainMap(value) && Object.keys(value).length === 0;
    default:
      return !value;
  }
}

function isPlainMap(value: object): boolean {
  return !("$typeName" in value);
}
