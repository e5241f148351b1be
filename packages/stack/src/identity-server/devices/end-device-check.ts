import { EndDeviceCheck, Right } from "@skylark/api";
import { requestedDevice } from "../../rpc/end-device-registries.ts";
import { application, implement, type ServiceImplementation } from "../../rpc/service.ts";
import type { DeviceServers } from "../peers.ts";
import type { Registries } from "../registries/registries.ts";
import type { Cascade } from "./cascade.ts";
import { findingsOf, isComplete } from "./end-device-findings.ts";

interface Parts {
  readonly registries: Pick<Registries, "applications" | "gateways">;
  readonly cascade: Pick<Cascade, "find">;
  readonly deviceServers: () => DeviceServers;
}

/** Whether the servers that share a device agree about it, in words. */
export function endDeviceCheck({ registries, cascade, deviceServers }: Parts): ServiceImplementation {
  return implement(EndDeviceCheck, {
    check: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_READ),
      async handle(request, { tenantId }) {
        const key = requestedDevice(tenantId, request);
        const { joinServer, networkServer } = deviceServers();
        const [parts, stored, gatewayPlans] = await Promise.all([
          cascade.find(key),
          registries.applications.entities.get(tenantId, key.applicationId),
          plansOfGateways(registries, tenantId),
        ]);
        const findings = findingsOf({
          parts,
          application: stored?.message,
          gatewayPlans,
          ownsDevAddr: (devAddr) => networkServer.ownsDevAddr(devAddr),
          answersForJoinEui: (joinEui) => joinServer.answersForJoinEui(joinEui),
        });
        const ids = (
          parts.networkServer ??
          parts.identityServer ??
          parts.joinServer ??
          parts.applicationServer
        )?.ids;
        return {
          endDeviceIds: ids ?? request,
          complete: isComplete(findings),
          present: {
            identityServer: parts.identityServer !== undefined,
            joinServer: parts.joinServer !== undefined,
            networkServer: parts.networkServer !== undefined,
            applicationServer: parts.applicationServer !== undefined,
          },
          findings: [...findings],
        };
      },
    },
  });
}

/** Enough to know what is used; the check is for people, who have few plans. */
const gatewaysLookedAt = 1000;

async function plansOfGateways(
  { gateways }: Pick<Registries, "gateways">,
  tenantId: string,
): Promise<ReadonlySet<string>> {
  const selection = { deleted: false, updatedSince: 0 };
  const page = { limit: gatewaysLookedAt, page: 1, order: "" };
  const { items } = await gateways.entities.list(tenantId, selection, page);
  return new Set(
    items.flatMap(({ frequencyPlanIds, frequencyPlanId }) =>
      [...frequencyPlanIds, frequencyPlanId].filter((id) => id !== ""),
    ),
  );
}
