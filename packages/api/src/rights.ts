import { Right, RightSchema } from "./schema.ts";

/** The kinds of entity that rights are held on, as right names begin. */
export const rightKinds = ["user", "application", "client", "gateway", "organization"] as const;
export type RightKind = (typeof rightKinds)[number];

/** Every right. */
export const allRights: readonly Right[] = Object.values(Right).filter((right) => right !== Right.invalid);

/** The name of a right as JSON shows it, such as `RIGHT_APPLICATION_INFO`. */
export function rightName(right: Right): string {
  return RightSchema.value[right]?.name ?? String(right);
}

function rightsOf(kind: RightKind): readonly Right[] {
  return allRights.filter((right) => rightName(right).startsWith(`RIGHT_${kind.toUpperCase()}_`));
}

/** Every right on an entity of each kind. */
export const rightsByKind: Readonly<Record<RightKind, readonly Right[]>> = {
  user: rightsOf("user"),
  application: rightsOf("application"),
  client: rightsOf("client"),
  gateway: rightsOf("gateway"),
  organization: rightsOf("organization"),
};

/** Every right on an application. */
export const allApplicationRights = rightsByKind.application;
/** Every right on a gateway. */
export const allGatewayRights = rightsByKind.gateway;
/** Every right on a user. */
export const allUserRights = rightsByKind.user;
/** Every right on an organization. */
export const allOrganizationRights = rightsByKind.organization;
/** Every right on an OAuth client. */
export const allClientRights = rightsByKind.client;

/** What an admin may do to every entity: all but handing out keys and rights. */
export const universalAdminRights: readonly Right[] = allRights.filter(
  (right) => !/_(KEYS|ALL)$/.test(rightName(right)),
);

const implied: ReadonlyMap<Right, readonly Right[]> = new Map([
  [Right.ALL, allRights],
  [Right.USER_ALL, allUserRights],
  [Right.APPLICATION_ALL, allApplicationRights],
  [Right.CLIENT_ALL, allClientRights],
  [Right.GATEWAY_ALL, allGatewayRights],
  [Right.ORGANIZATION_ALL, allOrganizationRights],
  [
    Right.APPLICATION_LINK,
    [Right.APPLICATION_INFO, Right.APPLICATION_TRAFFIC_READ, Right.APPLICATION_TRAFFIC_DOWN_WRITE],
  ],
  [Right.GATEWAY_LINK, [Right.GATEWAY_INFO]],
]);

/** The rights with those that they imply. */
export function impliedRights(rights: Iterable<Right>): Set<Right> {
  const all = new Set<Right>();
  for (const right of rights) {
    all.add(right);
    for (const further of implied.get(right) ?? []) all.add(further);
  }
  return all;
}
