import { boolean, defineOptions, duration } from "../../config/option.ts";

export const sessionOptions = defineOptions({
  "is.sessions.ttl": {
    read: duration,
    default: "7d",
    description: "How long a login in a browser lasts",
  },
  "is.login-tokens.enabled": {
    read: boolean,
    default: "false",
    description: "Users can log in with a token instead of their password, once",
  },
  "is.login-tokens.token-ttl": {
    read: duration,
    default: "1h",
    description: "How long a login token can be used",
  },
});
