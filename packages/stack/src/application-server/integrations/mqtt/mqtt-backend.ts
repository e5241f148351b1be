import type { Clock } from "../../../clock/clock.ts";
import type { ApplicationIdentifiers } from "../../../domain/identifiers.ts";
import { defineErrors, SkylarkError, statusCodes } from "../../../errors/errors.ts";
import type { EventPublisher } from "../../../events/events.ts";
import type { Logger } from "../../../log/log.ts";
import { type Backend, type Client, type ConnectRequest, Refusal } from "../../../mqtt/backend.ts";
import { connectReturnCodes } from "../../../mqtt/packet-encoding.ts";
import type { Store } from "../../../store/store.ts";
import type { IdentityServer } from "../../peers.ts";
import { ApplicationClient } from "./application-client.ts";
import type { DownlinkQueue } from "./downlink-queue.ts";
import type { MessageFeeds } from "./message-feeds.ts";
import { connectFailed, publishError } from "./mqtt-events.ts";
import type { SessionStore } from "./session-store.ts";
import { v3Topics } from "./topics.ts";

const errors = defineErrors("pkg/applicationserver/io/mqtt");
const invalidUserName = errors.invalidArgument(
  "invalid_user_name",
  "user name must be an application identifier, with `@` and the tenant where there are several",
);
const noPassword = errors.unauthenticated("no_password", "an API key is needed as password");

/** How user names tell application and tenant: `app1`, or `app1@tenant1`. */
export interface UserNames {
  /** Throws on a tenant that does not exist. */
  parseUid(uid: string): { readonly tenantId: string; readonly id: string };
}

export interface MqttBackendContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventPublisher;
  readonly identity: Pick<IdentityServer, "authenticateApplication">;
  readonly userNames: UserNames;
  readonly feeds: MessageFeeds;
  readonly sessions: SessionStore;
  readonly downlinks: DownlinkQueue;
}

const applicationIdPattern = /^[a-z0-9](?:-?[a-z0-9]){2,35}$/;
const maxApplicationIdLength = 36;
/** Access keys of V2 begin so; its clients know only one code for a refused key. */
const v2AccessKeyPrefix = "ttn-account";

/** Lets applications in with an API key as password. */
export function createMqttBackend(context: MqttBackendContext): Backend {
  return {
    async authenticate(request): Promise<Client | Refusal> {
      const apiKey = request.password === undefined ? "" : Buffer.from(request.password).toString();
      let ids: ApplicationIdentifiers | undefined;
      try {
        ids = applicationOf(context.userNames, request.username);
        if (apiKey === "") throw noPassword();
        return await login(context, ids, request, apiKey);
      } catch (error) {
        if (ids !== undefined) publishError(context.events, connectFailed, ids, error);
        return new Refusal(refusalCode(context.log, error, apiKey));
      }
    },
  };
}

function applicationOf(userNames: UserNames, username: string | undefined): ApplicationIdentifiers {
  if (username === undefined) throw invalidUserName();
  const { tenantId, id } = userNames.parseUid(username);
  if (id.length > maxApplicationIdLength || !applicationIdPattern.test(id)) throw invalidUserName();
  return { tenantId, applicationId: id };
}

async function login(
  context: MqttBackendContext,
  ids: ApplicationIdentifiers,
  request: ConnectRequest,
  apiKey: string,
): Promise<Client> {
  const authenticate = () => context.identity.authenticateApplication(ids, apiKey, request.remoteAddress);
  const rights = await authenticate();
  const name = { ids, userName: request.username!, clientId: request.clientId };
  return new ApplicationClient(context, { name, topics: v3Topics, authenticate, rights });
}

function refusalCode(log: Logger, error: unknown, apiKey: string): Refusal["code"] {
  if (!(error instanceof SkylarkError)) {
    log.error("an MQTT login could not be checked", { error });
    return connectReturnCodes.serverUnavailable;
  }
  if (error.code === statusCodes.resourceExhausted || error.code === statusCodes.unavailable) {
    return connectReturnCodes.serverUnavailable;
  }
  return apiKey.startsWith(v2AccessKeyPrefix)
    ? connectReturnCodes.badUserNameOrPassword
    : connectReturnCodes.notAuthorized;
}
