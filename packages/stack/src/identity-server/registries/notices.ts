import { type DescMessage, type MessageShape, NotificationReceiver } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { StagedChange } from "../../store/store.ts";

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

/** Makes of a notice what belongs into the transaction that causes it: `write` there, `committed` after it. */
export type PrepareNotice = (notice: Notice) => Promise<StagedChange>;

/** Where registries tell of changes. */
export interface NoticeBoard {
  readonly prepare: PrepareNotice;
  /** Who delivers notifications; until then there are none. */
  deliverWith(prepare: PrepareNotice): void;
}

export function createNoticeBoard(): NoticeBoard {
  let deliver: PrepareNotice = async () => ({ write: () => {}, committed: () => {} });
  return {
    prepare: (notice) => deliver(notice),
    deliverWith(prepare) {
      deliver = prepare;
    },
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
