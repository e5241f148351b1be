import { create, State, TenantSchema, timestampFromMs } from "@skylark/api";
import { type Clock, systemClock } from "../../clock/clock.ts";
import type { Store } from "../../store/store.ts";
import type { TenantDirectory } from "../tenancy.ts";
import { createTenantStore, stateOf } from "./tenant-store.ts";

/** Brings the tenants of the store to memory, after adding those that the configuration names and the store lacks. */
export async function loadTenants(
  store: Store,
  tenancy: TenantDirectory,
  clock: Clock = systemClock,
): Promise<void> {
  const tenants = createTenantStore(store);
  if (!tenancy.enabled) {
    await store.write((writer) => tenants.stopCounting(writer));
    return;
  }
  const known = await tenants.standings();
  const at = clock.now();
  const stamp = timestampFromMs(at);
  const named = tenancy.tenantIds
    .filter((id) => !known.some(({ tenantId }) => tenantId === id))
    .map((tenantId) =>
      create(TenantSchema, { ids: { tenantId }, state: State.APPROVED, createdAt: stamp, updatedAt: stamp }),
    );
  await store.transact((writer) => {
    for (const tenant of named) tenants.insert(writer, tenant, at);
    for (const tenant of [...known.map((each) => each.tenant), ...named])
      tenants.beginCounting(writer, tenant);
  });
  for (const tenant of known) tenancy.tenantChanged(tenant.tenantId, stateOf(tenant));
}
