import {
  ApplicationActivationSettingRegistry,
  ApplicationActivationSettingsSchema,
  assign,
  create,
  pick,
  Right,
} from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import { application, implement, type Requirement, type ServiceImplementation } from "../rpc/service.ts";
import type { ActivationSettingsStore } from "./storage/activation-settings-store.ts";

const errors = defineErrors("pkg/joinserver");
const settingsNotFound = errors.notFound(
  "application_activation_settings_not_found",
  "application activation settings not found",
);
const invalidFieldMask = errors.invalidArgument("field_mask", "invalid field mask");
const noPaths = errors.invalidArgument("no_paths", "no paths specified");
const noKekLabel = errors.invalidArgument("no_kek_label", "no KEK label specified");
const fieldValue = errors.invalidArgument("field_value", "invalid value of field `{field}`");

interface ApplicationRequest {
  readonly applicationIds?: { readonly applicationId: string } | undefined;
}

const writeKeys = ({ applicationIds }: ApplicationRequest): Requirement =>
  application(
    applicationIds?.applicationId,
    Right.APPLICATION_DEVICES_READ_KEYS,
    Right.APPLICATION_DEVICES_WRITE_KEYS,
  );

/** How the devices of an application are activated where other networks and Application Servers are concerned. */
export function activationSettingsRegistry(settings: ActivationSettingsStore): ServiceImplementation {
  const idsOf = (tenantId: string, { applicationIds }: ApplicationRequest) => ({
    tenantId,
    applicationId: applicationIds?.applicationId ?? "",
  });
  return implement(ApplicationActivationSettingRegistry, {
    get: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_READ_KEYS),
      async handle(request, { tenantId }) {
        const stored = await settings.get(idsOf(tenantId, request));
        if (stored === undefined) throw settingsNotFound();
        return pick(ApplicationActivationSettingsSchema, stored, request.fieldMask?.paths ?? []);
      },
    },
    set: {
      requires: writeKeys,
      async handle(request, { tenantId }) {
        const paths = request.fieldMask?.paths ?? [];
        const given = request.settings ?? create(ApplicationActivationSettingsSchema);
        if (paths.length === 0) throw invalidFieldMask({}, { cause: noPaths() });
        if (given.kek !== undefined && paths.some((path) => path === "kek" || path === "kek.key")) {
          if (given.kek.key.every((byte) => byte === 0)) throw fieldValue({ field: "kek.key" });
          if (!paths.includes("kek_label")) throw invalidFieldMask({}, { cause: noKekLabel() });
          if (given.kekLabel === "") throw noKekLabel();
        }
        const ids = idsOf(tenantId, request);
        const before = (await settings.get(ids)) ?? create(ApplicationActivationSettingsSchema);
        const after = assign(ApplicationActivationSettingsSchema, before, given, paths);
        await settings.set(ids, after);
        return pick(ApplicationActivationSettingsSchema, after, paths);
      },
    },
    delete: {
      requires: writeKeys,
      async handle(request, { tenantId }) {
        const ids = idsOf(tenantId, request);
        if ((await settings.get(ids)) === undefined) throw settingsNotFound();
        await settings.delete(ids);
        return {};
      },
    },
  });
}
