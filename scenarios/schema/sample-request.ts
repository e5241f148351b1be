import {
  type DescField,
  type DescMessage,
  type DescMethod,
  fromJSON,
  type HttpBinding,
  httpBindings,
  type JsonObject,
  type JsonValue,
  type ProtoMessage,
  type Violation,
  validate,
} from "@skylark/api";

/** What exists on the server that requests are made for. */
export interface World {
  readonly user: string;
  readonly organization: string;
  readonly application: string;
  readonly gateway: string;
  readonly client: string;
  readonly device: string;
}

const hourMs = 3_600_000;

/** What a caller would write into fields of these names. */
const textByField: Readonly<Record<string, string>> = {
  email: "somebody@example.com",
  primary_email_address: "somebody@example.com",
  password: "Passw0rd-Passw0rd",
  frequency_plan_id: "EU_863_870",
  band_id: "EU_863_870",
  base_url: "https://example.com",
};

const uplinkSettings = {
  data_rate: { lora: { bandwidth: 125_000, spreading_factor: 7, coding_rate: "4/5" } },
  frequency: "868100000",
};

/** Fields that a request needs beyond what the rules of its type say. */
const fieldsByMessage: Readonly<Record<string, JsonObject>> = {
  ApplicationUp: { uplink_message: { settings: uplinkSettings } },
  DecodeUplinkRequest: { uplink: { settings: uplinkSettings, f_port: 1, frm_payload: "AQ==" } },
  BatchUpdateEndDeviceLastSeenRequest: { updates: [{ last_seen_at: "2026-01-01T00:00:00Z" }] },
  CreateApplicationAPIKeyRequest: { rights: ["RIGHT_APPLICATION_SETTINGS_API_KEYS"] },
  CreateGatewayAPIKeyRequest: { rights: ["RIGHT_GATEWAY_SETTINGS_API_KEYS"] },
  CreateOrganizationAPIKeyRequest: { rights: ["RIGHT_ORGANIZATION_SETTINGS_API_KEYS"] },
  CreateUserAPIKeyRequest: { rights: ["RIGHT_USER_SETTINGS_API_KEYS"] },
  StreamEventsRequest: { identifiers: [{ application_ids: {} }] },
  GetDefaultMACSettingsRequest: { frequency_plan_id: "EU_863_870", lorawan_phy_version: "RP002_V1_0_3" },
  UpdateUserPasswordRequest: { old: "Passw0rd-Passw0rd", new: "An0ther-Passw0rd" },
};

type Mutable = Record<string, JsonValue>;

/**
 * A request of a method as short as its rules allow, about entities that exist; what is missing is found by the
 * validator itself, and by the path of the binding. Throws when it cannot be made valid.
 */
export function sampleRequest(
  method: DescMethod,
  world: World,
  now: number,
  binding = firstBinding(method),
): ProtoMessage {
  const json = structuredClone(fieldsByMessage[method.input.name] ?? {}) as Mutable;
  nameEntities(method.input, json, world, 0);
  const sampler = { world, now, reason: "" };
  for (const path of pathVariables(binding)) repair(method.input, json, path, sampler);
  for (let attempt = 0; attempt < 30; attempt++) {
    const request = fromJSON(method.input, json);
    const violation = validate(method.input, request, now);
    if (violation === undefined) return request;
    repair(method.input, json, pathOf(violation), { ...sampler, reason: reasonOf(violation) });
  }
  throw new Error(`no valid request of ${method.toString()} was found: ${JSON.stringify(json)}`);
}

function identifiersOf(desc: DescMessage, world: World): Mutable | undefined {
  switch (desc.name) {
    case "ApplicationIdentifiers":
      return { application_id: world.application };
    case "EndDeviceIdentifiers":
      return { application_ids: { application_id: world.application }, device_id: world.device };
    case "GatewayIdentifiers":
      return { gateway_id: world.gateway };
    case "UserIdentifiers":
      return { user_id: world.user };
    case "OrganizationIdentifiers":
      return { organization_id: world.organization };
    case "ClientIdentifiers":
      return { client_id: world.client };
    case "OrganizationOrUserIdentifiers":
      return { user_ids: { user_id: world.user } };
    case "EntityIdentifiers":
      return { application_ids: { application_id: world.application } };
    default:
      return undefined;
  }
}

/** Fills the identifiers of a request and of the entity in it. */
function nameEntities(desc: DescMessage, json: Mutable, world: World, depth: number): void {
  Object.assign(json, identifiersOf(desc, world));
  for (const field of desc.fields) {
    if (field.message === undefined || field.oneof !== undefined) continue;
    const known = identifiersOf(field.message, world);
    const entries = json[field.name];
    if (field.fieldKind === "list" && Array.isArray(entries)) {
      if (known !== undefined) json[field.name] = [known];
      else for (const entry of entries) nameEntities(field.message, entry as Mutable, world, 1);
    }
    if (field.fieldKind !== "message") continue;
    if (known !== undefined) json[field.name] ??= known;
    else if (depth === 0 && field.message.fields.some(({ name }) => name === "ids")) {
      const entity: Mutable = {};
      nameEntities(field.message, entity, world, 1);
      json[field.name] = entity;
    }
  }
}

/** `["end_device", "ids", "device_id"]`, without the index of an entry. */
function pathOf(violation: Violation): readonly string[] {
  const field = violation.field.replace(/\[.*\]$/, "");
  return violation.cause === undefined ? [field] : [field, ...pathOf(violation.cause)];
}

function reasonOf({ cause, reason }: Violation): string {
  return cause === undefined ? reason : reasonOf(cause);
}

function firstBinding(method: DescMethod): HttpBinding | undefined {
  return httpBindings(method.parent).find((each) => each.method === method);
}

/** The fields that a path over HTTP names. */
function pathVariables(binding: HttpBinding | undefined): readonly (readonly string[])[] {
  return (binding?.segments ?? []).flatMap((segment) =>
    segment.kind === "variable" ? [segment.field.split(".")] : [],
  );
}

interface Sampler {
  readonly world: World;
  readonly now: number;
  /** What was wrong with the field, as the validator says it. */
  readonly reason: string;
}

function repair(desc: DescMessage, json: Mutable, path: readonly string[], sampler: Sampler): void {
  const [name = "", ...rest] = path;
  const field =
    desc.fields.find((each) => each.name === name) ??
    desc.oneofs.find((each) => each.name === name)?.fields[0];
  if (field === undefined) throw new Error(`${desc.typeName} has no ${name}`);
  if (rest.length > 0 && field.message !== undefined) {
    const taken = field.oneof?.fields.some((each) => each !== field && each.name in json) ?? false;
    if (taken) return;
    json[field.name] ??= field.fieldKind === "list" ? [{}] : {};
    const value = json[field.name];
    repair(field.message, (Array.isArray(value) ? value[0] : value) as Mutable, rest, sampler);
    return;
  }
  // A path variable may be named already, or be another member of what is.
  const alternatives = field.oneof === undefined ? [field] : field.oneof.fields;
  if (sampler.reason === "" && alternatives.some((each) => each.name in json)) return;
  const item = sampleValue(field, sampler);
  json[field.name] =
    field.fieldKind === "list" ? [item] : field.fieldKind === "map" ? { "sample-key": item } : item;
}

const scalarString = 9;
const scalarBytes = 12;
const scalarBool = 8;

function sampleValue(field: DescField, { world, now, reason }: Sampler): JsonValue {
  const { message, enum: values, scalar } = field;
  if (message?.name === "Timestamp") {
    return new Date(/expires|until/.test(field.name) ? now + hourMs : now - hourMs).toISOString();
  }
  if (message !== undefined) return identifiersOf(message, world) ?? {};
  if (values !== undefined) return values.values[1]?.number ?? 0;
  const length = Number(/length must be (?:at least |between )?(\d+)/.exec(reason)?.[1] ?? 8);
  if (scalar === scalarBytes) return Buffer.alloc(length, 1).toString("base64");
  if (scalar === scalarBool) return true;
  if (scalar !== scalarString) return 1;
  const identifiers: Readonly<Record<string, string>> = {
    application_id: world.application,
    device_id: world.device,
    device_ids: world.device,
  };
  const known = identifiers[field.name] ?? textByField[field.name];
  if (known !== undefined) return known;
  if (/UUID|a-fA-F/i.test(reason)) return "00000000-0000-4000-8000-000000000000";
  return "sample".padEnd(length, "a");
}
