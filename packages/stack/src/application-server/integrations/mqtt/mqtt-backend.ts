import type { Clock } from "../../../clock/clock.ts";
import type { ApplicationIdentifiers } from "../../../domain/identifiers.ts";
import { v3IdOf } from "../../../domain/v2-identifiers.ts";
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
import { isV2AccessKey, readV2AccessKey } from "./v2/access-keys.ts";
import { dialectOf } from "./v2/dialect.ts";
import type { V2Feeds } from "./v2/v2-feeds.ts";

const errors = defineErrors("pkg/applicationserver/io/mqtt");
const invalidUserName = errors.invalidArgument(
  "invalid_user_name",
  "user name must be an application identifier, with `@` and the tenant where there are several",
);
const noMqttRights = errors.permissionDenied(
  "no_rights",
  "the key neither gives messages to read nor lets downlinks be sent",
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
  readonly identity: Pick<
    IdentityServer,
    "authenticateApplication" | "applicationAttributes" | "deviceProfile"
  >;
  readonly userNames: UserNames;
  readonly feeds: MessageFeeds;
  readonly v2Feeds: V2Feeds;
  readonly sessions: SessionStore;
  readonly downlinks: DownlinkQueue;
}

const mqttRights = ["RIGHT_APPLICATION_TRAFFIC_READ", "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"];
const applicationIdPattern = /^[a-z0-9](?:-?[a-z0-9]){2,35}$/;

/** Lets applications in with an API key as password. */
export function createMqttBackend(context: MqttBackendContext): Backend {
  return {
    async authenticate(request): Promise<Client | Refusal> {
      const password = request.password === undefined ? "" : Buffer.from(request.password).toString();
      let ids: ApplicationIdentifiers | undefined;
      try {
        ids = applicationOf(context.userNames, request.username);
        if (password === "") throw noPassword();
        return await login(context, ids, request, password);
      } catch (error) {
        if (ids !== undefined) publishError(context.events, connectFailed, ids, error);
        return new Refusal(refusalCode(context.log, error, password));
      }
    },
  };
}

function applicationOf(userNames: UserNames, username: string | undefined): ApplicationIdentifiers {
  if (username === undefined) throw invalidUserName();
  const { tenantId, id } = userNames.parseUid(username);
  const applicationId = v3IdOf(id);
  if (applicationId === undefined || !applicationIdPattern.test(applicationId)) throw invalidUserName();
  return { tenantId, applicationId };
}

async function login(
  context: MqttBackendContext,
  ids: ApplicationIdentifiers,
  request: ConnectRequest,
  password: string,
): Promise<Client> {
  const { identity } = context;
  const apiKey = readV2AccessKey(password);
  const authenticate = () => identity.authenticateApplication(ids, apiKey, request.remoteAddress);
  const access = await authenticate();
  const isV2 = isV2AccessKey(password);
  if (isV2 && !mqttRights.some((right) => access.rights.has(right))) throw noMqttRights();
  const name = { ids, userName: request.username!, clientId: request.clientId };
  const dialect = dialectOf(await identity.applicationAttributes(ids));
  // Only a client of V2 writes these; `#` of any other is for what it has had since V3.
  const prefersV2 = isV2 || dialect !== undefined || idOf(name.userName) !== ids.applicationId;
  return new ApplicationClient(context, {
    name,
    topics: v3Topics,
    v2: { dialect: dialect ?? "superset", prefersV2 },
    authenticate,
    access,
  });
}

/** Without the tenant. */
function idOf(userName: string): string {
  const at = userName.lastIndexOf("@");
  return at < 0 ? userName : userName.slice(0, at);
}

function refusalCode(log: Logger, error: unknown, password: string): Refusal["code"] {
  if (!(error instanceof SkylarkError)) {
    log.error("an MQTT login could not be checked", { error });
    return connectReturnCodes.serverUnavailable;
  }
  if (error.code === statusCodes.resourceExhausted || error.code === statusCodes.unavailable) {
    return connectReturnCodes.serverUnavailable;
  }
  return isV2AccessKey(password)
    ? connectReturnCodes.badUserNameOrPassword
    : connectReturnCodes.notAuthorized;
}
