import { type Right, type RightKind, rightName } from "@skylark/api";
import type { V3Client } from "@skylark/testkit";
import type { World } from "./sample-request.ts";

export interface Keyed {
  readonly type: RightKind;
  readonly id: string;
}

/** Makes entities and keys through the API, as an admin who holds every right. */
export class WorldBuilder {
  readonly #admin: V3Client;
  readonly #keys = new Map<string, string>();
  #made = 0;

  constructor(admin: V3Client) {
    this.#admin = admin;
  }

  async user(id: string): Promise<string> {
    await this.#admin.call("POST", "/users", {
      user: {
        ids: { user_id: id },
        password: "Passw0rd-Passw0rd",
        primary_email_address: `${id}@example.com`,
      },
    });
    return id;
  }

  next(): number {
    return this.#made++;
  }

  /** Entities that nobody else touches, all of them the user's. */
  async world(user: string): Promise<World> {
    const number = this.next();
    const named = (kind: string) => `${user}-${kind}${number}`;
    const world: World = {
      user,
      organization: named("org"),
      application: named("app"),
      gateway: named("gtw"),
      client: named("cli"),
      device: "dev1",
    };
    const of = (collection: string) => `/users/${user}/${collection}`;
    await this.#admin.call("POST", of("organizations"), {
      organization: { ids: { organization_id: world.organization } },
    });
    await this.#admin.call("POST", of("applications"), {
      application: { ids: { application_id: world.application } },
    });
    await this.#admin.call("POST", of("gateways"), { gateway: { ids: { gateway_id: world.gateway } } });
    await this.#admin.call("POST", of("clients"), {
      client: {
        ids: { client_id: world.client },
        description: "sample",
        redirect_uris: ["https://example.com"],
      },
    });
    await this.#admin.call("POST", `/applications/${world.application}/devices`, {
      end_device: { ids: { device_id: world.device } },
    });
    return world;
  }

  /**
   * A key with exactly these rights. Clients have no keys: theirs is one of the user who has all rights on them, as
   * far as the key goes.
   */
  async key(entity: Keyed, owner: string, rights: readonly Right[]): Promise<string> {
    const holder = entity.type === "client" ? { type: "user", id: owner } : entity;
    const names = rights.map(rightName).toSorted();
    const known = `${holder.type}/${holder.id}/${names.join()}`;
    let key = this.#keys.get(known);
    if (key === undefined) {
      key = await this.#newKey(`/${holder.type}s/${holder.id}/api-keys`, { rights: names });
      this.#keys.set(known, key);
    }
    return key;
  }

  /** A key with all rights of its user that is over by the time this resolves. */
  async expiredKey(user: string): Promise<string> {
    const expiresAt = Date.now() + 2000;
    const key = await this.#newKey(`/users/${user}/api-keys`, {
      rights: ["RIGHT_USER_ALL"],
      expires_at: new Date(expiresAt).toISOString(),
    });
    while (Date.now() <= expiresAt) await new Promise((resolve) => setTimeout(resolve, 50));
    return key;
  }

  async #newKey(path: string, body: { readonly rights: readonly string[]; readonly expires_at?: string }) {
    const { key } = await this.#admin.call("POST", path, { ...body });
    if (typeof key !== "string") throw new Error(`${path} made a key and did not show it`);
    return key;
  }
}
