import { ContactInfoSchema, ContactMethod, create, type User } from "@skylark/api";
import { gravatarOf } from "../pictures/gravatar.ts";
import type { UserParts } from "./user-parts.ts";

/** A user as clients see it: with addresses of pictures, and with the deprecated contact info. */
export function shownUser({ options }: Pick<UserParts, "options">, user: User): User {
  const { primaryEmailAddress: value, primaryEmailAddressValidatedAt: validatedAt } = user;
  const contact = create(ContactInfoSchema, {
    contactMethod: ContactMethod.EMAIL,
    value,
    ...(validatedAt === undefined ? {} : { validatedAt }),
  });
  const shown = { ...user, contactInfo: value === "" ? [] : [contact] };
  const picture =
    user.profilePicture === undefined
      ? options.useGravatar
        ? gravatarOf(user)
        : undefined
      : options.pictures.shown(user.profilePicture);
  if (picture !== undefined) shown.profilePicture = picture;
  return shown;
}
