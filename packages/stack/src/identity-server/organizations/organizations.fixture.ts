import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  type Answer,
  createKey,
  createUser,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";

/** A server on which user1 and user2 have a key with all rights each. */
export interface Members extends TestServer {
  readonly user1: string;
  readonly user2: string;
}

/** `RIGHT_ALL` itself nobody but the user hands out. */
export const everyRight = ["USER", "APPLICATION", "GATEWAY", "CLIENT", "ORGANIZATION"].map(
  (kind) => `RIGHT_${kind}_ALL`,
);

export async function startWithMembers(t: TestContext, args: readonly string[] = []): Promise<Members> {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all=true", ...args] });
  const keyOf = async (id: string) => {
    await createUser(server, id);
    return (await createKey(server, `/users/${id}`, everyRight)).key;
  };
  const [user1, user2] = [await keyOf("user1"), await keyOf("user2")];
  return { ...server, user1, user2 };
}

export async function createOrganization(server: Members, id = "org1", more: object = {}): Promise<Answer> {
  const answer = await server.call("POST", "/users/user1/organizations", {
    key: server.user1,
    body: { organization: { ids: { organization_id: id }, ...more } },
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer;
}

export const userIds = (id: string) => ({ user_ids: { user_id: id } });
export const organizationIds = (id: string) => ({ organization_ids: { organization_id: id } });

/** Makes an account a collaborator of the entity at a path, e.g. `/applications/app1`. */
export function setCollaborator(
  server: Members,
  path: string,
  ids: object,
  rights: readonly string[],
): Promise<Answer> {
  return server.call("PUT", `${path}/collaborators`, {
    key: server.user1,
    body: { collaborator: { ids, rights } },
  });
}

export function missingRights(answer: Answer): unknown {
  return answer.body.details?.[0]?.attributes?.missing;
}
