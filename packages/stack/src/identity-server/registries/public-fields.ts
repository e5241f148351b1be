import { type Application, type ContactInfo, type Gateway, Right, type User } from "@skylark/api";

/** What anyone with a valid credential may read of an entity. */
const ofEveryEntity = ["ids", "created_at", "updated_at", "deleted_at", "contact_info"];

export const applicationPublicFields = [...ofEveryEntity, "administrative_contact", "technical_contact"];
export const clientPublicFields = [
  ...ofEveryEntity,
  "name",
  "description",
  "redirect_uris",
  "logout_redirect_uris",
  "state",
  "skip_authorization",
  "endorsed",
  "grants",
  "rights",
  "administrative_contact",
  "technical_contact",
];
export const organizationPublicFields = [
  ...ofEveryEntity,
  "name",
  "administrative_contact",
  "technical_contact",
];
export const userPublicFields = [...ofEveryEntity, "name", "state", "admin", "profile_picture"];
export const gatewayPublicFields = [
  ...ofEveryEntity,
  "name",
  "description",
  "frequency_plan_id",
  "frequency_plan_ids",
  "status_public",
  "gateway_server_address",
  "location_public",
  "antennas",
  "lrfhss.supported",
  "administrative_contact",
  "technical_contact",
];

/** Whether each path is a public field, or below one. */
export function onlyPublic(paths: readonly string[], publicFields: readonly string[]): boolean {
  return paths.every((path) => publicFields.some((field) => path === field || path.startsWith(`${field}.`)));
}

/** The paths that anyone may read. */
export function publicPaths(paths: readonly string[], publicFields: readonly string[]): readonly string[] {
  return paths.filter((path) => onlyPublic([path], publicFields));
}

export function publicContacts<M extends { readonly contactInfo: readonly ContactInfo[] }>(message: M): M {
  return { ...message, contactInfo: message.contactInfo.filter((contact) => contact.public) };
}

export function publicApplication(application: Application): Application {
  return publicContacts(application);
}

export function publicUser(user: User): User {
  return publicContacts(user);
}

export function publicGateway(gateway: Gateway): Gateway {
  const shown = publicContacts(gateway);
  if (!gateway.statusPublic) shown.gatewayServerAddress = "";
  if (!gateway.locationPublic) {
    shown.antennas = gateway.antennas.map((antenna) => {
      const copy = { ...antenna };
      delete copy.location;
      return copy;
    });
  }
  return shown;
}

/** What a gateway's owner lets everyone see. */
export function publicGatewayRights(gateway: Gateway): ReadonlySet<Right> {
  const rights = new Set<Right>();
  if (gateway.statusPublic) rights.add(Right.GATEWAY_STATUS_READ);
  if (gateway.locationPublic) rights.add(Right.GATEWAY_LOCATION_READ);
  return rights;
}
