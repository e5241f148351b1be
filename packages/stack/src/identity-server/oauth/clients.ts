import { timingSafeEqual } from "node:crypto";
import { type Client, GrantType, State } from "@skylark/api";
import { LRUCache } from "lru-cache";
import { atMost } from "../../component/at-most.ts";
import type { SkylarkError } from "../../errors/errors.ts";
import { tokenDigest } from "../access/token.ts";
import { isPlainId } from "../entity.ts";
import type { Registries } from "../registries/registries.ts";
import {
  clientNotApproved,
  clientRejected,
  clientSuspended,
  invalidClient,
  missingClientSecret,
} from "./errors.ts";

/** A client of OAuth, as it stands. */
export interface KnownClient {
  readonly id: string;
  readonly message: Client;
  /** It cannot keep a secret, so it has none. */
  readonly isPublic: boolean;
}

export interface ClientAuthentication {
  readonly clientId: string;
  readonly secret: string;
}

export interface OAuthClients {
  find(tenantId: string, clientId: string): Promise<KnownClient | undefined>;
  /** Throws unless the client is who it says; `beforeHashing` may refuse a secret that has yet to be verified. */
  authenticate(
    tenantId: string,
    authentication: ClientAuthentication,
    beforeHashing: () => void,
  ): Promise<KnownClient>;
}

const rememberedClients = 1000;

export function createOAuthClients({
  clients,
  clientSecrets,
}: Pick<Registries, "clients" | "clientSecrets">): OAuthClients {
  const verified = new LRUCache<string, Buffer>(atMost(rememberedClients));
  const find = async (tenantId: string, clientId: string): Promise<KnownClient | undefined> => {
    if (!isPlainId(clientId)) return undefined;
    const stored = await clients.entities.get(tenantId, clientId);
    if (stored === undefined || stored.deletedAt !== undefined) return undefined;
    const { message } = stored;
    return { id: clientId, message, isPublic: !(await clientSecrets.has(tenantId, clientId)) };
  };
  return {
    find,
    async authenticate(tenantId, { clientId, secret }, beforeHashing) {
      const client = await find(tenantId, clientId);
      if (client === undefined) throw invalidClient();
      if (client.isPublic) {
        if (secret !== "") throw invalidClient();
        return client;
      }
      if (secret === "") throw missingClientSecret();
      const digest = tokenDigest(secret);
      // Not by the client's version: whoever takes the identifier of a client that was purged begins with the same.
      const key = await clientSecrets.hashOf(tenantId, clientId);
      if (key === undefined) throw invalidClient();
      const known = verified.get(key);
      if (known !== undefined && timingSafeEqual(known, digest)) return client;
      beforeHashing();
      if (!(await clientSecrets.verify(tenantId, clientId, secret))) throw invalidClient();
      verified.set(key, digest);
      return client;
    },
  };
}

/** The error for a client that users cannot authorize; undefined when they can. */
export function standingOf({ message }: KnownClient): SkylarkError | undefined {
  switch (message.state) {
    case State.REQUESTED:
      return clientNotApproved();
    case State.REJECTED:
      return clientRejected();
    case State.SUSPENDED:
      return clientSuspended();
    default:
      return undefined;
  }
}

export function mayRefresh({ message }: KnownClient): boolean {
  return message.grants.includes(GrantType.GRANT_REFRESH_TOKEN);
}

export function mayUseCodes({ message }: KnownClient): boolean {
  return message.grants.includes(GrantType.GRANT_AUTHORIZATION_CODE);
}
