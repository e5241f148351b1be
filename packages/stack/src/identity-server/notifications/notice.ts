import type { Any, NotificationReceiver } from "@skylark/api";
import type { StagedChange } from "../../store/store.ts";
import type { Subject } from "../entity-identifiers.ts";
import type { Topic } from "../mail/templates.ts";

/** Something that happened, and who is to hear of it. */
export interface Notice {
  readonly entity: Subject;
  /** `api_key_created`, `entity_state_changed`, … */
  readonly type: string;
  readonly data?: Any | undefined;
  /** A user hears of itself whatever is said here. */
  readonly receivers: readonly NotificationReceiver[];
  /** The admins of the tenant, and nobody else. */
  readonly toAdmins?: boolean;
  readonly email: boolean;
  /** The user who caused it. */
  readonly senderId?: string | undefined;
}

/** Where services tell what happened. */
export interface Notifier {
  /**
   * Finds out who hears of it. The change belongs into the transaction that causes it: `write` there, `committed`
   * after it.
   */
  prepare(notice: Notice): Promise<StagedChange>;
}

/** As letters to this receiver name the entity. */
export function topicOf(entity: Subject, receiverIsAdmin: boolean): Topic {
  const { type, id } = entity;
  switch (entity.type) {
    case "end device":
      return { type, id, consolePath: `/applications/${entity.applicationId}/devices/${id}` };
    case "user":
      return { type, id, consolePath: receiverIsAdmin ? `/admin-panel/user-management/${id}` : "" };
    case "client":
      return { type, id, consolePath: "" };
    default:
      return { type, id, consolePath: `/${entity.type}s/${id}` };
  }
}
