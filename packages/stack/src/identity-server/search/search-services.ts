import type { ServiceImplementation } from "../../rpc/service.ts";
import type { EndDevices } from "../devices/end-devices.ts";
import type { Registries } from "../registries/registries.ts";
import { createAccountSearch } from "./account-search.ts";
import { endDeviceRegistrySearch, type FindDevicesByAddress } from "./end-device-search.ts";
import { entityRegistrySearch } from "./entity-search.ts";
import { createSearchStore } from "./search-store.ts";

export function searchServices(
  registries: Registries,
  endDevices: Pick<EndDevices, "find">,
  findByAddress: FindDevicesByAddress = async () => [],
): readonly ServiceImplementation[] {
  const search = createSearchStore(registries.store);
  return [
    entityRegistrySearch(registries, search, createAccountSearch(registries.store)),
    endDeviceRegistrySearch({ search, endDevices, findByAddress }),
  ];
}
