import { boolean, defineOptions, duration, text, textList } from "../config/option.ts";

export const identityServerOptions = defineOptions({
  "tenancy.tenants": {
    read: textList,
    default: "",
    description:
      "Tenants of this installation, separated by commas; the first is the default one. Empty: one implicit tenant.",
  },
  "tenancy.default": {
    read: text,
    default: "default",
    description: "Identifier of the implicit tenant while `tenancy.tenants` is empty",
  },
  "is.admin-rights.all": {
    read: boolean,
    default: "false",
    description: "Admins hold every right on every entity, those to keys included",
  },
  "is.user-registration.enabled": {
    read: boolean,
    default: "false",
    description: "Anyone may create a user; otherwise only admins may",
  },
  "is.user-registration.admin-approval.required": {
    read: boolean,
    default: "true",
    description: "A user that registered itself waits for an admin's approval",
  },
  "is.user-rights.create-applications": {
    read: boolean,
    default: "true",
    description: "Users that are no admins may create applications",
  },
  "is.user-rights.create-gateways": {
    read: boolean,
    default: "true",
    description: "Users that are no admins may create gateways",
  },
  "is.delete.restore": {
    read: duration,
    default: "24h",
    description: "How long a deleted entity can be restored",
  },
});
