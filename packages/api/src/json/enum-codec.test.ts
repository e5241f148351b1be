import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { DescEnum, DescMessage } from "@bufbuild/protobuf";
import { schemaFiles } from "../registry.ts";
import { enumCodec } from "./enum-codec.ts";

const reference = new URL("../../../../../shared/reference/tts-enums.json", import.meta.url);

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

interface PublicEnum {
  readonly marshal: string;
  readonly values: Readonly<Record<string, string>>;
  readonly aliases: Readonly<Record<string, number>>;
}

test("names, numbers and aliases are the public ones", {
  skip: !existsSync(reference) && "no reference here",
}, () => {
  const lists = JSON.parse(readFileSync(reference, "utf8")) as Record<string, PublicEnum>;
  for (const desc of allEnums) {
    const key = desc.typeName.replace("ttn.lorawan.v3.", "").replaceAll(".", "_");
    const known = lists[key];
    assert.ok(known, key);
    const codec = enumCodec(desc);
    for (const [number, name] of Object.entries(known.values)) {
      const shown: string | number = known.marshal === "Number" ? Number(number) : name;
      assert.equal(codec.toValue(Number(number)), shown, key);
      assert.equal(codec.toText(Number(number)), JSON.stringify(shown), key);
    }
    for (const [alias, number] of Object.entries(known.aliases)) {
      assert.equal(codec.read(alias, 0), number, `${key} ${alias}`);
    }
  }
});
