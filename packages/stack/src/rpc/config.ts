import {
  defineOptions,
  listenAddress,
  type OptionReader,
  type OptionValues,
  textList,
} from "../config/option.ts";
import type { RateLimitClass, RateLimitProfiles } from "./rate-limits.ts";

interface RateLimit {
  readonly maxPerMinute: number;
  readonly maxBurst: number;
}

/** `600` a minute, `600/100` with at most 100 of them at once; nothing for no limit. */
const rateLimit: OptionReader<RateLimit | undefined> = (value) => {
  if (value === "") return undefined;
  const match = /^(\d{1,9})(?:\/(\d{1,9}))?$/.exec(value);
  const maxPerMinute = Number(match?.[1]);
  const maxBurst = Number(match?.[2] ?? match?.[1]);
  if (match === null || maxPerMinute < 1 || maxBurst < 1) {
    throw new TypeError("expected how many a minute, such as 600 or 600/100, or nothing for no limit");
  }
  return { maxPerMinute, maxBurst };
};

/** What is limited is counted by class, remote address and token. */
export const rpcOptions = defineOptions({
  "grpc.listen": { read: listenAddress, default: ":1884", description: "gRPC API" },
  "grpc.listen-tls": {
    read: listenAddress,
    default: ":8884",
    description: "The same over TLS, once a certificate is configured",
  },
  "http.trusted-proxies": {
    read: textList,
    default: "127.0.0.0/8,10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,::1/128,fc00::/7",
    description:
      "Networks of proxies whose X-Forwarded-For and X-Real-IP headers are believed, also over gRPC",
  },
  "rate-limit.unauthenticated": {
    read: rateLimit,
    default: "30000",
    description:
      "API calls without credentials a minute and address, as `600` or `600/100` with the most at once",
  },
  "rate-limit.reads": {
    read: rateLimit,
    default: "1200000",
    description: "API calls that only read, a minute, address and token",
  },
  "rate-limit.writes": {
    read: rateLimit,
    default: "600000",
    description: "API calls that change something, a minute, address and token",
  },
  "rate-limit.downlinks": {
    read: rateLimit,
    default: "300000",
    description: "Calls that push to or replace a downlink queue, a minute, address and token",
  },
  "rate-limit.streams": {
    read: rateLimit,
    default: "6000",
    description: "Streams opened a minute, address and token",
  },
  "rate-limit.attempts": {
    read: rateLimit,
    default: "10/20",
    description:
      "Attempts to log in or to change a password, a minute, address and account; ten times as many of an address or an account",
  },
});

/** The limits that the options set. */
export function rateLimitProfiles(options: OptionValues<typeof rpcOptions>): RateLimitProfiles {
  const classes: readonly RateLimitClass[] = [
    "unauthenticated",
    "reads",
    "writes",
    "downlinks",
    "streams",
    "attempts",
  ];
  return Object.fromEntries(
    classes.flatMap((name) => {
      const limit = options[`rate-limit.${name}`];
      return limit === undefined ? [] : [[name, limit]];
    }),
  );
}
