import {
  create,
  type DescField,
  type DescMessage,
  type EndDevice,
  EndDeviceSchema,
  pick,
  toJSON,
} from "@skylark/api";

type Properties = Record<string, unknown>;

/** A device that has a value at the path and nothing else; `values` overrides what the type of the field suggests. */
export function sampleDevice(path: string, values: Readonly<Record<string, unknown>> = {}): EndDevice {
  const device = create(EndDeviceSchema);
  fill(EndDeviceSchema, device as unknown as Properties, path.split("."), { path: "", values });
  return device;
}

/** What a device has at the path, as JSON. */
export function fieldJSON(device: EndDevice, path: string): unknown {
  return toJSON(EndDeviceSchema, pick(EndDeviceSchema, device, [path]));
}

interface Place {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function fill(desc: DescMessage, message: Properties, names: readonly string[], place: Place): void {
  const [name = "", ...rest] = names;
  const member = desc.members.find((each) => each.name === name);
  if (member === undefined) throw new Error(`no field ${name} in ${desc.typeName}`);
  const path = place.path === "" ? name : `${place.path}.${name}`;
  if (member.kind === "oneof") {
    const chosen = rest[0] ?? member.fields[0]!.name;
    const field = member.fields.find((each) => each.name === chosen)!;
    const value = sample(field, rest.slice(1), { ...place, path: `${path}.${chosen}` });
    message[member.localName] = { case: field.localName, value };
  } else {
    message[member.localName] = sample(member, rest, { ...place, path });
  }
}

function sample(field: DescField, rest: readonly string[], place: Place): unknown {
  if (place.path in place.values) return place.values[place.path];
  if (field.fieldKind === "map") return { key: "value" };
  if (field.fieldKind === "list") {
    return [field.listKind === "message" ? sampleMessage(field.message, [], place) : scalar(field)];
  }
  return field.fieldKind === "message" ? sampleMessage(field.message, rest, place) : scalar(field);
}

/** Of a message without a path below it, its first field has a value. */
function sampleMessage(desc: DescMessage, rest: readonly string[], place: Place): unknown {
  if (desc.typeName === "google.protobuf.Timestamp") return { ...create(desc), seconds: 1_700_000_000n };
  if (desc.typeName === "google.protobuf.Duration") return { ...create(desc), seconds: 5n };
  if (desc.typeName === "google.protobuf.BoolValue") return true;
  if (desc.typeName.startsWith("google.protobuf.") && desc.typeName.endsWith("Value")) return 1;
  const message = create(desc) as unknown as Properties;
  const names = rest.length > 0 ? rest : desc.members.slice(0, 1).map(({ name }) => name);
  if (names.length > 0) fill(desc, message, names, place);
  return message;
}

const byteLengths: Readonly<Record<string, number>> = {
  dev_addr: 4,
  dev_eui: 8,
  join_eui: 8,
  key: 16,
  net_id: 3,
};

function scalar(field: DescField): unknown {
  if (field.fieldKind === "enum") return 1;
  if (field.fieldKind === "list" && field.listKind === "enum") return 1;
  const types = { 1: 0.5, 2: 0.5, 4: 868_100_000n, 3: 1n, 6: 1n, 8: true, 9: "sample" } as const;
  const type =
    field.fieldKind === "scalar" || (field.fieldKind === "list" && field.listKind === "scalar")
      ? field.scalar
      : 0;
  if (type === 12) return new Uint8Array(byteLengths[field.name] ?? 4).fill(7);
  return (types as Readonly<Record<number, unknown>>)[type] ?? 1;
}
