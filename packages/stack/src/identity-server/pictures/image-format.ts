/** An image as far as this server looks into it. */
export interface Image {
  readonly mimeType: ImageType;
  readonly width: number;
  readonly height: number;
  /** The same picture without what says where, when and with what it was taken. */
  readonly data: Uint8Array;
}

export type ImageType = "image/png" | "image/jpeg" | "image/gif" | "image/webp";

export const imageExtensions: Readonly<Record<ImageType, string>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
};

/** What the bytes are, whatever a client says that they are; undefined for anything but a well-formed image. */
export function readImage(data: Uint8Array): Image | undefined {
  try {
    return readPng(data) ?? readJpeg(data) ?? readGif(data) ?? readWebp(data);
  } catch (error) {
    // Past the end of a file that was cut short.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

function startsWith(data: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => data[index] === byte);
}

function textAt(data: Uint8Array, offset: number): string {
  return String.fromCharCode(...data.subarray(offset, offset + 4));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** PNG 3rd edition §5.3: length, type, data, CRC. Text, time and Exif chunks go. */
const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const droppedPngChunks = new Set(["tEXt", "zTXt", "iTXt", "eXIf", "tIME"]);

function readPng(data: Uint8Array): Image | undefined {
  if (!startsWith(data, pngSignature)) return undefined;
  const view = viewOf(data);
  if (textAt(data, 12) !== "IHDR") return undefined;
  const kept = [data.subarray(0, 8)];
  for (let offset = 8; ; ) {
    const length = view.getUint32(offset);
    const type = textAt(data, offset + 4);
    const end = offset + 12 + length;
    if (end > data.length) return undefined;
    if (!droppedPngChunks.has(type)) kept.push(data.subarray(offset, end));
    if (type === "IEND") break;
    offset = end;
  }
  return { mimeType: "image/png", width: view.getUint32(16), height: view.getUint32(20), data: join(kept) };
}

/** ITU-T T.81 annex B: segments up to the start of scan; Exif, XMP, thumbnails and comments go. */
function readJpeg(data: Uint8Array): Image | undefined {
  if (!startsWith(data, [0xff, 0xd8, 0xff])) return undefined;
  const view = viewOf(data);
  const kept = [data.subarray(0, 2)];
  let size: { readonly width: number; readonly height: number } | undefined;
  for (let offset = 2; ; ) {
    if (view.getUint8(offset) !== 0xff) return undefined;
    const marker = view.getUint8(offset + 1);
    if (marker === 0xff) {
      offset++;
      continue;
    }
    const end = offset + 2 + view.getUint16(offset + 2);
    if (end > data.length) return undefined;
    if (isStartOfFrame(marker))
      size = { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
    if (marker === 0xda) {
      kept.push(data.subarray(offset));
      break;
    }
    if (!isJpegMetadata(marker)) kept.push(data.subarray(offset, end));
    offset = end;
  }
  return size && { mimeType: "image/jpeg", ...size, data: join(kept) };
}

function isStartOfFrame(marker: number): boolean {
  // C4, C8 and CC are tables and an extension among the frames.
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** APP1, APP3 to APP13, APP15 and comments; JFIF, colour profile and Adobe's colour transform stay. */
function isJpegMetadata(marker: number): boolean {
  return marker === 0xfe || (marker >= 0xe1 && marker <= 0xef && marker !== 0xe2 && marker !== 0xee);
}

/** GIF89a §18: the logical screen. Its comments are left as they are. */
function readGif(data: Uint8Array): Image | undefined {
  const signature = Buffer.from(data.subarray(0, 6)).toString("latin1");
  if (signature !== "GIF87a" && signature !== "GIF89a") return undefined;
  const view = viewOf(data);
  if (view.getUint8(data.length - 1) !== 0x3b) return undefined;
  return { mimeType: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true), data };
}

const droppedWebpChunks = new Set(["EXIF", "XMP "]);
const webpMetadataFlags = 0b0000_1100;

/** RFC 9649 §2: RIFF chunks, padded to even lengths. */
function readWebp(data: Uint8Array): Image | undefined {
  if (textAt(data, 0) !== "RIFF" || textAt(data, 8) !== "WEBP") return undefined;
  const view = viewOf(data);
  if (view.getUint32(4, true) + 8 > data.length) return undefined;
  const kept: Uint8Array[] = [];
  let size: { readonly width: number; readonly height: number } | undefined;
  for (let offset = 12; offset + 8 <= data.length; ) {
    const type = textAt(data, offset);
    const length = view.getUint32(offset + 4, true);
    const end = offset + 8 + length + (length % 2);
    if (offset + 8 + length > data.length) return undefined;
    const chunk = data.slice(offset, Math.min(end, data.length));
    size ??= webpSize(type, view, offset + 8);
    if (type === "VP8X") chunk[8] = chunk[8]! & ~webpMetadataFlags;
    if (!droppedWebpChunks.has(type)) kept.push(chunk);
    offset = end;
  }
  if (size === undefined) return undefined;
  const body = join(kept);
  const header = new Uint8Array(data.subarray(0, 12));
  viewOf(header).setUint32(4, body.length + 4, true);
  return { mimeType: "image/webp", ...size, data: join([header, body]) };
}

function webpSize(type: string, view: DataView, offset: number) {
  switch (type) {
    case "VP8X":
      return { width: 1 + uint24(view, offset + 4), height: 1 + uint24(view, offset + 7) };
    case "VP8L": {
      // One byte of signature, then 14 bits each of width and height, less one.
      const bits = view.getUint32(offset + 1, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    }
    case "VP8 ":
      return {
        width: view.getUint16(offset + 6, true) & 0x3fff,
        height: view.getUint16(offset + 8, true) & 0x3fff,
      };
    default:
      return undefined;
  }
}

function uint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
}
