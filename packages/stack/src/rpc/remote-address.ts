import { BlockList, isIP } from "node:net";

/** Networks whose word on where a request came from is taken: loopback and private ones, as proxies live there. */
export const privateNetworks: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1/128",
  "fc00::/7",
];

/** What a request says of where it came from. */
export interface RequestOrigin {
  /** The address of the connection. */
  readonly peer: string;
  /** The headers `X-Forwarded-For` and `X-Real-Ip`. */
  readonly forwardedFor: string | undefined;
  readonly realIp: string | undefined;
}

/** Finds the address of the client behind trusted proxies. */
export function remoteAddressReader(trustedNetworks: readonly string[]): (origin: RequestOrigin) => string {
  const trusted = new BlockList();
  for (const network of trustedNetworks) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    trusted.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family);
  }
  const isTrusted = (address: string): boolean => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 6 ? "ipv6" : "ipv4");
  };
  return (origin) => {
    const peer = plainAddress(origin.peer);
    const { forwardedFor, realIp } = origin;
    if ((forwardedFor === undefined && realIp === undefined) || !isTrusted(peer)) return peer;
    // Each proxy appends whom it heard from, so the last one that no proxy of ours wrote is the client.
    const hops = (forwardedFor ?? realIp ?? "").split(",").map((hop) => plainAddress(hop.trim()));
    const client = hops.findLast((hop) => !isTrusted(hop)) ?? hops[0] ?? peer;
    return isIP(client) === 0 ? peer : client;
  };
}

/** What one customer of a provider has of addresses: an IPv4 address, or a /64 network of IPv6, `2001:db8:0:1`. */
export function networkOf(given: string): string {
  const address = plainAddress(given);
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::", 2);
  const groupsOf = (text: string | undefined) => (text ? text.split(":") : []);
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const between = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: between }, () => "0"), ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

/** An IPv4 address that came over an IPv6 socket is an IPv4 address. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
