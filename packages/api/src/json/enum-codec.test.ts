import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { DescEnum, DescMessage } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { aliases, enum_form } from "../gen/skylark/api/options_pb.ts";
import { digestOf, enumFacts, referenceFolder } from "../public-facts.fixture.ts";
import { schemaFiles } from "../registry.ts";
import { enumCodec } from "./enum-codec.ts";

const reference = new URL("tts-enums.json", referenceFolder);

function enumsOf(desc: DescMessage): DescEnum[] {
  return [...desc.nestedEnums, ...desc.nestedMessages.flatMap(enumsOf)];
}
const allEnums = schemaFiles.flatMap((file) => [...file.enums, ...file.messages.flatMap(enumsOf)]);

test("every value of every enum is the same after writing and reading it", () => {
  assert.ok(allEnums.length >= 40);
  for (const desc of allEnums) {
    const codec = enumCodec(desc);
    for (const { number, name } of desc.values) {
      assert.equal(codec.read(codec.toValue(number), 0), number, name);
      assert.equal(codec.read(name, 0), number, name);
    }
    assert.equal(codec.read(99_999, 0), 99_999);
  }
});

/** The enums that are public, by the names of the list. */
const publicEnums = new Map(
  allEnums
    .filter(({ typeName }) => typeName.startsWith("ttn.lorawan.v3."))
    .map((desc) => [desc.typeName.replace("ttn.lorawan.v3.", "").replaceAll(".", "_"), desc]),
);

/** Numbers with the name that JSON shows, and what else is read as which number. */
function tablesOf(desc: DescEnum) {
  const codec = enumCodec(desc);
  const values = new Map<number, string>();
  for (const { number, name } of desc.values) if (!values.has(number)) values.set(number, name);
  const { prefix } = getOption(desc, enum_form);
  const further = desc.values.flatMap((value) => [
    ...(prefix !== "" && value.name.startsWith(`${prefix}_`) ? [value.name.slice(prefix.length + 1)] : []),
    ...getOption(value, aliases),
  ]);
  const declared = new Set(desc.values.map(({ name }) => name));
  const read = new Map(
    further.filter((name) => !declared.has(name)).map((name) => [name, codec.read(name, 0) as number]),
  );
  return { isNumber: typeof codec.toValue(0) === "number", values, read };
}

function enumLines({ isNumber, values, read }: ReturnType<typeof tablesOf>): readonly string[] {
  return [
    isNumber ? "number" : "name",
    ...[...values].map(([number, name]) => `${number}=${name}`).sort(),
    ...[...read].map(([name, number]) => `${name}=>${number}`).sort(),
  ];
}

test("names, numbers and aliases are the public ones", () => {
  assert.deepEqual([...publicEnums.keys()].sort(), Object.keys(enumFacts).sort());
  for (const [name, desc] of publicEnums) {
    const tables = tablesOf(desc);
    assert.equal(`${tables.values.size} ${digestOf(enumLines(tables))}`, enumFacts[name], name);
  }
});

interface PublicEnum {
  readonly marshal: string;
  readonly values: Readonly<Record<string, string>>;
  readonly aliases: Readonly<Record<string, number>>;
}

test("names, numbers and aliases are the public ones, one by one", {
  skip: !existsSync(reference) && "no reference here",
}, () => {
  const lists = JSON.parse(readFileSync(reference, "utf8")) as Record<string, PublicEnum>;
  assert.deepEqual(Object.keys(lists).sort(), [...publicEnums.keys()].sort());
  for (const [key, desc] of publicEnums) {
    const known = lists[key];
    assert.ok(known, key);
    const codec = enumCodec(desc);
    const { values } = tablesOf(desc);
    assert.deepEqual(Object.fromEntries(values), known.values, key);
    for (const [number, name] of values) {
      const shown: string | number = known.marshal === "Number" ? number : name;
      assert.equal(codec.toValue(number), shown, key);
    }
    for (const [alias, number] of Object.entries(known.aliases)) {
      assert.equal(codec.read(alias, 0), number, `${key} ${alias}`);
    }
  }
});
