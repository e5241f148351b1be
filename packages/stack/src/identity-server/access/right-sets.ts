import {
  allRights as everyRight,
  impliedRights,
  type Right,
  rightsByKind,
  universalAdminRights,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";

/** Rights as the API numbers them. */
export type RightSet = ReadonlySet<Right>;

/** What rights are about. */
export type EntityType = EntityReference["type"];

export const noRights: RightSet = new Set();
export const allRights: RightSet = new Set(everyRight);

/** Rights that hold on every entity for an admin: those that read or hand out keys are left out. */
export const adminRights: RightSet = new Set(universalAdminRights);

/** The rights with all that they imply. */
export function withImplied(rights: Iterable<Right>): RightSet {
  return impliedRights(rights);
}

const ofOwned = [...rightsByKind.application, ...rightsByKind.client, ...rightsByKind.gateway];

const potential: Readonly<Record<EntityType, RightSet>> = {
  application: new Set(rightsByKind.application),
  gateway: new Set(rightsByKind.gateway),
  client: new Set(rightsByKind.client),
  organization: new Set([...ofOwned, ...rightsByKind.organization]),
  user: new Set([...ofOwned, ...rightsByKind.organization, ...rightsByKind.user]),
};

/** What rights can mean anything on an entity: an account's include those on what it owns. */
export function potentialRights(type: EntityType): RightSet {
  return potential[type];
}

export function sortedRights(rights: Iterable<Right>): Right[] {
  return [...rights].sort((a, b) => a - b);
}
