import { timestampMs } from "@skylark/api";
import type { EUI64 } from "@skylark/lorawan";
import { ConfigurationError } from "../../config/load.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import { defineEvent } from "../../events/events.ts";
import { untilCurrent } from "../../store/staged-transaction.ts";
import { readEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import { knownStatement, numberOf } from "../storage/rows.ts";
import { type EuiBlock, euiAt } from "./eui-block.ts";

const notEnabled = defineErrors("pkg/identityserver").invalidArgument(
  "dev_eui_issuing_not_enabled",
  "this installation has no block to issue DevEUIs from",
);
const storeErrors = defineErrors("pkg/identityserver/store");
const limitReached = storeErrors.failedPrecondition(
  "application_dev_eui_limit_reached",
  "the application was issued all of its {dev_eui_limit} DevEUIs",
);
const noneLeft = storeErrors.failedPrecondition(
  "no_eui_or_block_available",
  "all DevEUIs of the block are issued",
);

const devEuiIssued = defineEvent("application.issue_dev_eui", "issue DevEUI for application", [
  "RIGHT_APPLICATION_INFO",
]);

export interface DevEuiIssuing {
  /** Undefined when issuing is off. */
  readonly block: EuiBlock | undefined;
  readonly initialCounter: number;
  /** Of each application; 0 is without limit. */
  readonly applicationLimit: number;
}

/** Options `is.dev-eui-block.*`. */
export function devEuiIssuing(configuration: {
  readonly "is.dev-eui-block.enabled": boolean;
  readonly "is.dev-eui-block.prefix": EuiBlock | undefined;
  readonly "is.dev-eui-block.init-counter": number;
  readonly "is.dev-eui-block.application-limit": number;
}): DevEuiIssuing {
  const enabled = configuration["is.dev-eui-block.enabled"];
  const block = configuration["is.dev-eui-block.prefix"];
  if (enabled && block === undefined) {
    throw new ConfigurationError("is.dev-eui-block.enabled needs is.dev-eui-block.prefix");
  }
  return {
    block: enabled ? block : undefined,
    initialCounter: configuration["is.dev-eui-block.init-counter"],
    applicationLimit: configuration["is.dev-eui-block.application-limit"],
  };
}

/** Issues DevEUIs, none of them twice. */
export type IssueDevEui = (application: EntityReference) => Promise<EUI64>;

/** The block belongs to the installation, not to a tenant. */
const installation = "";
const begin = knownStatement(
  `INSERT INTO dev_eui_blocks (tenant_id, prefix, next_counter) VALUES (?, ?, ?)
   ON CONFLICT (tenant_id, prefix) DO NOTHING`,
);
const read = knownStatement("SELECT next_counter FROM dev_eui_blocks WHERE tenant_id = ? AND prefix = ?");
const advance = knownStatement(
  "UPDATE dev_eui_blocks SET next_counter = ? WHERE tenant_id = ? AND prefix = ? AND next_counter = ?",
);

export function createDevEuiIssuer(
  registries: Pick<Registries, "store" | "applications" | "entityChanged" | "events">,
  { block, initialCounter, applicationLimit }: DevEuiIssuing,
): IssueDevEui {
  const { store, applications } = registries;

  const issue = async (known: EuiBlock, application: EntityReference): Promise<EUI64> => {
    const stored = await readEntity(applications, application);
    const { devEuiCounter } = stored.message;
    if (applicationLimit > 0 && devEuiCounter >= applicationLimit) {
      throw limitReached({ dev_eui_limit: applicationLimit });
    }
    const [row] = await store.query(read, installation, known.text);
    const counter = row === undefined ? initialCounter : numberOf(row, "next_counter");
    if (counter >= known.size) throw noneLeft();
    const message = { ...stored.message, devEuiCounter: devEuiCounter + 1 };
    const { tenantId, id } = application;
    await store.transact((writer) => {
      writer.run(begin, installation, known.text, initialCounter);
      writer.runExpectingRow(advance, counter + 1, installation, known.text, counter);
      // Nobody edited the application: it keeps the time at which somebody last did.
      const at = message.updatedAt === undefined ? 0 : timestampMs(message.updatedAt);
      applications.entities.update(writer, tenantId, id, { stored, message, at });
    });
    return euiAt(known, counter);
  };

  let last: Promise<unknown> = Promise.resolve();
  return async (application) => {
    if (block === undefined) throw notEnabled();
    // One after another: in this process nobody else changes the counter, and requests need not retry.
    const issued = last.then(() => untilCurrent(() => issue(block, application)));
    last = issued.catch(() => {});
    const eui = await issued.finally(() => registries.entityChanged(application));
    const { tenantId, id } = application;
    registries.events.publish(devEuiIssued, { kind: "application", ids: { tenantId, applicationId: id } });
    return eui;
  };
}
