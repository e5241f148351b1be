import { Right } from "@skylark/api";
import type { EntityReference } from "../../rpc/service.ts";

/** Rights as the API numbers them. */
export type RightSet = ReadonlySet<Right>;

/** What rights are about. There are no organizations and clients until their registries come. */
export type EntityType = EntityReference["type"];

const named = Object.entries(Right).filter(([name]) => name !== "invalid") as [string, Right][];
const byClass = (prefix: string): RightSet =>
  new Set(named.filter(([name]) => name.startsWith(prefix)).map(([, right]) => right));

const userRights = byClass("USER_");
const applicationRights = byClass("APPLICATION_");
const clientRights = byClass("CLIENT_");
const gatewayRights = byClass("GATEWAY_");
const organizationRights = byClass("ORGANIZATION_");

export const noRights: RightSet = new Set();
export const allRights: RightSet = new Set(named.map(([, right]) => right));

/** Rights that hold on every entity for an admin: those that read or hand out keys are left out. */
export const adminRights: RightSet = new Set(
  named.filter(([name]) => !name.endsWith("_KEYS") && !/(^|_)ALL$/.test(name)).map(([, right]) => right),
);

const implied: ReadonlyMap<Right, RightSet> = new Map<Right, RightSet>([
  [Right.ALL, allRights],
  [Right.USER_ALL, userRights],
  [Right.APPLICATION_ALL, applicationRights],
  [Right.CLIENT_ALL, clientRights],
  [Right.GATEWAY_ALL, gatewayRights],
  [Right.ORGANIZATION_ALL, organizationRights],
  [
    Right.APPLICATION_LINK,
    new Set([
      Right.APPLICATION_INFO,
      Right.APPLICATION_TRAFFIC_READ,
      Right.APPLICATION_TRAFFIC_DOWN_WRITE,
    ] as const),
  ],
  [Right.GATEWAY_LINK, new Set([Right.GATEWAY_INFO] as const)],
]);

/** The rights with all that they imply. */
export function withImplied(rights: Iterable<Right>): RightSet {
  const all = new Set<Right>();
  for (const right of rights) {
    all.add(right);
    for (const further of implied.get(right) ?? []) all.add(further);
  }
  return all;
}

const entityClasses = applicationRights.union(clientRights).union(gatewayRights);

/** What rights can mean anything on an entity: an account's include those on what it owns. */
const potential: Readonly<Record<EntityType, RightSet>> = {
  application: applicationRights,
  gateway: gatewayRights,
  client: clientRights,
  organization: entityClasses.union(organizationRights),
  user: entityClasses.union(organizationRights).union(userRights),
};

/** Everything that means something on an entity of this type. */
export function potentialRights(type: EntityType): RightSet {
  return potential[type];
}

const names: ReadonlyMap<Right, string> = new Map(named.map(([name, right]) => [right, `RIGHT_${name}`]));
const rightsByName = new Map([...names].map(([right, name]) => [name, right]));

/** As the API shows it, e.g. `RIGHT_APPLICATION_INFO`. */
export function rightName(right: Right): string {
  return names.get(right) ?? `RIGHT_${right}`;
}

export function rightNamed(name: string): Right | undefined {
  return rightsByName.get(name);
}

export function sortedRights(rights: Iterable<Right>): Right[] {
  return [...rights].sort((a, b) => a - b);
}
