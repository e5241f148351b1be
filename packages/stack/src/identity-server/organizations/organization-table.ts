import { OrganizationSchema } from "@skylark/api";
import type { EntityTable } from "../storage/entity-store.ts";

export const organizationTable: EntityTable<typeof OrganizationSchema> = {
  table: "organizations",
  idColumn: "organization_id",
  schema: OrganizationSchema,
  columns: { description: (organization) => organization.description },
  name: (organization) => organization.name,
  orders: { organization_id: "organization_id", name: "name", created_at: "created_at" },
};
