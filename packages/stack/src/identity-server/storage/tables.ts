import { ApplicationSchema, GatewaySchema, UserSchema } from "@skylark/api";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import type { EntityTable } from "./entity-store.ts";

export const applicationTable: EntityTable<typeof ApplicationSchema> = {
  table: "applications",
  idColumn: "application_id",
  schema: ApplicationSchema,
  columns: {},
  name: (application) => application.name,
  orders: { application_id: "application_id", name: "name", created_at: "created_at" },
};

export const gatewayTable: EntityTable<typeof GatewaySchema> = {
  table: "gateways",
  idColumn: "gateway_id",
  schema: GatewaySchema,
  columns: { eui: (gateway, deleted) => (deleted ? null : (euiOfBytes(gateway.ids?.eui) ?? null)) },
  name: (gateway) => gateway.name,
  orders: { gateway_id: "gateway_id", gateway_eui: "eui", name: "name", created_at: "created_at" },
};

export const userTable: EntityTable<typeof UserSchema> = {
  table: "users",
  idColumn: "user_id",
  schema: UserSchema,
  columns: {
    email: (user) => user.primaryEmailAddress,
    state: (user) => user.state,
    admin: (user) => (user.admin ? 1 : 0),
  },
  name: (user) => user.name,
  orders: {
    user_id: "user_id",
    name: "name",
    primary_email_address: "email",
    state: "state",
    admin: "admin",
    created_at: "created_at",
  },
};
