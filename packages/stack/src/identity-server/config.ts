import {
  boolean,
  defineOptions,
  duration,
  integer,
  type OptionReader,
  type OptionValues,
  text,
  textList,
} from "../config/option.ts";
import { parseEuiBlock } from "./dev-eui/eui-block.ts";
import { mailOptions } from "./mail/config.ts";
import { openIdOptions } from "./openid/config.ts";
import { pictureOptions } from "./pictures/config.ts";
import { sessionOptions } from "./sessions/config.ts";
import { registrationOptions } from "./users/config.ts";

/** Who has one may do anything to every tenant: it must not be guessed. */
const tenantAdminKeys: OptionReader<readonly string[]> = (value) => {
  const keys = textList(value);
  if (keys.some((key) => key.length < 32)) throw new TypeError("expected keys of at least 32 characters");
  return keys;
};

export const identityServerOptions = defineOptions({
  ...sessionOptions,
  ...openIdOptions,
  "tenancy.tenants": {
    read: textList,
    default: "",
    description:
      "Tenants of this installation, separated by commas; the first is the default one. Empty: one implicit tenant.",
  },
  "tenancy.enabled": {
    read: boolean,
    default: "false",
    description: "Tenants can be created; naming some in `tenancy.tenants` turns this on as well",
  },
  "tenancy.base-domains": {
    read: textList,
    default: "",
    description:
      "Domains below which each name is a tenant, e.g. `example.com` for `tenant1.example.com`. Empty: the first label of any host names a tenant, if there is one of that name",
  },
  "tenancy.admin-keys": {
    read: tenantAdminKeys,
    default: "",
    secret: true,
    description:
      "Keys of 32 or more characters, separated by commas, that manage tenants (`Authorization: TenantAdminKey …`). Empty: admins of the default tenant do so with keys of their own",
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
  ...registrationOptions,
  ...mailOptions,
  ...pictureOptions,
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
  "is.user-rights.create-clients": {
    read: boolean,
    default: "true",
    description: "Users that are no admins may create OAuth clients, which wait for an admin's approval",
  },
  "is.user-rights.create-organizations": {
    read: boolean,
    default: "true",
    description: "Users that are no admins may create organizations",
  },
  "is.collaborator-rights.set-others-as-contacts": {
    read: boolean,
    default: "true",
    description: "Users may make other collaborators the contacts of an entity",
  },
  "is.delete.restore": {
    read: duration,
    default: "24h",
    description: "How long a deleted entity can be restored",
  },
  "is.dev-eui-block.enabled": {
    read: boolean,
    default: "false",
    description: "Applications can be issued DevEUIs of the installation's own block",
  },
  "is.dev-eui-block.prefix": {
    read: parseEuiBlock,
    default: "",
    description:
      "The block that DevEUIs are issued from, as the IEEE assigned it, e.g. `70B3D57ED0000000/36`",
  },
  "is.dev-eui-block.init-counter": {
    read: integer(0),
    default: "0",
    description: "Number within the block of the first DevEUI that is issued",
  },
  "is.dev-eui-block.application-limit": {
    read: integer(0),
    default: "0",
    description: "How many DevEUIs an application is issued at most; 0 is without limit",
  },
});

export type IdentityServerConfiguration = OptionValues<typeof identityServerOptions>;
