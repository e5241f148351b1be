import type { EventSubject } from "./events.ts";

/** One entity that somebody listens to, or of which events are kept. */
export interface EntityNode<T> {
  value: T | undefined;
  /** Of an application: its devices, which show their events to those who watch it. */
  readonly devices: Map<string, EntityNode<T>>;
}

type Kind = "application" | "gateway" | "user" | "organization" | "client";
type TenantNode<T> = Record<Kind, Map<string, EntityNode<T>>>;

/**
 * Entities by tenant, kind and identifier. Nested maps instead of one with composed keys: nothing is concatenated or hashed for
 * an event, since the identifiers' hashes are known.
 */
export class EntityTree<T> {
  readonly #tenants = new Map<string, TenantNode<T>>();

  find(subject: EventSubject): EntityNode<T> | undefined {
    const parent = this.#tenants.get(tenantOf(subject))?.[rootKind(subject)].get(rootId(subject));
    return subject.kind === "device" ? parent?.devices.get(subject.ids.deviceId) : parent;
  }

  /** The node of a device's application; of others the node itself. */
  root(subject: EventSubject): EntityNode<T> | undefined {
    return this.#tenants.get(tenantOf(subject))?.[rootKind(subject)].get(rootId(subject));
  }

  ensure(subject: EventSubject): EntityNode<T> {
    const tenantId = tenantOf(subject);
    let tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) {
      tenant = newTenant();
      this.#tenants.set(tenantId, tenant);
    }
    const kind = rootKind(subject);
    const root = childOf(tenant[kind], rootId(subject), kind === "application");
    return subject.kind === "device" ? childOf(root.devices, subject.ids.deviceId, false) : root;
  }

  /** Every node with a value, of one tenant or of all. */
  *nodes(tenantId?: string): Generator<EntityNode<T>> {
    const tenants = tenantId === undefined ? this.#tenants.values() : [this.#tenants.get(tenantId)];
    for (const tenant of tenants) {
      for (const entities of Object.values(tenant ?? {})) {
        for (const node of entities.values()) {
          if (node.value !== undefined) yield node;
          for (const device of node.devices.values()) if (device.value !== undefined) yield device;
        }
      }
    }
  }

  /** Takes the value away, and the nodes that hold nothing then. */
  clear(subject: EventSubject): void {
    const entities = this.#tenants.get(tenantOf(subject))?.[rootKind(subject)];
    const root = entities?.get(rootId(subject));
    if (entities === undefined || root === undefined) return;
    if (subject.kind === "device") root.devices.delete(subject.ids.deviceId);
    else root.value = undefined;
    if (root.value === undefined && root.devices.size === 0) entities.delete(rootId(subject));
  }

  /** Forgets nodes that hold nothing. */
  prune(): void {
    for (const [tenantId, tenant] of this.#tenants) {
      for (const entities of Object.values(tenant)) {
        for (const [id, node] of entities) {
          for (const [deviceId, device] of node.devices) {
            if (device.value === undefined) node.devices.delete(deviceId);
          }
          if (node.value === undefined && node.devices.size === 0) entities.delete(id);
        }
      }
      if (Object.values(tenant).every((entities) => entities.size === 0)) this.#tenants.delete(tenantId);
    }
  }
}

function newTenant<T>(): TenantNode<T> {
  return {
    application: new Map(),
    gateway: new Map(),
    user: new Map(),
    organization: new Map(),
    client: new Map(),
  };
}

const noDevices = new Map<string, never>();

function childOf<T>(entities: Map<string, EntityNode<T>>, id: string, hasDevices: boolean): EntityNode<T> {
  let node = entities.get(id);
  if (node === undefined) {
    node = { value: undefined, devices: hasDevices ? new Map() : noDevices };
    entities.set(id, node);
  }
  return node;
}

function tenantOf(subject: EventSubject): string {
  return "ids" in subject ? subject.ids.tenantId : subject.tenantId;
}

function rootKind({ kind }: EventSubject): Kind {
  return kind === "device" ? "application" : kind;
}

function rootId(subject: EventSubject): string {
  switch (subject.kind) {
    case "application":
    case "device":
      return subject.ids.applicationId;
    case "gateway":
      return subject.ids.gatewayId;
    case "user":
      return subject.userId;
    case "organization":
      return subject.organizationId;
    case "client":
      return subject.clientId;
  }
}
