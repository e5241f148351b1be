import { crc32, deflateSync } from "node:zlib";

/** Images of 3 by 2 pixels, with a text hidden where cameras write when and where a picture was taken. */
export function png(hidden?: string, width = 3, height = 2): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const pixels = deflateSync(Buffer.alloc((width * 3 + 1) * height));
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      pngChunk("IHDR", header),
      ...(hidden === undefined ? [] : [pngChunk("eXIf", Buffer.from(hidden))]),
      pngChunk("IDAT", pixels),
      pngChunk("IEND", Buffer.alloc(0)),
    ]),
  );
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

export function jpeg(hidden?: string): Uint8Array {
  const segment = (marker: number, data: Buffer) => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, data]);
  };
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0xff, 0xd8]),
      segment(0xe0, Buffer.from("JFIF\0\x01\x01\0\0\x01\0\x01\0\0", "latin1")),
      ...(hidden === undefined
        ? []
        : [segment(0xe1, Buffer.from(`Exif\0\0${hidden}`)), segment(0xfe, Buffer.from(hidden))]),
      segment(0xc0, Buffer.from([8, 0, 2, 0, 3, 1, 1, 0x11, 0])),
      segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
      Buffer.from([0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x11, 0x22, 0xff, 0xd9]),
    ]),
  );
}

export function gif(): Uint8Array {
  return Uint8Array.from([...Buffer.from("GIF89a"), 3, 0, 2, 0, 0, 0, 0, 0x3b]);
}

export function webp(hidden?: string): Uint8Array {
  const chunk = (type: string, data: Buffer) => {
    const head = Buffer.alloc(8, type);
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  };
  const flags = hidden === undefined ? 0 : 0b0000_1000;
  const body = Buffer.concat([
    Buffer.from("WEBP"),
    chunk("VP8X", Buffer.from([flags, 0, 0, 0, 2, 0, 0, 1, 0, 0])),
    ...(hidden === undefined ? [] : [chunk("EXIF", Buffer.from(hidden))]),
    chunk("VP8L", Buffer.from([0x2f, 2, 0x40, 0, 0, 1, 2, 3])),
  ]);
  const head = Buffer.alloc(8, "RIFF");
  head.writeUInt32LE(body.length, 4);
  return new Uint8Array(Buffer.concat([head, body]));
}
