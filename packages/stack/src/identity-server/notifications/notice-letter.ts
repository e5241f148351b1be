import {
  type Any,
  APIKeySchema,
  anyUnpack,
  CollaboratorSchema,
  type CreateClientEmailMessage,
  CreateClientEmailMessageSchema,
  CreateUserRequestSchema,
  type DescMessage,
  EntityStateChangedNotificationSchema,
  type MessageShape,
} from "@skylark/api";
import type { Letter } from "../mail/letter.ts";
import {
  apiKeyLetter,
  clientRequestedLetter,
  collaboratorChangedLetter,
  type Network,
  passwordChangedLetter,
  type Receiver,
  stateChangedLetter,
  userRequestedLetter,
} from "../mail/templates.ts";
import { type Notice, topicOf } from "./notice.ts";

/** The e-mail copy of a notification; undefined for types that have none, or whose data is of another kind. */
export function noticeLetter(notice: Notice, network: Network, receiver: Receiver): Letter | undefined {
  const about = { network, receiver, topic: topicOf(notice.entity, receiver.admin) };
  switch (notice.type) {
    case "password_changed":
      return passwordChangedLetter(about);
    case "api_key_created":
    case "api_key_changed": {
      const key = unpack(notice.data, APIKeySchema);
      return key && apiKeyLetter(about, { key, isNew: notice.type === "api_key_created" });
    }
    case "collaborator_changed": {
      const collaborator = unpack(notice.data, CollaboratorSchema);
      return collaborator && collaboratorChangedLetter(about, { collaborator });
    }
    case "entity_state_changed": {
      const data = unpack(notice.data, EntityStateChangedNotificationSchema);
      return data && stateChangedLetter(about, { state: data.state, description: data.stateDescription });
    }
    case "user_requested": {
      const data = unpack(notice.data, CreateUserRequestSchema);
      return data && userRequestedLetter(about, { userId: data.user?.ids?.userId ?? "" });
    }
    case "client_requested": {
      const data = unpack(notice.data, CreateClientEmailMessageSchema);
      return data && clientRequestedLetter(about, clientRequest(data, notice.senderId));
    }
    default:
      return undefined;
  }
}

function clientRequest(
  { createClientRequest, apiKey }: CreateClientEmailMessage,
  senderId: string | undefined,
) {
  const requestedBy = senderId ? `User "${senderId}"` : `API key "${apiKey?.name || apiKey?.id || ""}"`;
  return {
    client: createClientRequest?.client,
    collaborator: createClientRequest?.collaborator,
    requestedBy,
  };
}

/** What came from elsewhere need not be what its type says. */
function unpack<Desc extends DescMessage>(
  data: Any | undefined,
  schema: Desc,
): MessageShape<Desc> | undefined {
  if (data === undefined) return undefined;
  try {
    return anyUnpack(data, schema);
  } catch {
    return undefined;
  }
}
