import assert from "node:assert/strict";
import { test } from "node:test";
import { LoRaWANError } from "../error.ts";
import { parseHex } from "../hex.ts";
import { decodeDevAddr, devAddr, encodeDevAddr, formatDevAddr, parseDevAddr } from "./dev-addr.ts";
import { formatDevAddrPrefix, matchesDevAddrPrefix, parseDevAddrPrefix } from "./dev-addr-prefix.ts";
import { decodeEUI64, encodeEUI64, parseEUI64 } from "./eui64.ts";
import { devAddrPrefix, formatNetID, makeDevAddr, netID, netIDType, nwkId, parseNetID } from "./net-id.ts";

function refuses(code: string, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof LoRaWANError && error.code === code);
}

test("an EUI is the same text whatever the case it was written in", () => {
  assert.equal(parseEUI64("70b3d57ed005abcd"), "70B3D57ED005ABCD");
  for (const bad of [
    "",
    "70B3D57ED005ABC",
    "70B3D57ED005ABCDE",
    "70-B3-D5-7E-D0-05-AB-CD",
    "70B3D57ED005ABCG",
  ]) {
    refuses("invalid_identifier", () => parseEUI64(bad));
  }
});

test("an EUI travels with its last byte first", () => {
  const eui = parseEUI64("70B3D57ED005ABCD");
  const wire = parseHex("FFCDAB05D07ED5B370FF");
  assert.equal(decodeEUI64(wire, 1), eui);
  const out = new Uint8Array(10).fill(0xff);
  encodeEUI64(eui, out, 1);
  assert.deepEqual(out, wire);
  refuses("too_short", () => decodeEUI64(wire, 3));
  refuses("too_short", () => decodeEUI64(wire, -1));
});

test("a DevAddr is an unsigned number, 8 digits as text and little-endian on the wire", () => {
  const address = parseDevAddr("fe0142Aa");
  assert.equal(address, 0xfe0142aa);
  assert.equal(formatDevAddr(address), "FE0142AA");
  assert.equal(formatDevAddr(devAddr(1)), "00000001");
  const out = new Uint8Array(4);
  encodeDevAddr(address, out);
  assert.deepEqual(out, parseHex("AA4201FE"));
  assert.equal(decodeDevAddr(out), address);
  refuses("too_short", () => decodeDevAddr(out, 1));
  refuses("invalid_identifier", () => parseDevAddr("26011"));
  refuses("invalid_identifier", () => devAddr(2 ** 32));
  refuses("invalid_identifier", () => devAddr(-1));
});

// TS002-1.1.0 §6.1.2; the blocks of types 0 and 6 are those that The Things Network and Helium use.
const blocks: readonly [netId: string, type: number, nwkId: number, prefix: string][] = [
  ["000013", 0, 0x13, "26000000/7"],
  ["20002D", 1, 0x2d, "AD000000/8"],
  ["4001FF", 2, 0x1ff, "DFF00000/12"],
  ["600002", 3, 0x2, "E0040000/15"],
  ["800FFF", 4, 0xfff, "F7FF8000/17"],
  ["A01001", 5, 0x1001, "FA002000/19"],
  ["C00053", 6, 0x53, "FC014C00/22"],
  ["E1FFFF", 7, 0x1ffff, "FEFFFF80/25"],
];

test("every type of NetID owns its block of addresses", () => {
  for (const [text, type, id, prefix] of blocks) {
    const network = parseNetID(text);
    assert.equal(formatNetID(network), text);
    assert.equal(netIDType(network), type);
    assert.equal(nwkId(network), id);
    assert.equal(formatDevAddrPrefix(devAddrPrefix(network)), prefix);
    const first = makeDevAddr(network, 0);
    const size = 2 ** (32 - devAddrPrefix(network).length);
    const last = makeDevAddr(network, size - 1);
    assert.equal(last - first, size - 1);
    assert.ok(matchesDevAddrPrefix(parseDevAddrPrefix(prefix), last));
    assert.ok(!matchesDevAddrPrefix(parseDevAddrPrefix(prefix), devAddr((last + 1) % 2 ** 32)));
    refuses("invalid_identifier", () => makeDevAddr(network, size));
  }
});

test("a NetID outside 24 bits or of other than 6 digits is refused", () => {
  refuses("invalid_identifier", () => netID(0x1000000));
  refuses("invalid_identifier", () => parseNetID("13"));
});

test("a DevAddr prefix clears the bits beyond its length", () => {
  assert.equal(formatDevAddrPrefix(parseDevAddrPrefix("2601ABCD/7")), "26000000/7");
  assert.equal(formatDevAddrPrefix(parseDevAddrPrefix("2601ABCD/32")), "2601ABCD/32");
  assert.ok(matchesDevAddrPrefix(parseDevAddrPrefix("00000000/0"), parseDevAddr("FFFFFFFF")));
  for (const bad of ["26000000", "26000000/33", "2600/7", "26000000/-1", "26000000/7 "]) {
    refuses("invalid_identifier", () => parseDevAddrPrefix(bad));
  }
});
