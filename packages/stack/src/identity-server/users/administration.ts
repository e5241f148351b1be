import {
  APIKeySchema,
  create,
  type Right,
  rightName,
  State,
  timestampFromMs,
  type User,
  UserSchema,
} from "@skylark/api";
import type { At, Clock, RandomBytes } from "../../clock/clock.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Store } from "../../store/store.ts";
import { createCredentialStores, userLogout } from "../access/credential-stores.ts";
import { type EntityType, potentialRights } from "../access/right-sets.ts";
import { createSecretHasher, hashCosts, type SecretHasher } from "../access/secret-hash.ts";
import { generateApiKeyToken } from "../access/token.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { checkRules } from "../check-rules.ts";
import { applicationKind, gatewayKind, organizationKind, userKind } from "../registries/kinds.ts";
import { createEntity, type EntityKind, readEntity, updateEntity } from "../registries/lifecycle.ts";
import { takeAccountId } from "../storage/account-store.ts";
import { createApiKeyStore } from "../storage/api-key-store.ts";
import { createGatewayFinder } from "../storage/gateway-finder.ts";
import { createPasswordStore } from "../storage/password-store.ts";
import { generatePassword } from "./generate-password.ts";
import { checkPassword, type PasswordRequirements } from "./passwords.ts";
import { createTemporaryPasswordStore } from "./temporary-password-store.ts";

const errors = defineErrors("skylark/admin");
const foreignRights = errors.invalidArgument("foreign_rights", "{rights} is no right on a {type}");

/** What an administrator does at the machine itself, while the server does not run: nothing here is cached. */
export interface Administration {
  /** Answers with the password. */
  createUser(user: NewAccount): Promise<string>;
  /** Answers with the new password; whoever was logged in is logged out. */
  resetPassword(tenantId: string, userId: string, password: string | undefined): Promise<string>;
  /** Answers with the key, which is kept nowhere. */
  createApiKey(key: NewKey): Promise<string>;
  /** All that are not deleted, by identifier. */
  listUsers(tenantId: string): Promise<readonly User[]>;
}

export interface NewAccount {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly admin: boolean;
  /** Made when absent. */
  readonly password: string | undefined;
}

export interface NewKey {
  readonly tenantId: string;
  readonly type: Exclude<EntityType, "client">;
  readonly id: string;
  readonly name: string;
  readonly rights: readonly Right[];
  readonly expiresAt: At | undefined;
}

export interface AdministrationOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly passwordRequirements: PasswordRequirements;
}

export function createAdministration(options: AdministrationOptions): Administration {
  const { store, clock, randomBytes, passwordRequirements } = options;
  const hasher = createSecretHasher();
  const users = userKind(store);
  const passwords = createPasswordStore(store);
  const lifecycle = { store, clock, entityChanged: () => {}, restoreWindowMs: 0 };
  const credentials = createCredentialStores(store);

  const hashed = async (given: string | undefined, userId: string) => {
    if (given !== undefined) checkPassword(given, userId, passwordRequirements);
    const password = given ?? generatePassword(randomBytes);
    return { password, hash: await hasher.hash(password, hashCosts.password) };
  };

  return {
    async createUser({ tenantId, id, name, email, admin, password: given }) {
      const at = clock.now();
      const message = newAccount({ id, name, email, admin }, at);
      // Unlike one that registers, a user made here needs no address.
      checkRules(
        UserSchema,
        email === "" ? { ...message, primaryEmailAddress: "none@example.com" } : message,
        at,
      );
      checkIdAllowed(id);
      const { password, hash } = await hashed(given, id);
      const entity: EntityReference = { tenantId, type: "user", id };
      await createEntity(lifecycle, users, entity, {
        message,
        at,
        alongside(writer) {
          takeAccountId(writer, tenantId, id, "user");
          passwords.set(writer, tenantId, id, hash);
        },
      });
      return password;
    },
    async resetPassword(tenantId, userId, given) {
      const entity: EntityReference = { tenantId, type: "user", id: userId };
      await readEntity(users, entity);
      const { password, hash } = await hashed(given, userId);
      const logout = userLogout({ credentials, authenticator: { tokensRevoked() {} } }, tenantId, userId);
      await updateEntity(lifecycle, users, entity, (stored, at, also) => {
        also((writer) => {
          passwords.set(writer, tenantId, userId, hash);
          createTemporaryPasswordStore(store).delete(writer, tenantId, userId);
          logout.write(writer);
        });
        const stamp = timestampFromMs(at);
        return { ...stored, updatedAt: stamp, passwordUpdatedAt: stamp, requirePasswordUpdate: false };
      });
      return password;
    },
    createApiKey: (key) => createApiKey(options, hasher, key),
    listUsers: (tenantId) => listUsers(users, tenantId),
  };
}

async function createApiKey(
  { store, clock, randomBytes }: AdministrationOptions,
  hasher: SecretHasher,
  { tenantId, type, id, name, rights, expiresAt }: NewKey,
): Promise<string> {
  const entity: EntityReference = { tenantId, type, id };
  await requireEntity(store, entity);
  checkRights(type, rights);
  checkRules(APIKeySchema, create(APIKeySchema, { name, rights: [...rights] }), clock.now());
  const token = generateApiKeyToken(randomBytes);
  const secretHash = await hasher.hash(token.secret, hashCosts.randomSecret);
  const at = clock.now();
  const key = {
    id: token.id,
    entity,
    name,
    rights,
    secretHash,
    createdAt: at,
    updatedAt: at,
    expiresAt,
    version: 1,
  };
  await store.transact((writer) => createApiKeyStore(store).insert(writer, key));
  return token.text;
}

async function listUsers({ entities }: EntityKind<User>, tenantId: string): Promise<readonly User[]> {
  const found: User[] = [];
  for (let page = 1; ; page++) {
    const selection = { deleted: false, updatedSince: 0 };
    const { items, total } = await entities.list(tenantId, selection, { order: "", limit: 1000, page });
    found.push(...items);
    if (items.length === 0 || found.length >= total) return found;
  }
}

function newAccount(
  { id, name, email, admin }: Pick<NewAccount, "id" | "name" | "email" | "admin">,
  at: At,
): User {
  const stamp = timestampFromMs(at);
  return create(UserSchema, {
    ids: { userId: id },
    name,
    primaryEmailAddress: email,
    admin,
    state: State.APPROVED,
    createdAt: stamp,
    updatedAt: stamp,
    passwordUpdatedAt: stamp,
    // Whoever sits at the machine vouches for it.
    ...(email === "" ? {} : { primaryEmailAddressValidatedAt: stamp }),
  });
}

async function requireEntity(store: Store, entity: EntityReference): Promise<void> {
  switch (entity.type) {
    case "application":
      await readEntity(applicationKind(store), entity);
      return;
    case "gateway":
      await readEntity(gatewayKind(store, createGatewayFinder(store)), entity);
      return;
    case "organization":
      await readEntity(organizationKind(store), entity);
      return;
    default:
      await readEntity(userKind(store), entity);
  }
}

function checkRights(type: EntityType, rights: readonly Right[]): void {
  const possible = potentialRights(type);
  // A user's key also holds rights on what the user collaborates on.
  const foreign =
    type === "user" || type === "organization" ? [] : rights.filter((right) => !possible.has(right));
  if (foreign.length > 0) throw foreignRights({ type, rights: foreign.map(rightName) });
}
