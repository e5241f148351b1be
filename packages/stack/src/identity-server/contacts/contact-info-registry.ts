import {
  type ContactInfo,
  ContactInfoRegistry,
  ContactInfoSchema,
  ContactMethod,
  ContactType,
  create,
  type EntityIdentifiers,
  Right,
  timestampFromMs,
  type User,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import { anyone, implement, type Requirement, type ServiceImplementation } from "../../rpc/service.ts";
import { subjectOfIdentifiers } from "../entity-identifiers.ts";
import { accountNamed, type WithContacts } from "../registries/contacts.ts";
import { readEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { EmailValidations } from "./email-validations.ts";
import { formatInterval } from "./format-interval.ts";
import type { ValidationRow } from "./validation-store.ts";

const errors = defineErrors("pkg/identityserver");
const noContactInfo = errors.invalidArgument("no_contact_info", "entities of this kind have no contacts");
const noValidationNeeded = errors.invalidArgument("no_validation_needed", "there is no address to validate");
const alreadySent = errors.alreadyExists(
  "validations_already_sent",
  "e-mails were sent already, wait `{retry_interval}` before the next ones",
);

const settingsRights = {
  application: Right.APPLICATION_SETTINGS_BASIC,
  client: Right.CLIENT_SETTINGS_BASIC,
  gateway: Right.GATEWAY_SETTINGS_BASIC,
  organization: Right.ORGANIZATION_SETTINGS_BASIC,
  user: Right.USER_SETTINGS_BASIC,
} as const;

type Directory = Pick<Registries, "applications" | "clients" | "gateways" | "organizations" | "users">;

/**
 * The deprecated way to validate addresses. What an entity shows as contact info are the addresses of the users who
 * are its contacts, so it is these that are validated.
 */
export function contactInfoRegistry(
  directory: Directory,
  validations: EmailValidations,
): ServiceImplementation {
  return implement(ContactInfoRegistry, {
    requestValidation: {
      requires: (ids) => requirement(ids),
      async handle(ids, context) {
        const entity = entityOf(context.tenantId, ids);
        if (entity === undefined) throw noContactInfo();
        context.warn("contact info is deprecated; validate e-mail addresses of users");
        const contacts = (await contactsOf(directory, entity)).filter(
          ({ user }) => user.primaryEmailAddress !== "" && user.primaryEmailAddressValidatedAt === undefined,
        );
        if (contacts.length === 0) throw noValidationNeeded();
        const sent = await requestAll(validations, context.tenantId, contacts);
        const [first] = sent;
        if (first === undefined) {
          throw alreadySent({ retry_interval: formatInterval(validations.times.retryIntervalMs) });
        }
        return {
          id: first.row.id,
          entity: ids,
          contactInfo: sent.map(({ info }) => info),
          createdAt: timestampFromMs(first.row.createdAt),
        };
      },
    },
    validate: {
      requires: () => anyone,
      async handle({ id, token }, context) {
        await validations.validate(context.tenantId, id, token);
        return {};
      },
    },
  });
}

function entityOf(tenantId: string, ids: EntityIdentifiers): EntityReference | undefined {
  const subject = subjectOfIdentifiers(tenantId, ids);
  return subject?.type === "end device" ? undefined : subject;
}

function requirement(ids: EntityIdentifiers): Requirement {
  const entity = entityOf("", ids);
  if (entity === undefined) return { kind: "handler", reason: "nothing is done, the error says why" };
  return {
    kind: "rights",
    entity: { type: entity.type, id: entity.id },
    rights: [settingsRights[entity.type]],
  };
}

interface Contact {
  readonly userId: string;
  readonly user: User;
  readonly type: ContactType;
}

/** The users behind an entity's contacts, each once. */
async function contactsOf(directory: Directory, entity: EntityReference): Promise<readonly Contact[]> {
  const { tenantId, id } = entity;
  if (entity.type === "user") {
    const { message } = await readEntity(directory.users, entity);
    return [{ userId: id, user: message, type: ContactType.OTHER }];
  }
  const contacts = await loadContacts(directory, entity);
  const found = new Map<string, Contact>();
  for (const field of ["administrativeContact", "technicalContact"] as const) {
    const userId = await userBehind(directory, tenantId, contacts, field);
    const stored = userId === undefined ? undefined : await directory.users.entities.get(tenantId, userId);
    if (userId === undefined || stored === undefined || stored.deletedAt !== undefined) continue;
    const type = field === "technicalContact" ? ContactType.TECHNICAL : ContactType.OTHER;
    if (!found.has(userId)) found.set(userId, { userId, user: stored.message, type });
  }
  return [...found.values()];
}

async function loadContacts(directory: Directory, entity: EntityReference): Promise<WithContacts> {
  switch (entity.type) {
    case "application":
      return (await readEntity(directory.applications, entity)).message;
    case "client":
      return (await readEntity(directory.clients, entity)).message;
    case "gateway":
      return (await readEntity(directory.gateways, entity)).message;
    case "organization":
      return (await readEntity(directory.organizations, entity)).message;
    case "user":
      return {};
  }
}

async function userBehind(
  { organizations }: Directory,
  tenantId: string,
  contacts: WithContacts,
  field: keyof WithContacts,
): Promise<string | undefined> {
  const account = accountNamed(contacts[field]);
  if (account?.type !== "organization") return account?.id;
  const organization = (await organizations.entities.get(tenantId, account.id))?.message;
  const own = accountNamed(organization?.[field]);
  return own?.type === "user" ? own.id : undefined;
}

interface Sent {
  readonly row: ValidationRow;
  readonly info: ContactInfo;
}

async function requestAll(
  validations: EmailValidations,
  tenantId: string,
  contacts: readonly Contact[],
): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  for (const { userId, user, type } of contacts) {
    const receiver = { userId, name: user.name, address: user.primaryEmailAddress, admin: user.admin };
    const row = await validations.request({ tenantId, type: "user", id: userId }, receiver);
    if (row === undefined) continue;
    const info = create(ContactInfoSchema, {
      contactType: type,
      contactMethod: ContactMethod.EMAIL,
      value: user.primaryEmailAddress,
    });
    sent.push({ row, info });
  }
  return sent;
}
