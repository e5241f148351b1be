import {
  type APIKey,
  type Client,
  type Collaborator,
  enumName,
  type GrantType,
  GrantTypeSchema,
  type OrganizationOrUserIdentifiers,
  type Right,
  rightName,
  type State,
  StateSchema,
} from "@skylark/api";
import { accountId } from "../registries/contacts.ts";
import type { Letter, Part } from "./letter.ts";

/** What letters call this network, and where they point. */
export interface Network {
  readonly name: string;
  /** Empty where there is no Console. */
  readonly consoleUrl: string;
  /** Of the pages for accounts. */
  readonly identityServerUrl: string;
}

/** As a tenant's users know it: each tenant has a host name of its own. */
export function networkOfTenant({ name, ...urls }: Network, tenantId: string): Network {
  return {
    name,
    consoleUrl: urls.consoleUrl.replaceAll("{tenant}", tenantId),
    identityServerUrl: urls.identityServerUrl.replaceAll("{tenant}", tenantId),
  };
}

/** Whom a letter is for. */
export interface Receiver {
  readonly userId?: string;
  readonly name: string;
  readonly address: string;
  readonly admin: boolean;
}

/** What a notification is about, as letters name it. */
export interface Topic {
  readonly type: "application" | "client" | "end device" | "gateway" | "organization" | "user";
  readonly id: string;
  /** Path of its page below the Console's address; empty when it has none. */
  readonly consolePath: string;
}

interface About {
  readonly network: Network;
  readonly receiver: Receiver;
}

interface Notice extends About {
  readonly topic: Topic;
}

const text = (...lines: readonly string[]): Part => ({ kind: "text", text: lines.join(" ") });

function greeting({ name, userId }: Receiver): string {
  const called = name === "" ? userId : name;
  return called === undefined ? "Hello," : `Dear ${called},`;
}

function letter({ receiver }: About, subject: string, parts: readonly Part[]): Letter {
  return { subject, greeting: greeting(receiver), parts };
}

/** A page below an address of the configuration, with query parameters. */
function page(base: string, path: string, query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `${base.replace(/\/+$/, "")}${path}${search === "" ? "" : `?${search}`}`;
}

/** Nothing where the link would lead nowhere. */
function consoleLink({ consoleUrl }: Network, path: string, label: string): readonly Part[] {
  return consoleUrl === "" ? [] : [{ kind: "link", label, url: page(consoleUrl, path) }];
}

function rightsList(rights: readonly Right[]): Part {
  return { kind: "list", label: "Rights", items: rights.map(rightName) };
}

/** `48 hours`, `1 hour`, `30 minutes`: how long a token lasts. */
export function formatLifetime(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const [count, unit] =
    minutes < 120 && minutes !== 60 ? [minutes, "minute"] : [Math.round(minutes / 60), "hour"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function expiry(what: string, lifetimeMs: number): Part {
  return text(`The ${what} is good for ${formatLifetime(lifetimeMs)}; after that, ask for a new one.`);
}

const nothingToDo = text("If you did not ask for this, you need not do anything.");

export function validateLetter(
  about: About,
  data: { readonly topic: Topic; readonly id: string; readonly token: string; readonly lifetimeMs: number },
): Letter {
  const { name, identityServerUrl } = about.network;
  return letter(about, `Confirm your e-mail address for ${name}`, [
    text(
      `${data.topic.type} "${data.topic.id}" on ${name} uses this e-mail address. Please confirm that it is yours.`,
    ),
    {
      kind: "link",
      label: "Confirm the address",
      url: page(identityServerUrl, "/validate", { reference: data.id, token: data.token }),
    },
    { kind: "code", label: "Reference", value: data.id },
    { kind: "code", label: "Token", value: data.token },
    expiry("link", data.lifetimeMs),
    nothingToDo,
  ]);
}

export function invitationLetter(
  about: About,
  data: { readonly token: string; readonly lifetimeMs: number; readonly senderId: string },
): Letter {
  const { name, identityServerUrl } = about.network;
  const by = data.senderId === "" ? "" : ` by "${data.senderId}"`;
  return letter(about, `You are invited to ${name}`, [
    text(`You were invited${by} to make an account on ${name}.`),
    {
      kind: "link",
      label: "Make the account",
      url: page(identityServerUrl, "/register", { invitation_token: data.token }),
    },
    { kind: "code", label: "Invitation token", value: data.token },
    text(`The invitation is good for ${formatLifetime(data.lifetimeMs)}.`),
    ...consoleLink(about.network, "", "Afterwards, add gateways and devices in the Console"),
  ]);
}

export function temporaryPasswordLetter(
  about: About,
  data: { readonly userId: string; readonly password: string; readonly lifetimeMs: number },
): Letter {
  const { name, identityServerUrl } = about.network;
  return letter(about, `Your temporary password for ${name}`, [
    text(
      `A temporary password was asked for, for user "${data.userId}" on ${name}. Use it to choose a new password.`,
    ),
    {
      kind: "link",
      label: "Choose a new password",
      url: page(identityServerUrl, "/update-password", { user: data.userId, current: data.password }),
    },
    { kind: "code", label: "Temporary password", value: data.password },
    expiry("temporary password", data.lifetimeMs),
    nothingToDo,
  ]);
}

export function loginTokenLetter(
  about: About,
  data: { readonly userId: string; readonly token: string; readonly lifetimeMs: number },
): Letter {
  const { name, identityServerUrl } = about.network;
  return letter(about, `Your login token for ${name}`, [
    text(`A login without password was asked for, for user "${data.userId}" on ${name}.`),
    { kind: "link", label: "Log in", url: page(identityServerUrl, "/token-login", { token: data.token }) },
    { kind: "code", label: "Login token", value: data.token },
    expiry("token", data.lifetimeMs),
    nothingToDo,
  ]);
}

export function passwordChangedLetter(notice: Notice): Letter {
  const { name } = notice.network;
  return letter(notice, `Your password on ${name} was changed`, [
    text(`The password of your user "${notice.topic.id}" on ${name} was just changed.`),
    text("If that was not you, tell the administrators of the network at once."),
  ]);
}

export function userRequestedLetter(notice: Notice, data: { readonly userId: string }): Letter {
  const { network } = notice;
  return letter(notice, `A new user waits for approval on ${network.name}`, [
    text(`User "${data.userId}" registered on ${network.name} and can do nothing until an admin approves.`),
    {
      kind: "code",
      label: "To approve",
      value: `ttn-lw-cli users set ${data.userId} --state STATE_APPROVED`,
    },
    ...consoleLink(network, notice.topic.consolePath, "Look at the user in the Console"),
  ]);
}

export function clientRequestedLetter(
  notice: Notice,
  data: {
    readonly client: Client | undefined;
    readonly collaborator: OrganizationOrUserIdentifiers | undefined;
    /** The user, or the name of the API key, that made the client. */
    readonly requestedBy: string;
  },
): Letter {
  const { client } = data;
  const id = client?.ids?.clientId ?? "";
  const list = (label: string, items: readonly string[]): Part[] =>
    items.length === 0 ? [] : [{ kind: "list", label, items }];
  return letter(notice, `A new OAuth client waits for approval on ${notice.network.name}`, [
    text(
      `${data.requestedBy} registered the OAuth client "${id}" for "${accountId(data.collaborator)}" on`,
      `${notice.network.name}. It cannot be used until an admin approves.`,
    ),
    { kind: "code", label: "Client", value: id },
    ...(client?.name ? [text(`Name: ${client.name}`)] : []),
    ...(client?.description ? [text(`Description: ${client.description}`)] : []),
    ...list("Grants", client?.grants.map(grantName) ?? []),
    ...list("Rights", client?.rights.map(rightName) ?? []),
    ...list("Redirect addresses", client?.redirectUris ?? []),
    ...list("Redirect addresses after logout", client?.logoutRedirectUris ?? []),
    { kind: "code", label: "To approve", value: `ttn-lw-cli clients set ${id} --state STATE_APPROVED` },
  ]);
}

function grantName(grant: GrantType): string {
  return enumName(GrantTypeSchema, grant);
}

export function apiKeyLetter(
  notice: Notice,
  data: { readonly key: APIKey; readonly isNew: boolean },
): Letter {
  const { network, topic } = notice;
  const { key, isNew } = data;
  const subject = isNew
    ? `A new API key of your ${topic.type} "${topic.id}"`
    : `An API key of your ${topic.type} "${topic.id}" was changed`;
  const path = topic.type === "user" ? "/user/api-keys/" : `${topic.consolePath}/api-keys/`;
  return letter(notice, subject, [
    text(
      isNew
        ? `Your ${topic.type} "${topic.id}" on ${network.name} has a new API key.`
        : `An API key of your ${topic.type} "${topic.id}" on ${network.name} was changed.`,
    ),
    { kind: "code", label: "API key", value: key.id },
    ...(key.name === "" ? [] : [text(`Name: ${key.name}`)]),
    rightsList(key.rights),
    ...consoleLink(network, `${path}${key.id}`, "Look at the key in the Console"),
  ]);
}

export function collaboratorChangedLetter(
  notice: Notice,
  data: { readonly collaborator: Collaborator },
): Letter {
  const { network, topic } = notice;
  const { ids, rights } = data.collaborator;
  const type = ids?.ids.case === "organizationIds" ? "organization" : "user";
  const id = accountId(ids);
  return letter(notice, `A collaborator of your ${topic.type} "${topic.id}" was changed`, [
    text(
      `The ${type} "${id}" collaborates on your ${topic.type} "${topic.id}" on ${network.name} with these rights.`,
    ),
    rightsList(rights),
    ...consoleLink(network, `${topic.consolePath}/collaborators/${type}/${id}`, "Look at it in the Console"),
  ]);
}

const stateWords: Readonly<Record<string, string>> = {
  STATE_REQUESTED: "requested, and waits for an admin",
  STATE_APPROVED: "approved",
  STATE_REJECTED: "rejected by an admin",
  STATE_FLAGGED: "flagged, and is reviewed by an admin",
  STATE_SUSPENDED: "suspended by an admin",
};

export function stateChangedLetter(
  notice: Notice,
  data: { readonly state: State; readonly description: string },
): Letter {
  const { network, topic } = notice;
  const name = enumName(StateSchema, data.state);
  return letter(notice, `The state of your ${topic.type} "${topic.id}" was changed`, [
    text(`Your ${topic.type} "${topic.id}" on ${network.name} is now ${stateWords[name] ?? name}.`),
    ...(data.description === "" ? [] : [text(data.description)]),
  ]);
}
