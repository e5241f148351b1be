import { EndDeviceRegistrySearch, EndDeviceSchema, pick, Right } from "@skylark/api";
import type { ApplicationIdentifiers } from "../../domain/identifiers.ts";
import { application, implement, type ServiceImplementation } from "../../rpc/service.ts";
import type { EndDevices } from "../devices/end-devices.ts";
import { filterOf, pathsOf } from "./entity-search.ts";
import type { SearchStore } from "./search-store.ts";

/** Which devices have a session with an address that contains these digits; the Network Server knows. */
export type FindDevicesByAddress = (
  application: ApplicationIdentifiers,
  digits: string,
) => Promise<readonly string[]>;

/** A few digits can be in very many addresses; whoever wants to find something gives more of them. */
const mostByAddress = 8192;

export interface EndDeviceSearchParts {
  readonly search: SearchStore;
  readonly endDevices: Pick<EndDevices, "find">;
  readonly findByAddress: FindDevicesByAddress;
}

export function endDeviceRegistrySearch({
  search,
  endDevices,
  findByAddress,
}: EndDeviceSearchParts): ServiceImplementation {
  return implement(EndDeviceRegistrySearch, {
    searchEndDevices: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_READ),
      async handle(request, context) {
        const { tenantId } = context;
        const applicationId = request.applicationIds?.applicationId ?? "";
        const { devEuiContains, joinEuiContains, devAddrContains } = request;
        const ids =
          devAddrContains === ""
            ? undefined
            : (await findByAddress({ tenantId, applicationId }, devAddrContains.toUpperCase())).slice(
                0,
                mostByAddress,
              );
        const { items, total } = await search.find(
          {
            tenantId,
            type: "device",
            applicationId,
            deleted: false,
            memberId: undefined,
            ...(ids === undefined ? {} : { ids }),
          },
          { ...filterOf({ ...request, deleted: false }), euiContains: devEuiContains, joinEuiContains },
          request,
        );
        context.setTotalCount(total);
        const paths = pathsOf({ ...request, deleted: false });
        const found = await Promise.all(
          items.map((deviceId) => endDevices.find({ tenantId, applicationId, deviceId })),
        );
        return {
          endDevices: found
            .filter((device) => device !== undefined)
            .map((device) => pick(EndDeviceSchema, device, paths)),
        };
      },
    },
  });
}
