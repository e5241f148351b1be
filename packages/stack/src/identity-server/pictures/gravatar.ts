import { createHash } from "node:crypto";
import { create, type Picture, PictureSchema, type User } from "@skylark/api";

const sizes = [64, 128, 256, 512];

/** The picture that gravatar.com has for an e-mail address, if any: it answers 404 when it has none. */
export function gravatarOf({ primaryEmailAddress }: User): Picture | undefined {
  const address = primaryEmailAddress.trim().toLowerCase();
  if (address === "") return undefined;
  const hash = createHash("md5").update(address).digest("hex");
  const addressOf = (size: number) => `https://www.gravatar.com/avatar/${hash}?s=${size}&d=404`;
  return create(PictureSchema, { sizes: Object.fromEntries(sizes.map((size) => [size, addressOf(size)])) });
}
