import { boolean, defineOptions, text } from "../../config/option.ts";

export const openIdOptions = defineOptions({
  "is.oidc.issuer": {
    read: text,
    default: "",
    description:
      "Issuer of an OpenID Connect provider (`https://login.example.com/realms/main`) at which users can log in; empty: none",
  },
  "is.oidc.client-id": { read: text, default: "", description: "This installation's client at the provider" },
  "is.oidc.client-secret": {
    read: text,
    default: "",
    description: "Secret of that client; empty for a public one",
    secret: true,
  },
  "is.oidc.scopes": {
    read: text,
    default: "openid profile email",
    description: "What is asked of the provider, separated by spaces",
  },
  "is.oidc.name": {
    read: text,
    default: "single sign-on",
    description: "What the login page calls the provider",
  },
  "is.oidc.redirect-url": {
    read: text,
    default: "",
    description:
      "Address of `/oauth/oidc/callback` as the provider knows it; empty: under the host that the browser asked for",
  },
  "is.oidc.tenant": {
    read: text,
    default: "",
    description: "Tenant whose users log in at the provider; empty: the default one",
  },
  "is.oidc.register-users": {
    read: boolean,
    default: "false",
    description: "Who is known to the provider and not here becomes a user, approved at once",
  },
  "is.oidc.link-by-email": {
    read: boolean,
    default: "false",
    description:
      "Who is known here by the same e-mail address, validated both here and at the provider, logs in as that user",
  },
});
