import { v2 } from "@skylark/api";
import { implement, type ServiceImplementation } from "../rpc/service.ts";
import type { AnnouncementSource } from "./announcements.ts";
import { applicationMethods } from "./applications.ts";
import { devAddrManager } from "./device-addresses.ts";
import { deviceMethods } from "./devices.ts";
import { discovery } from "./discovery.ts";
import type { HandlerParts } from "./handler-parts.ts";
import { handlerManager } from "./handler-status.ts";
import { trialMethods } from "./trials.ts";

/** What is served on the handler's port. */
export function handlerServices(parts: HandlerParts): readonly ServiceImplementation[] {
  return [
    implement(v2.ApplicationManager, {
      ...applicationMethods(parts),
      ...deviceMethods(parts),
      ...trialMethods(parts),
    }),
    handlerManager(parts.caller),
    devAddrManager(parts.caller),
  ];
}

/** What is served on the discovery server's port. */
export function discoveryServices(
  source: AnnouncementSource,
  { directory }: Pick<HandlerParts, "directory">,
): readonly ServiceImplementation[] {
  return [discovery(source, directory)];
}
