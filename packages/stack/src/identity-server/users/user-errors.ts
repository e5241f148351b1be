import { defineErrors } from "../../errors/errors.ts";

const errors = defineErrors("pkg/identityserver");
const storage = defineErrors("pkg/identityserver/store");
const rightsErrors = defineErrors("pkg/auth/rights");

export const noAdmin = rightsErrors.permissionDenied("no_admin", "the caller is not an admin");
export const lastAdmin = storage.failedPrecondition("last_admin", "user `{user_id}` is the last admin");
export const registrationDisabled = errors.invalidArgument(
  "user_registration_disabled",
  "account registration is disabled",
);
export const invitationTokenRequired = errors.invalidArgument(
  "invitation_token_required",
  "who registers here needs an invitation",
);
export const passwordInUpdate = errors.invalidArgument(
  "password_in_update",
  "the password is changed with its own request",
);
export const updateAdminField = errors.permissionDenied(
  "update_admin_field",
  "only admins may change the field `{field}`",
);
export const adminsPurgeUsers = errors.permissionDenied(
  "admins_purge_users",
  "users may only be purged by admins",
);
export const oldPassword = errors.unauthenticated("old_password", "old password is not right");
export const passwordEqualsOld = errors.invalidArgument("password_equals_old", "new password is the old one");
export const temporaryPasswordExpired = errors.unauthenticated(
  "temporary_password_expired",
  "the temporary password expired",
);
export const temporaryPasswordStillValid = errors.invalidArgument(
  "temporary_password_still_valid",
  "a temporary password was sent before and can still be used",
);
export const invalidEmail = defineErrors("pkg/validate").invalidArgument(
  "email",
  "`{email}` is not a valid e-mail address",
);
