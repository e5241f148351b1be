import type { Application, Client, Gateway, Organization, User } from "@skylark/api";
import type { RandomBytes } from "../../clock/clock.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { EventPublisher } from "../../events/events.ts";
import type { Authenticator } from "../access/authentication.ts";
import type { CredentialStores } from "../access/credential-stores.ts";
import type { RightsResolver } from "../access/rights-resolver.ts";
import type { SecretHasher } from "../access/secret-hash.ts";
import type { ClientSecrets } from "../clients/client-secrets.ts";
import type { ApiKeyStore } from "../storage/api-key-store.ts";
import type { EndDeviceStore } from "../storage/end-device-store.ts";
import type { MembershipStore } from "../storage/membership-store.ts";
import type { PasswordStore } from "../storage/password-store.ts";
import type { EntityKind, Lifecycle } from "./lifecycle.ts";
import type { NoticeBoard } from "./notices.ts";

/** What the services of this server share: the tables, the caches in front of them, and where changes are told. */
export interface Registries extends Lifecycle {
  readonly randomBytes: RandomBytes;
  readonly events: EventPublisher;
  readonly hasher: SecretHasher;
  readonly applications: EntityKind<Application>;
  readonly gateways: EntityKind<Gateway>;
  readonly users: EntityKind<User>;
  readonly organizations: EntityKind<Organization>;
  readonly clients: EntityKind<Client>;
  readonly clientSecrets: ClientSecrets;
  readonly passwords: PasswordStore;
  readonly endDevices: EndDeviceStore;
  readonly apiKeys: ApiKeyStore;
  readonly memberships: MembershipStore;
  /** Sessions, tokens and what they follow from. */
  readonly credentials: CredentialStores;
  readonly authenticator: Authenticator;
  readonly rights: RightsResolver;
  readonly notices: NoticeBoard;
  /** Option `is.collaborator-rights.set-others-as-contacts`. */
  readonly othersMayBeContacts: boolean;
  /** `app1`, or `app1@tenant1` with tenancy on. */
  readonly formatUid: (entity: Pick<EntityReference, "tenantId" | "id">) => string;
}
