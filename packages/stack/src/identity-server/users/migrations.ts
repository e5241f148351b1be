import type { Migrations } from "../../store/store.ts";
import { validationMigrations } from "../contacts/validation-store.ts";
import { invitationMigrations } from "../invitations/invitation-store.ts";
import { mailMigrations } from "../mail/mail-store.ts";
import { notificationMigrations } from "../notifications/notification-store.ts";
import { pictureMigrations } from "../pictures/picture-store.ts";
import { emailAddressMigrations } from "../storage/email-addresses.ts";
import { temporaryPasswordMigrations } from "./temporary-password-store.ts";

/** The tables of accounts besides users themselves, each under its owner. */
export const accountMigrations: Migrations = {
  "identity-server/mail": mailMigrations,
  "identity-server/notifications": notificationMigrations,
  "identity-server/invitations": invitationMigrations,
  "identity-server/contacts": validationMigrations,
  "identity-server/pictures": pictureMigrations,
  "identity-server/email-addresses": emailAddressMigrations,
  "identity-server/temporary-passwords": temporaryPasswordMigrations,
};
