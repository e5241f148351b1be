import {
  type ApplicationIdentifiers as ApplicationIdentifiersMessage,
  ApplicationLinkSchema,
  As,
  AsConfiguration_PubSub_Providers_Status,
  assign,
  create,
  type MessageShape,
  pick,
  Right,
} from "@skylark/api";
import { entityNotFound } from "../../domain/entity-not-found.ts";
import type { ApplicationIdentifiers } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  application,
  authenticated,
  type CallContext,
  implement,
  type ServiceImplementation,
} from "../../rpc/service.ts";
import { commit } from "../../store/store.ts";
import type { ApplicationLink } from "../end-device.ts";
import { formattersMessage, formattersOf } from "./device-conversion.ts";
import type { ServiceContext } from "./service-context.ts";

const linkingNotImplemented = defineErrors("pkg/applicationserver").unimplemented(
  "linking_not_implemented",
  "linking is not implemented",
);

export function applicationIdsOf(
  tenantId: string,
  ids: ApplicationIdentifiersMessage | undefined,
): ApplicationIdentifiers {
  return { tenantId, applicationId: ids?.applicationId ?? "" };
}

function linkMessage(link: ApplicationLink): MessageShape<typeof ApplicationLinkSchema> {
  const { defaultFormatters, skipPayloadCrypto } = link;
  return create(ApplicationLinkSchema, {
    ...(defaultFormatters !== undefined && { defaultFormatters: formattersMessage(defaultFormatters) }),
    ...(skipPayloadCrypto !== undefined && { skipPayloadCrypto }),
  });
}

function linkOf({
  defaultFormatters,
  skipPayloadCrypto,
}: MessageShape<typeof ApplicationLinkSchema>): ApplicationLink {
  return {
    ...(defaultFormatters !== undefined && { defaultFormatters: formattersOf(defaultFormatters) }),
    ...(skipPayloadCrypto !== undefined && { skipPayloadCrypto }),
  };
}

/** Of the time when Application Servers were linked by hand: clients may still name them. */
const deprecatedPaths = new Set(["api_key", "network_server_address", "tls"]);

function currentPaths(paths: readonly string[] = [], context: Pick<CallContext, "warn">): readonly string[] {
  const deprecated = paths.filter((path) => deprecatedPaths.has(path));
  for (const path of deprecated) context.warn(`field ${path} is deprecated`);
  return paths.filter((path) => !deprecatedPaths.has(path));
}

export function linkService({ links, store }: ServiceContext): ServiceImplementation {
  const settings = (ids: ApplicationIdentifiersMessage | undefined) =>
    application(ids?.applicationId, Right.APPLICATION_SETTINGS_BASIC);
  return implement(As, {
    getLink: {
      requires: ({ applicationIds }) => settings(applicationIds),
      async handle({ applicationIds, fieldMask }, context) {
        const link = await links.load(applicationIdsOf(context.tenantId, applicationIds));
        if (link === undefined) throw entityNotFound();
        return pick(ApplicationLinkSchema, linkMessage(link), currentPaths(fieldMask?.paths, context));
      },
    },
    setLink: {
      requires: ({ applicationIds }) => settings(applicationIds),
      async handle({ applicationIds, link, fieldMask }, context) {
        const ids = applicationIdsOf(context.tenantId, applicationIds);
        const before = linkMessage((await links.load(ids)) ?? {});
        const paths = currentPaths(fieldMask?.paths, context);
        const after = assign(ApplicationLinkSchema, before, link ?? create(ApplicationLinkSchema), paths);
        await commit(store, [links.stage(ids, linkOf(after))]);
        return pick(ApplicationLinkSchema, after, paths);
      },
    },
    deleteLink: {
      requires: settings,
      async handle(message, { tenantId }) {
        await commit(store, [links.stageDelete(applicationIdsOf(tenantId, message))]);
        return {};
      },
    },
    getLinkStats: {
      requires: (ids) => application(ids.applicationId, Right.APPLICATION_LINK),
      handle() {
        throw linkingNotImplemented();
      },
    },
    getConfiguration: {
      requires: () => authenticated,
      handle() {
        const { DISABLED } = AsConfiguration_PubSub_Providers_Status;
        return { configuration: { pubsub: { providers: { mqtt: DISABLED, nats: DISABLED } } } };
      },
    },
  });
}
