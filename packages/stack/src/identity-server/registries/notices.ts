import { type DescMessage, type MessageShape, NotificationReceiver } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";

/** Something that people should be told of. */
export interface Notice {
  readonly entity: EntityReference;
  /** `notification_type` of the API, e.g. `api_key_created`. */
  readonly type: string;
  readonly data: NoticeData;
  /** Roles at the entity. */
  readonly receivers: readonly NotificationReceiver[];
  /** Admins of the tenant instead. */
  readonly toAdmins: boolean;
  readonly email: boolean;
}

export interface NoticeData {
  readonly schema: DescMessage;
  readonly message: MessageShape<DescMessage>;
}

/** Where registries tell of changes; who delivers notifications listens. Nobody does: they are lost. */
export interface NoticeBoard {
  notify(notice: Notice): void;
  /** Must not throw. */
  onNotice(listener: (notice: Notice) => void): void;
}

export function createNoticeBoard(): NoticeBoard {
  const listeners: ((notice: Notice) => void)[] = [];
  return {
    notify(notice) {
      for (const listener of listeners) listener(notice);
    },
    onNotice: (listener) => void listeners.push(listener),
  };
}

/** For the administrative contact, as most changes are. */
export function contactNotice(
  entity: EntityReference,
  type: string,
  data: NoticeData,
  { email }: { readonly email: boolean },
): Notice {
  return {
    entity,
    type,
    data,
    receivers: [NotificationReceiver.ADMINISTRATIVE_CONTACT],
    toAdmins: false,
    email,
  };
}
