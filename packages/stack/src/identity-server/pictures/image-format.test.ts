import assert from "node:assert/strict";
import { test } from "node:test";
import { readImage } from "./image-format.ts";
import { gif, jpeg, png, webp } from "./images.fixture.ts";

test("tells images by their bytes, with their size", () => {
  const images = [png(), jpeg(), gif(), webp()].map((data) => {
    const image = readImage(data);
    return [image?.mimeType, image?.width, image?.height];
  });
  assert.deepEqual(images, [
    ["image/png", 3, 2],
    ["image/jpeg", 3, 2],
    ["image/gif", 3, 2],
    ["image/webp", 3, 2],
  ]);
});

test("takes out what says where a picture was taken, and leaves the picture", () => {
  for (const make of [png, jpeg, webp]) {
    const plain = readImage(make());
    const tagged = make("SECRET PLACE");
    assert.ok(Buffer.from(tagged).includes("SECRET PLACE"));
    const cleaned = readImage(tagged);
    assert.ok(!Buffer.from(cleaned?.data ?? []).includes("SECRET PLACE"));
    assert.deepEqual(cleaned, plain);
    assert.deepEqual(readImage(cleaned?.data ?? new Uint8Array()), plain);
  }
});

test("anything else is no image, and neither is one that was cut short", () => {
  const texts = ["", "<svg xmlns='http://www.w3.org/2000/svg'/>", "<html>", "GIF89a", "\x89PNG\r\n\x1a\n"];
  for (const text of texts) assert.equal(readImage(Buffer.from(text, "latin1")), undefined);
  for (const data of [png(), jpeg("x"), webp()]) {
    const headerEnd = data.length - 12;
    for (let length = 0; length < headerEnd; length++)
      assert.equal(readImage(data.subarray(0, length)), undefined);
  }
});
