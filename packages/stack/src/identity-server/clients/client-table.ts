import { ClientSchema } from "@skylark/api";
import type { EntityTable } from "../storage/entity-store.ts";

/** Messages are stored with an empty `secret`: its hash lies in `client_secrets`. */
export const clientTable: EntityTable<typeof ClientSchema> = {
  table: "clients",
  idColumn: "client_id",
  schema: ClientSchema,
  columns: { description: (client) => client.description, state: (client) => client.state },
  name: (client) => client.name,
  orders: { client_id: "client_id", name: "name", created_at: "created_at" },
};
