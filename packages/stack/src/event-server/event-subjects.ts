import type { EntityIdentifiers } from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import type { EventSubject } from "../events/events.ts";
import type { EntityReferenceInTenant, Requirement } from "../rpc/service.ts";

const errors = defineErrors("pkg/events/grpc");
export const noIdentifiers = errors.invalidArgument("no_identifiers", "no identifiers");
const tooManyIdentifiers = defineErrors("skylark/event-server").invalidArgument(
  "too_many_identifiers",
  "more than {maximum} identifiers",
);

const maximumIdentifiers = 1000;

/** Whoever listens to entities holds at least one right on each. */
export function rightsToListen(identifiers: readonly EntityIdentifiers[]): Requirement {
  if (identifiers.length > maximumIdentifiers) throw tooManyIdentifiers({ maximum: maximumIdentifiers });
  const requirements = identifiers.map(
    ({ ids }): Requirement => ({ kind: "anyRight", entity: entityIdentified(ids) }),
  );
  return { kind: "allOf", requirements };
}

function entityIdentified(ids: EntityIdentifiers["ids"]): EntityReferenceInTenant {
  switch (ids.case) {
    case "applicationIds":
      return { type: "application", id: ids.value.applicationId };
    case "deviceIds":
      return { type: "application", id: ids.value.applicationIds?.applicationId ?? "" };
    case "gatewayIds":
      return { type: "gateway", id: ids.value.gatewayId };
    case "userIds":
      return { type: "user", id: ids.value.userId };
    case "organizationIds":
      return { type: "organization", id: ids.value.organizationId };
    case "clientIds":
      return { type: "client", id: ids.value.clientId };
    case undefined:
      throw noIdentifiers();
  }
}

/** What identifiers of the API mean in a tenant. */
export function subjectIdentified(tenantId: string, { ids }: EntityIdentifiers): EventSubject {
  switch (ids.case) {
    case "applicationIds":
      return { kind: "application", ids: { tenantId, applicationId: ids.value.applicationId } };
    case "deviceIds": {
      const applicationId = ids.value.applicationIds?.applicationId ?? "";
      return { kind: "device", ids: { tenantId, applicationId, deviceId: ids.value.deviceId } };
    }
    case "gatewayIds":
      return { kind: "gateway", ids: { tenantId, gatewayId: ids.value.gatewayId } };
    case "userIds":
      return { kind: "user", tenantId, userId: ids.value.userId };
    case "organizationIds":
      return { kind: "organization", tenantId, organizationId: ids.value.organizationId };
    case "clientIds":
      return { kind: "client", tenantId, clientId: ids.value.clientId };
    case undefined:
      throw noIdentifiers();
  }
}

/** The entity whose rights show an event about a subject. */
export function entityOf(subject: EventSubject): EntityReferenceInTenant {
  switch (subject.kind) {
    case "application":
    case "device":
      return { type: "application", id: subject.ids.applicationId };
    case "gateway":
      return { type: "gateway", id: subject.ids.gatewayId };
    case "user":
      return { type: "user", id: subject.userId };
    case "organization":
      return { type: "organization", id: subject.organizationId };
    case "client":
      return { type: "client", id: subject.clientId };
  }
}
