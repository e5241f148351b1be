import {
  type EntityIdentifiers,
  Right,
  timestampFromMs,
  UserBookmarkRegistry,
  type UserIdentifiers,
} from "@skylark/api";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import { type CallContext, implement, type ServiceImplementation, user } from "../../rpc/service.ts";
import { brokenConstraint, untilCurrent } from "../../store/staged-transaction.ts";
import { entityIdentifiersOf, subjectOfIdentifiers } from "../entity-identifiers.ts";
import {
  alreadyExists,
  applicationNotFound,
  clientNotFound,
  endDeviceNotFound,
  gatewayNotFound,
  organizationNotFound,
  userNotFound,
} from "../errors.ts";
import type { Registries } from "../registries/registries.ts";
import type { SearchKey, SearchType } from "../storage/search-entries.ts";
import { type Bookmark, type BookmarkStore, createBookmarkStore, type UserKey } from "./bookmark-store.ts";

const bookmarkNotFound = defineErrors("pkg/identityserver/store").notFound(
  "user_bookmark_not_found",
  "this entity is not among the bookmarks of the user",
);
const noEntity = defineErrors("skylark/bookmarks").invalidArgument(
  "no_entity",
  "the identifiers of the entity are missing",
);

/** Entity types as this service calls them. */
const typeNames: Readonly<Record<string, SearchType>> = {
  application: "application",
  client: "client",
  "end device": "device",
  gateway: "gateway",
  organization: "organization",
  user: "user",
};

export function userBookmarkRegistry(
  registries: Pick<Registries, "store" | "clock">,
  bookmarks: BookmarkStore = createBookmarkStore(registries.store),
): ServiceImplementation {
  const { store, clock } = registries;
  return implement(UserBookmarkRegistry, {
    create: {
      requires: ({ userIds }) => user(userIds?.userId, Right.USER_SETTINGS_BASIC),
      async handle({ userIds, entityIds }, context) {
        const owner = ownerOf(context, userIds);
        const bookmark = { entity: entityOf(context, entityIds), createdAt: clock.now() };
        await untilCurrent(async () => {
          if (!(await bookmarks.entityExists(bookmark.entity))) throw notFound(bookmark.entity);
          await store
            .transact((writer) => bookmarks.insert(writer, owner, bookmark))
            .catch((error: unknown) => {
              throw brokenConstraint(error) === undefined ? error : alreadyExists({ what: "the bookmark" });
            });
        });
        return messageOf(owner, bookmark);
      },
    },
    list: {
      requires: ({ userIds }) => user(userIds?.userId, Right.USER_INFO),
      async handle({ userIds, deleted, entityTypes, ...page }, context) {
        const owner = ownerOf(context, userIds);
        const types = entityTypes.map((name) => typeNames[name]!);
        const { items, total } = await bookmarks.list(owner, { deleted, types }, page);
        context.setTotalCount(total);
        return { bookmarks: items.map((bookmark) => messageOf(owner, bookmark)) };
      },
    },
    delete: {
      requires: ({ userIds }) => user(userIds?.userId, Right.USER_SETTINGS_BASIC),
      async handle({ userIds, entityIds }, context) {
        const owner = ownerOf(context, userIds);
        const entity = entityOf(context, entityIds);
        if (!(await bookmarks.has(owner, entity))) throw bookmarkNotFound();
        await store.write((writer) => bookmarks.delete(writer, owner, entity));
        return {};
      },
    },
    batchDelete: {
      requires: ({ userIds }) => user(userIds?.userId, Right.USER_SETTINGS_BASIC),
      async handle({ userIds, entityIds }, context) {
        const owner = ownerOf(context, userIds);
        const entities = entityIds.map((ids) => entityOf(context, ids));
        await store.write((writer) => {
          for (const entity of entities) bookmarks.delete(writer, owner, entity);
        });
        return {};
      },
    },
  });
}

function ownerOf({ tenantId }: CallContext, userIds: UserIdentifiers | undefined): UserKey {
  return { tenantId, userId: userIds?.userId ?? "" };
}

function entityOf({ tenantId }: CallContext, entityIds: EntityIdentifiers | undefined): SearchKey {
  const subject = subjectOfIdentifiers(tenantId, entityIds);
  if (subject === undefined) throw noEntity();
  return subject.type === "end device" ? { ...subject, type: "device" } : { ...subject, applicationId: "" };
}

function notFound({ type, id, applicationId }: SearchKey): SkylarkError {
  switch (type) {
    case "application":
      return applicationNotFound({ application_id: id });
    case "client":
      return clientNotFound({ client_id: id });
    case "device":
      return endDeviceNotFound({ device_id: id, application_id: applicationId });
    case "gateway":
      return gatewayNotFound({ gateway_id: id });
    case "organization":
      return organizationNotFound({ organization_id: id });
    case "user":
      return userNotFound({ user_id: id });
  }
}

function messageOf({ userId }: UserKey, { entity, createdAt }: Bookmark) {
  return { userIds: { userId }, entityIds: identifiersOf(entity), createdAt: timestampFromMs(createdAt) };
}

function identifiersOf({ tenantId, type, applicationId, id }: SearchKey): EntityIdentifiers {
  return entityIdentifiersOf(
    type === "device" ? { tenantId, type: "end device", applicationId, id } : { tenantId, type, id },
  );
}
