import { boolean, defineOptions, duration, integer } from "../../config/option.ts";

/** Of `is.user-registration` what is not there since the first release. */
export const registrationOptions = defineOptions({
  "is.user-registration.invitation.required": {
    read: boolean,
    default: "false",
    description: "Who registers needs an invitation",
  },
  "is.user-registration.invitation.token-ttl": {
    read: duration,
    default: "7d",
    description: "How long an invitation is good",
  },
  "is.user-registration.contact-info-validation.required": {
    read: boolean,
    default: "false",
    description: "A user can do little until its e-mail address is validated",
  },
  "is.user-registration.contact-info-validation.token-ttl": {
    read: duration,
    default: "2d",
    description: "How long the link of a validation e-mail is good",
  },
  "is.user-registration.contact-info-validation.retry-interval": {
    read: duration,
    default: "1h",
    description: "How soon another validation e-mail can be asked for",
  },
  "is.user-registration.password-requirements.min-length": {
    read: integer(1, 1000),
    default: "8",
    description: "Least number of characters of a password",
  },
  "is.user-registration.password-requirements.max-length": {
    read: integer(1, 1000),
    default: "1000",
    description: "Greatest number of characters of a password",
  },
  "is.user-registration.password-requirements.min-uppercase": {
    read: integer(0, 1000),
    default: "1",
    description: "Least number of upper-case letters in a password",
  },
  "is.user-registration.password-requirements.min-digits": {
    read: integer(0, 1000),
    default: "1",
    description: "Least number of digits in a password",
  },
  "is.user-registration.password-requirements.min-special": {
    read: integer(0, 1000),
    default: "0",
    description: "Least number of characters in a password that are neither letters nor digits",
  },
  "is.user-registration.password-requirements.reject-user-id": {
    read: boolean,
    default: "true",
    description: "A password must not contain the identifier of its user",
  },
  "is.user-registration.password-requirements.reject-common": {
    read: boolean,
    default: "true",
    description: "A password must not be one of those that are tried first",
  },
});
