import { v2 } from "@skylark/api";
import { euiOfBytes } from "../domain/identifier-bytes.ts";
import { v3IdOf } from "../domain/v2-identifiers.ts";
import { anyone, implement, type ServiceImplementation, type ServiceMethods } from "../rpc/service.ts";
import {
  type AnnouncementSource,
  announcement,
  componentId,
  type ServiceName,
  serviceNames,
} from "./announcements.ts";
import { invalidArgument, notFound, permissionDenied } from "./errors.ts";
import type { Directory } from "./peers.ts";

const requires = () => anyone;

/** One installation is every component at once, and announces nothing but itself. */
export function discovery(source: AnnouncementSource, directory: Directory): ServiceImplementation {
  return implement(v2.Discovery, { ...lookUps(source), ...ownerLookUps(source, directory), ...refusals() });
}

type Methods = ServiceMethods<typeof v2.Discovery>;

function isServiceName(name: string): name is ServiceName {
  return (serviceNames as readonly string[]).includes(name);
}

function lookUps(source: AnnouncementSource): Pick<Methods, "getAll" | "get"> {
  return {
    getAll: {
      requires,
      handle: ({ serviceName }, context) => ({
        services: isServiceName(serviceName)
          ? [announcement(source, serviceName, context.header("host"))]
          : [],
      }),
    },
    get: {
      requires,
      handle({ serviceName, id }, context) {
        if (!isServiceName(serviceName) || id !== componentId(serviceName)) {
          throw notFound(`${serviceName || "service"}/${id}`);
        }
        return announcement(source, serviceName, context.header("host"));
      },
    },
  };
}

function ownerLookUps(
  source: AnnouncementSource,
  directory: Directory,
): Pick<Methods, "getByAppID" | "getByGatewayID" | "getByAppEUI"> {
  return {
    getByAppID: {
      requires,
      async handle({ appId }, context) {
        const applicationId = v3IdOf(appId);
        const ids = { tenantId: context.tenantId, applicationId: applicationId ?? "" };
        const isKnown =
          applicationId !== undefined && (await directory.applicationAttributes(ids)) !== undefined;
        if (!isKnown) throw notFound(`Handler for Application "${appId}"`);
        return announcement(source, "handler", context.header("host"));
      },
    },
    getByGatewayID: {
      requires,
      async handle({ gatewayId }, context) {
        if (!(await directory.gatewayExists({ tenantId: context.tenantId, gatewayId }))) {
          throw notFound(`Router for Gateway "${gatewayId}"`);
        }
        return announcement(source, "router", context.header("host"));
      },
    },
    getByAppEUI: {
      requires,
      async handle({ appEui }, context) {
        if (appEui.length !== 8) throw invalidArgument("AppEUI", `has ${appEui.length} bytes instead of 8`);
        const joinEui = euiOfBytes(appEui);
        if (joinEui === undefined || !(await directory.joinEuiInUse(context.tenantId, joinEui))) {
          throw notFound(`Handler for AppEUI ${joinEui}`);
        }
        return announcement(source, "handler", context.header("host"));
      },
    },
  };
}

function refusals(): Pick<Methods, "announce" | "addMetadata" | "deleteMetadata"> {
  const refused = {
    requires,
    handle(): never {
      throw permissionDenied("this installation announces itself, and takes no other components");
    },
  };
  return { announce: refused, addMetadata: refused, deleteMetadata: refused };
}
