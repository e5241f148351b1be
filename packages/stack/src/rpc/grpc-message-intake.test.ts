import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { FairShare, HeldBytes, ownBytes } from "./fair-share.ts";
import { type IntakeOptions, MessageIntake } from "./grpc-message-intake.ts";

const MiB = 1024 * 1024;

function message(size: number, flag = 0): Buffer {
  const bytes = Buffer.alloc(5 + size, size % 251);
  bytes.writeUInt8(flag);
  bytes.writeUInt32BE(size, 1);
  return bytes;
}

function intakeOf(options: Partial<IntakeOptions> = {}) {
  const share = new FairShare(256 * MiB);
  const taken: Buffer[] = [];
  const given = { isStream: true, isCompressed: false, maxMessageBytes: 4 * MiB, headerBytes: 0, ...options };
  const intake = new MessageIntake(given, new HeldBytes(share, "a"), (whole) => taken.push(whole));
  return { intake, taken, held: () => 256 * MiB - share.free };
}

test("messages come whole, however they were cut", () => {
  const messages = [0, 1, 3, 300, 0, 70_000, 2, 1000].map((size) => message(size));
  const all = Buffer.concat(messages);
  for (const length of [1, 2, 3, 4, 5, 6, 7, 64, 1000, 16_384, all.length]) {
    const { intake, taken } = intakeOf();
    for (let at = 0; at < all.length; at += length) assert.ok(intake.take(all.subarray(at, at + length)));
    assert.deepEqual(taken, messages);
    assert.equal(intake.received, messages.length);
    assert.equal(intake.isWaiting, false);
  }
});

test("a piece keeps nothing of the packet that it came in", () => {
  const packet = Buffer.alloc(64 * 1024);
  message(10).copy(packet, 100);
  const { intake, taken } = intakeOf();
  intake.take(packet.subarray(100, 115));
  assert.notEqual(taken[0]?.buffer, packet.buffer);
  message(10).copy(packet, 200);
  intake.take(packet.subarray(200, 202));
  intake.take(packet.subarray(202, 215));
  assert.notEqual(taken[1]?.buffer, packet.buffer);
  assert.deepEqual(taken, [message(10), message(10)]);
});

test("what is half there is counted as it comes, and what is whole until it is answered", () => {
  const { intake, held } = intakeOf({ isStream: false });
  const whole = message(2 * MiB);
  intake.take(whole.subarray(0, 100_000));
  assert.ok(held() > 80_000 && held() < 200_000);
  intake.take(whole.subarray(100_000));
  assert.equal(held(), 2 * whole.length - ownBytes);
});

test("of a stream, what was handled long ago is counted no more", () => {
  const { intake, held } = intakeOf();
  for (let count = 0; count < 100; count++) intake.take(message(50_000));
  assert.equal(held(), 17 * 2 * 50_005 - ownBytes);
  for (let count = 0; count < 100; count++) intake.take(message(100));
  assert.equal(held(), 0);
});

test("a compressed message counts as what it may become", () => {
  const { intake, held } = intakeOf({ isCompressed: true });
  intake.take(message(1000, 1));
  assert.ok(held() > 2_000_000);
  const small = intakeOf({ isCompressed: true });
  small.intake.take(message(1000, 0));
  assert.equal(small.held(), 0);
});

test("of what is too large only the prefix is passed on", () => {
  for (const cut of [3, 5, 100]) {
    const { intake, taken, held } = intakeOf();
    const whole = message(5 * MiB);
    assert.ok(intake.take(whole.subarray(0, cut)) && intake.take(whole.subarray(cut)));
    assert.deepEqual(taken, [whole.subarray(0, 5)]);
    assert.equal(held(), 0);
  }
});
