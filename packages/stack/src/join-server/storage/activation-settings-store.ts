import {
  type ApplicationActivationSettings,
  ApplicationActivationSettingsSchema,
  fromBinary,
  toBinary,
} from "@skylark/api";
import type { KeyVault } from "../../component/key-vault.ts";
import type { ApplicationIdentifiers } from "../../domain/identifiers.ts";
import { type Store, statement } from "../../store/store.ts";

const where = "WHERE tenant_id = ? AND application_id = ?";
const select = statement(`SELECT settings, kek FROM js_activation_settings ${where}`);
const upsert = statement(
  `INSERT INTO js_activation_settings (tenant_id, application_id, settings, kek) VALUES (?, ?, ?, ?)
   ON CONFLICT (tenant_id, application_id) DO UPDATE SET settings = excluded.settings, kek = excluded.kek`,
);
const remove = statement(`DELETE FROM js_activation_settings ${where}`);

export interface ActivationSettingsStore {
  get(ids: ApplicationIdentifiers): Promise<ApplicationActivationSettings | undefined>;
  set(ids: ApplicationIdentifiers, settings: ApplicationActivationSettings): Promise<void>;
  delete(ids: ApplicationIdentifiers): Promise<void>;
}

/** The key is sealed and lies apart from the rest. */
export function createActivationSettingsStore(store: Store, vault: KeyVault): ActivationSettingsStore {
  return {
    async get({ tenantId, applicationId }) {
      const [row] = await store.query(select, tenantId, applicationId);
      if (row === undefined) return undefined;
      const settings = fromBinary(ApplicationActivationSettingsSchema, row.settings as Uint8Array);
      if (row.kek !== null && settings.kek !== undefined)
        settings.kek.key = vault.open(row.kek as Uint8Array);
      return settings;
    },
    set({ tenantId, applicationId }, settings) {
      const { kek } = settings;
      const key = kek === undefined || kek.key.length === 0 ? null : vault.seal(kek.key);
      const open = { ...settings, ...(kek === undefined ? {} : { kek: { ...kek, key: new Uint8Array(0) } }) };
      const bytes = toBinary(ApplicationActivationSettingsSchema, open);
      return store.write((writer) => writer.run(upsert, tenantId, applicationId, bytes, key));
    },
    delete: ({ tenantId, applicationId }) =>
      store.write((writer) => writer.run(remove, tenantId, applicationId)),
  };
}
