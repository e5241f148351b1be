import type { DescEnum, DescField, DescMessage, DescOneof, JsonObject } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { FieldRules } from "../gen/skylark/api/options_pb.ts";
import { bare, one_required } from "../gen/skylark/api/options_pb.ts";
import { enumSchema, plainScalarSchema, rulesOf, scalarSchema, sizeRules } from "./value-schemas.ts";

/** Types that JSON does not show as an object of their fields. */
const wellKnown: Readonly<Record<string, JsonObject>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": {
    type: "string",
    pattern: "^[+-]?([0-9]+(\\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$",
    examples: ["5s", "0.2s", "1h30m"],
  },
  "google.protobuf.FieldMask": {
    type: "object",
    properties: { paths: { type: "array", items: { type: "string" } } },
  },
  "google.protobuf.Any": {
    type: "object",
    properties: { "@type": { type: "string" } },
    required: ["@type"],
    additionalProperties: true,
  },
  "google.protobuf.Struct": { type: "object", additionalProperties: true },
  "google.protobuf.Value": {},
  "google.protobuf.ListValue": { type: "array", items: {} },
  "google.protobuf.Empty": { type: "object" },
};

/** The JSON Schemas of messages and enums; those that were referred to become components. */
export class MessageSchemas {
  readonly #comments: Readonly<Record<string, string>>;
  readonly #components = new Map<string, JsonObject>();

  constructor(comments: Readonly<Record<string, string>>) {
    this.#comments = comments;
  }

  /** By name, in order. */
  components(): JsonObject {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  message(desc: DescMessage): JsonObject {
    const known = wellKnown[desc.typeName];
    if (known !== undefined) return known;
    const [only] = desc.fields;
    if (isWrapperDesc(desc)) return plainScalarSchema(desc.fields[0].scalar);
    if (only !== undefined && getOption(desc, bare)) return this.field(only);
    return this.#reference(desc, () => this.#object(desc));
  }

  /** Of the value of a field, with what is known of the field. */
  field(field: DescField): JsonObject {
    const rule = rulesOf(field);
    const description = this.#describe(field, rule?.required === true);
    return {
      ...this.#value(field, rule),
      ...(description !== "" && { description }),
      ...(field.deprecated && { deprecated: true }),
    };
  }

  #describe(field: DescField, isRequired: boolean): string {
    const comment = this.#comments[`${field.parent.typeName}.${field.name}`];
    return [comment, isRequired ? "Required." : undefined].filter((part) => part !== undefined).join(" ");
  }

  #value(field: DescField, rule: FieldRules | undefined): JsonObject {
    switch (field.fieldKind) {
      case "scalar":
        return scalarSchema(field, field.scalar, rule);
      case "enum":
        return this.#enum(field.enum);
      case "message":
        return this.message(field.message);
      case "list":
        return {
          type: "array",
          items: this.#item(field, rule?.items),
          ...sizeRules(rule, { min: "minItems", max: "maxItems" }),
        };
      case "map":
        return this.#map(field, rule);
    }
  }

  #map(field: DescField & { fieldKind: "map" }, rule: FieldRules | undefined): JsonObject {
    const names = rule?.keys === undefined ? undefined : scalarSchema(field, field.mapKey, rule.keys);
    return {
      type: "object",
      additionalProperties: this.#item(field, rule?.values),
      ...(names !== undefined && { propertyNames: names }),
      ...sizeRules(rule, { min: "minProperties", max: "maxProperties" }),
    };
  }

  #item(field: DescField & { fieldKind: "list" | "map" }, rule: FieldRules | undefined): JsonObject {
    if (field.message !== undefined) return this.message(field.message);
    return field.enum === undefined ? scalarSchema(field, field.scalar, rule) : this.#enum(field.enum);
  }

  #enum(desc: DescEnum): JsonObject {
    return this.#reference(desc, () => enumSchema(desc, this.#comments));
  }

  #object(desc: DescMessage): JsonObject {
    const properties: JsonObject = {};
    for (const field of desc.fields) properties[field.name] = this.field(field);
    const description = [this.#comments[desc.typeName], ...desc.oneofs.map(oneofSentence)]
      .filter((part) => part !== undefined)
      .join(" ");
    return {
      type: "object",
      ...(description !== "" && { description }),
      ...(desc.deprecated && { deprecated: true }),
      properties,
    };
  }

  #reference(desc: DescMessage | DescEnum, build: () => JsonObject): JsonObject {
    const name = componentName(desc);
    if (!this.#components.has(name)) {
      // Set before it is built: types contain each other in circles.
      this.#components.set(name, {});
      this.#components.set(name, build());
    }
    return { $ref: `#/components/schemas/${name}` };
  }
}

/** Without the package where that is The Things Stack's own. */
function componentName({ typeName }: DescMessage | DescEnum): string {
  return typeName.replace(/^ttn\.lorawan\.v3\./, "").replace(/^(tti|skylark)\.(lorawan\.)?v[0-9]+\./, "$1.");
}

function oneofSentence(oneof: DescOneof): string {
  const names = oneof.fields.map(({ name }) => `\`${name}\``).join(", ");
  return `${getOption(oneof, one_required) ? "Exactly" : "At most"} one of ${names} is set.`;
}
