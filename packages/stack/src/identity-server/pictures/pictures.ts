import { create, type Picture, PictureSchema } from "@skylark/api";
import type { Clock } from "../../clock/clock.ts";
import type { OptionValues } from "../../config/option.ts";
import { ulid } from "../../domain/ulid.ts";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import type { Writer } from "../../store/store.ts";
import type { pictureOptions } from "./config.ts";
import { type Image, imageExtensions, readImage } from "./image-format.ts";
import type { PictureStore } from "./picture-store.ts";

const errors = defineErrors("pkg/identityserver/picture");
const unknownFormat = errors.invalidArgument("unknown_format", "a picture must be PNG, JPEG, GIF or WebP");
const tooLarge = errors.invalidArgument("too_large", "a picture may have at most `{max}` bytes");
const tooWide = errors.invalidArgument(
  "dimensions",
  "a picture may have at most `{max}` by `{max}` pixels, not `{width}` by `{height}`",
);
const originalNotFound = errors.notFound("original_not_found", "the picture was not found");
const foreignAddress = errors.invalidArgument(
  "address",
  "a picture is uploaded, or an address that begins with https://",
);

/** Nothing is scaled here: clients send what is to be shown. */
const pictureLimits = { bytes: 2 * 1024 * 1024, pixels: 2048 } as const;

/** The pictures of one kind of entity. */
export interface Album {
  readonly bucket: "profile_pictures" | "end_device_pictures";
  /** Under which clients find what is in the bucket. */
  readonly baseUrl: string;
  readonly uploadDisabled: (() => SkylarkError) | undefined;
}

const profileUploadsDisabled = defineErrors("pkg/identityserver").failedPrecondition(
  "profile_picture_uploads_disabled",
  "profile pictures cannot be uploaded here",
);
const endDeviceUploadsDisabled = defineErrors("pkg/identityserver").failedPrecondition(
  "end_device_picture_uploads_disabled",
  "pictures of end devices cannot be uploaded here",
);

type PictureConfiguration = OptionValues<typeof pictureOptions>;

export function profileAlbum(configuration: PictureConfiguration): Album {
  return {
    bucket: "profile_pictures",
    baseUrl: configuration["is.profile-picture.bucket-url"],
    uploadDisabled: configuration["is.profile-picture.disable-upload"] ? profileUploadsDisabled : undefined,
  };
}

export function endDeviceAlbum(configuration: PictureConfiguration): Album {
  return {
    bucket: "end_device_pictures",
    baseUrl: configuration["is.end-device-picture.bucket-url"],
    uploadDisabled: configuration["is.end-device-picture.disable-upload"]
      ? endDeviceUploadsDisabled
      : undefined,
  };
}

export interface PictureOwner {
  readonly tenantId: string;
  /** As part of the address, so that a picture can be traced to whose it is. */
  readonly uid: string;
}

/** A change of an entity's picture: what the entity keeps, and what is written beside it. */
export interface PreparedPicture {
  readonly picture: Picture | undefined;
  write(writer: Writer): void;
}

export interface Pictures {
  /** What a client's `picture` becomes; throws what is wrong with it. */
  prepare(owner: PictureOwner, requested: Picture | undefined, stored: Picture | undefined): PreparedPicture;
  /** With whole addresses, as clients see it. */
  shown(picture: Picture): Picture;
  /** For when the entity is purged. */
  delete(writer: Writer, tenantId: string, stored: Picture | undefined): void;
}

export function createPictures(
  { pictures, clock }: { readonly pictures: PictureStore; readonly clock: Clock },
  album: Album,
): Pictures {
  const base = `${album.baseUrl.replace(/\/+$/, "")}/`;
  const keysOf = (picture: Picture | undefined): string[] =>
    Object.values(picture?.sizes ?? {}).filter((address) => !isWebAddress(address));

  const remove = (writer: Writer, tenantId: string, stored: Picture | undefined): void => {
    for (const key of keysOf(stored)) pictures.delete(writer, { tenantId, bucket: album.bucket, key });
  };

  const upload = (owner: PictureOwner, image: Image, stored: Picture | undefined): PreparedPicture => {
    const now = clock.now();
    // As the original names them, with its ULID beyond guessing.
    const key = `${owner.uid}.${ulid(now)}/original.${imageExtensions[image.mimeType]}`;
    return {
      picture: create(PictureSchema, { sizes: { 0: key } }),
      write(writer) {
        const { tenantId } = owner;
        pictures.insert(writer, { tenantId, bucket: album.bucket, key }, image, now);
        remove(writer, tenantId, stored);
      },
    };
  };

  return {
    prepare(owner, requested, stored) {
      const cleared = { write: (writer: Writer) => remove(writer, owner.tenantId, stored) };
      if (requested === undefined) return { picture: undefined, ...cleared };
      const data = requested.embedded?.data ?? noData;
      const address = data.length > 0 ? undefined : largest(requested);
      // What a client read before and sends again is no change.
      const key = address?.startsWith(base) ? address.slice(base.length) : address;
      if (key !== undefined && keysOf(stored).includes(key)) return { picture: stored, write() {} };
      if (album.uploadDisabled !== undefined) throw album.uploadDisabled();
      if (data.length > 0) return upload(owner, checkedImage(data), stored);
      if (address === undefined) return { picture: undefined, ...cleared };
      if (!address.startsWith("https://"))
        throw isWebAddress(address) ? foreignAddress() : originalNotFound();
      return { picture: create(PictureSchema, { sizes: { 0: address } }), ...cleared };
    },
    shown(picture) {
      const sizes = Object.entries(picture.sizes).map(([size, address]) => [
        size,
        isWebAddress(address) ? address : base + address,
      ]);
      return create(PictureSchema, { sizes: Object.fromEntries(sizes) });
    },
    delete: remove,
  };
}

const noData = new Uint8Array();

function isWebAddress(address: string): boolean {
  return address.includes("://");
}

/** Size 0 is the original. */
function largest({ sizes }: Picture): string | undefined {
  const bySize = Object.entries(sizes).sort(([a], [b]) => Number(b) - Number(a));
  return sizes[0] || bySize[0]?.[1] || undefined;
}

function checkedImage(data: Uint8Array): Image {
  if (data.length > pictureLimits.bytes) throw tooLarge({ max: pictureLimits.bytes });
  const image = readImage(data);
  if (image === undefined) throw unknownFormat();
  const { width, height } = image;
  if (width < 1 || height < 1) throw unknownFormat();
  if (Math.max(width, height) > pictureLimits.pixels)
    throw tooWide({ max: pictureLimits.pixels, width, height });
  return image;
}
