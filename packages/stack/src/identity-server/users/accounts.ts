import { anyPack } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { Logger } from "../../log/log.ts";
import type { PlainHandler } from "../../rpc/plain-routes.ts";
import type { ServiceImplementation } from "../../rpc/service.ts";
import type { IdentityServerConfiguration } from "../config.ts";
import { contactInfoRegistry } from "../contacts/contact-info-registry.ts";
import { emailValidationRegistry } from "../contacts/email-validation-registry.ts";
import { createEmailValidations } from "../contacts/email-validations.ts";
import { createValidationStore } from "../contacts/validation-store.ts";
import type { SecretVault } from "../gateways/gateway-secrets.ts";
import { userInvitationRegistry } from "../invitations/invitation-registry.ts";
import { createInvitationStore } from "../invitations/invitation-store.ts";
import { mailFolder } from "../mail/mail-folder.ts";
import { createMailStore } from "../mail/mail-store.ts";
import { MailWorker } from "../mail/mailer.ts";
import { loginTokenLetter } from "../mail/templates.ts";
import { smtpTransport } from "../mail/transport.ts";
import { notificationService } from "../notifications/notification-service.ts";
import { createNotificationStore } from "../notifications/notification-store.ts";
import { createNotifier, type NotificationDelivery } from "../notifications/notifier.ts";
import { pictureHandler } from "../pictures/picture-handler.ts";
import { createPictureStore } from "../pictures/picture-store.ts";
import { createPictures, endDeviceAlbum, type Pictures, profileAlbum } from "../pictures/pictures.ts";
import { readEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import { passwordRequirements } from "./passwords.ts";
import { createTemporaryPasswordStore } from "./temporary-password-store.ts";
import { receiverOf } from "./user-parts.ts";
import { userRegistry } from "./user-registry.ts";

export interface AccountsOptions {
  readonly vault: SecretVault;
  readonly log: Logger;
  readonly configuration: IdentityServerConfiguration;
  /** Takes e-mails while there is no SMTP server. */
  readonly mailDirectory: string;
}

/** Users, and how they are reached. */
export interface Accounts {
  readonly services: readonly ServiceImplementation[];
  readonly notifier: NotificationDelivery;
  readonly endDevicePictures: Pictures;
  readonly servePicture: PlainHandler;
  /** Writes to a user how to log in without its password; a failure is logged. */
  sendLoginToken(user: EntityReference, token: string, lifetimeMs: number): Promise<void>;
  close(): Promise<void>;
}

export function createAccounts(registries: Registries, options: AccountsOptions): Accounts {
  const { configuration, vault, log } = options;
  const { store, clock, events, randomBytes } = registries;
  const mailer = createMailWorker(registries, options);
  const notifications = createNotificationStore(store);
  const notifier = createNotifier({ ...registries, notifications, mailer });
  registries.notices.deliverWith(({ data, ...notice }) =>
    notifier.prepare({ ...notice, data: anyPack(data.schema, data.message) }),
  );
  const validationRows = createValidationStore(store);
  const validations = createEmailValidations({
    ...registries,
    lifecycle: registries,
    validations: validationRows,
    mailer,
    vault,
    times: {
      tokenLifetimeMs: configuration["is.user-registration.contact-info-validation.token-ttl"],
      retryIntervalMs: configuration["is.user-registration.contact-info-validation.retry-interval"],
    },
  });
  const invitations = createInvitationStore(store);
  const storedPictures = createPictureStore(store);
  const pictures = createPictures({ pictures: storedPictures, clock }, profileAlbum(configuration));
  const users = userRegistry(registries, {
    registrationEnabled: configuration["is.user-registration.enabled"],
    approvalRequired: configuration["is.user-registration.admin-approval.required"],
    invitationRequired: configuration["is.user-registration.invitation.required"],
    passwordRequirements: passwordRequirements(configuration),
    useGravatar: configuration["is.profile-picture.use-gravatar"],
    temporaryPasswords: createTemporaryPasswordStore(store),
    log,
    invitations,
    validations,
    notifier,
    mailer,
    pictures,
    onPurge:
      ({ tenantId, id }) =>
      (writer) => {
        notifications.deleteOf(writer, tenantId, id);
        validationRows.deleteOf(writer, tenantId, id);
      },
  });
  const tokenLifetimeMs = configuration["is.user-registration.invitation.token-ttl"];
  return {
    services: [
      users,
      userInvitationRegistry({ store, clock, randomBytes, invitations, mailer, tokenLifetimeMs }),
      emailValidationRegistry(registries, validations),
      contactInfoRegistry(registries, validations),
      notificationService({ store, clock, events, notifications, notifier }),
    ],
    notifier,
    endDevicePictures: createPictures({ pictures: storedPictures, clock }, endDeviceAlbum(configuration)),
    servePicture: pictureHandler(storedPictures),
    sendLoginToken: (user, token, lifetimeMs) =>
      sendLoginToken({ registries, mailer, log }, user, token, lifetimeMs),
    close: () => mailer.close(),
  };
}

function createMailWorker(
  { store, clock, events }: Registries,
  { configuration, vault, log, mailDirectory }: AccountsOptions,
): MailWorker {
  return new MailWorker({
    mails: createMailStore(store),
    transport:
      configuration["is.email.smtp.address"] === ""
        ? mailFolder(mailDirectory)
        : smtpTransport(configuration),
    network: {
      name: configuration["is.email.network.name"],
      consoleUrl: configuration["is.email.network.console-url"],
      identityServerUrl: configuration["is.email.network.identity-server-url"],
    },
    vault,
    clock,
    events,
    log,
  });
}

interface Letters {
  readonly registries: Pick<Registries, "users" | "store">;
  readonly mailer: MailWorker;
  readonly log: Logger;
}

async function sendLoginToken(
  { registries, mailer, log }: Letters,
  user: EntityReference,
  token: string,
  lifetimeMs: number,
): Promise<void> {
  try {
    const receiver = receiverOf((await readEntity(registries.users, user)).message);
    const about = { network: mailer.network(user.tenantId), receiver };
    const letter = loginTokenLetter(about, { userId: user.id, token, lifetimeMs });
    await registries.store.transact((writer) =>
      mailer.queue(writer, { tenantId: user.tenantId, template: "login_token", receiver, letter }),
    );
  } catch (error) {
    log.error("a login token could not be mailed", { error });
  }
}
