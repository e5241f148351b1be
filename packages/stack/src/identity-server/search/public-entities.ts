import type { ContactInfo } from "@skylark/api";

const ofEveryEntity = [
  "ids",
  "created_at",
  "updated_at",
  "deleted_at",
  "contact_info",
  "name",
  "administrative_contact",
  "technical_contact",
];

/** What anyone with a valid credential may read of an organization. */
export const organizationPublicFields = ofEveryEntity;

/** What anyone with a valid credential may read of an OAuth client: what a consent page shows. */
export const clientPublicFields = [
  ...ofEveryEntity,
  "description",
  "redirect_uris",
  "logout_redirect_uris",
  "state",
  "skip_authorization",
  "endorsed",
  "grants",
  "rights",
];

export function withPublicContacts<M extends { readonly contactInfo: readonly ContactInfo[] }>(
  message: M,
): M {
  return { ...message, contactInfo: message.contactInfo.filter((contact) => contact.public) };
}
