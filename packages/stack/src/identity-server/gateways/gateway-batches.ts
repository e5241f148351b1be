import {
  create,
  type Gateway,
  GatewayBatchAccess,
  GatewayBatchRegistry,
  type GatewayIdentifiers,
  GatewayIdentifiersListSchema,
  Right,
  toJSON,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";
import { defineEvent } from "../../events/events.ts";
import { authenticated, type CallContext, implement, type ServiceImplementation } from "../../rpc/service.ts";
import { untilCurrent } from "../../store/staged-transaction.ts";
import { knownCaller } from "../access/authority.ts";
import { potentialRights } from "../access/right-sets.ts";
import { gatewayNotFound } from "../errors.ts";
import { readEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { StoredEntity } from "../storage/entity-store.ts";
import type { GatewayDirectory } from "./gateway-directory.ts";

const errors = defineErrors("pkg/identityserver");
const emptyRequest = errors.invalidArgument("empty_request", "no rights are named");
const nonGatewayRights = errors.invalidArgument(
  "non_gateway_rights",
  "some of the rights are not on gateways",
);
const neitherUserNorOrganization = errors.permissionDenied(
  "neither_user_nor_organization",
  "only users and organizations may do this",
);
const insufficientRights = errors.permissionDenied(
  "insufficient_rights",
  "insufficient rights on these gateways",
);
const someGatewaysNotFound = errors.notFound("some_gateways_not_found", "some of the gateways do not exist");

const gatewaysDeleted = defineEvent("gateway.batch.delete", "batch delete gateways", ["RIGHT_GATEWAY_INFO"]);

export function gatewayBatchServices(
  registries: Registries,
  directory: Pick<GatewayDirectory, "changed">,
): readonly ServiceImplementation[] {
  return [
    implement(GatewayBatchAccess, {
      assertRights: {
        requires: () => authenticated,
        async handle({ gatewayIds, required }, context) {
          const rights = new Set(required?.rights);
          if (rights.size === 0) throw emptyRequest();
          if (!rights.isSubsetOf(potentialRights("gateway"))) throw nonGatewayRights();
          await assertRights(registries, context, referencesOf(context, gatewayIds), rights);
          return {};
        },
      },
    }),
    implement(GatewayBatchRegistry, {
      delete: {
        requires: () => authenticated,
        async handle({ gatewayIds }, context) {
          const gateways = referencesOf(context, gatewayIds);
          await assertRights(registries, context, gateways, new Set([Right.GATEWAY_DELETE]));
          const deleted = await deleteGateways(registries, gateways);
          for (const [gateway, { message }] of deleted) directory.changed(gateway, message, undefined);
          publishDeleted(registries, gateways);
          return {};
        },
      },
    }),
  ];
}

/** Each once. */
function referencesOf({ tenantId }: CallContext, ids: readonly GatewayIdentifiers[]): EntityReference[] {
  return [...new Set(ids.map(({ gatewayId }) => gatewayId))].map((id) => ({ tenantId, type: "gateway", id }));
}

async function assertRights(
  { rights }: Pick<Registries, "rights">,
  context: CallContext,
  gateways: readonly EntityReference[],
  required: ReadonlySet<Right>,
): Promise<void> {
  const caller = knownCaller(context.caller);
  const type = caller.entity?.type;
  if (type !== "user" && type !== "organization") throw neitherUserNorOrganization();
  const held = await Promise.all(gateways.map((gateway) => rights.rightsOn(caller, gateway))).catch(
    (error: unknown) => {
      // Who may know that a gateway does not exist is told so of all of them together.
      if (error instanceof SkylarkError && error.definition === gatewayNotFound.definition) {
        throw someGatewaysNotFound({}, { cause: error });
      }
      throw error;
    },
  );
  if (!held.every((of) => required.isSubsetOf(of))) throw insufficientRights();
}

/** All or none. */
function deleteGateways(
  registries: Registries,
  gateways: readonly EntityReference[],
): Promise<readonly (readonly [EntityReference, StoredEntity<Gateway>])[]> {
  const { store, clock, gateways: kind } = registries;
  return untilCurrent(async () => {
    const stored = await Promise.all(
      gateways.map(async (gateway) => [gateway, await readEntity(kind, gateway)] as const),
    );
    const at = clock.now();
    try {
      await store.transact((writer) => {
        for (const [{ tenantId, id }, found] of stored) {
          const change = { stored: found, message: found.message, at, deletedAt: at };
          kind.entities.update(writer, tenantId, id, change);
        }
      });
    } finally {
      for (const gateway of gateways) registries.entityChanged(gateway);
    }
    return stored;
  });
}

function publishDeleted({ events }: Registries, gateways: readonly EntityReference[]): void {
  const list = create(GatewayIdentifiersListSchema, {
    gatewayIds: gateways.map(({ id }) => ({ gatewayId: id })),
  });
  const data = () => ({
    data: {
      typeName: GatewayIdentifiersListSchema.typeName,
      json: toJSON(GatewayIdentifiersListSchema, list),
    },
  });
  for (const { tenantId, id } of gateways) {
    events.publish(gatewaysDeleted, { kind: "gateway", ids: { tenantId, gatewayId: id } }, data);
  }
}
