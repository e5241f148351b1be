/** Pages of this server that show or pass on a code, for clients that have no address of their own. */
const ownPages: ReadonlyMap<string, string> = new Map([
  ["code", "/oauth/code"],
  ["/code", "/oauth/code"],
  ["local-callback", "/oauth/local-callback"],
  ["/local-callback", "/oauth/local-callback"],
]);

/** Schemes that run or read something in the browser instead of calling a client. */
const forbiddenSchemes = new Set([
  "javascript:",
  "data:",
  "vbscript:",
  "file:",
  "blob:",
  "about:",
  "filesystem:",
]);

/**
 * The address to send a browser to, of those that the client registered; undefined when it registered no such one.
 * Addresses are compared letter by letter (RFC 9700 §2.1): whatever a browser would make of `..`, `@` or an encoded
 * slash, it is not what was registered.
 */
export function findRedirectUri(registered: readonly string[], asked: string): string | undefined {
  if (asked === "") return registered.find(isUsable);
  if (!isUsable(asked)) return undefined;
  return registered.some((uri) => isSame(uri, asked)) ? asked : undefined;
}

function isSame(registered: string, asked: string): boolean {
  if (registered === asked) return true;
  // The command line listens on a port of its choice.
  if (ownPages.get(registered) === "/oauth/local-callback") {
    return /^\?port=\d{1,5}$/.test(asked.slice(registered.length)) && asked.startsWith(registered);
  }
  return isSameLoopback(registered, asked);
}

/** RFC 8252 §7.3: a native client cannot know which port of the loopback interface it will get. */
function isSameLoopback(registered: string, asked: string): boolean {
  const pattern = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(\/.*)?$/;
  const one = pattern.exec(registered);
  const other = pattern.exec(asked);
  return one !== null && other !== null && one[1] === other[1] && (one[2] ?? "") === (other[2] ?? "");
}

function isUsable(uri: string): boolean {
  if (uri === "" || uri.length > 2048 || /[^\x21-\x7e]|[\\#]/.test(uri)) return false;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(uri)) return !uri.startsWith("//");
  const url = URL.parse(uri);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return !forbiddenSchemes.has(url.protocol);
}

/** Whether the code stays between the browser, this server and the machine of the user. */
export function isOwnPage(uri: string): boolean {
  return ownPages.has(uri.split("?", 1)[0] ?? "");
}

/** The registered address as a location, with what the client is told. */
export function redirectLocation(uri: string, parameters: Readonly<Record<string, string>>): string {
  const [path = "", query] = uri.split("?", 2);
  const own = ownPages.get(path);
  const target = own === undefined ? uri : query === undefined ? own : `${own}?${query}`;
  const added = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ""));
  return `${target}${target.includes("?") ? "&" : "?"}${added.toString()}`;
}

/** What a form must be allowed to lead to, so that its answer can send the browser on to the client. */
export function formTargetOf(uri: string): readonly string[] {
  const [path = "", query] = uri.split("?", 2);
  const own = ownPages.get(path);
  if (own === "/oauth/local-callback") return [localOrigin(new URLSearchParams(query).get("port"))];
  if (own !== undefined || !/^[a-z][a-z0-9+.-]*:/i.test(uri)) return [];
  const url = URL.parse(uri);
  if (url === null) return [];
  return /^https?:$/.test(url.protocol) ? [url.origin] : [url.protocol];
}

const defaultLocalPort = 11885;

/** Where the command line waits for its code. */
export function localOrigin(port: string | null): string {
  const number = /^\d{1,5}$/.test(port ?? "") ? Number(port) : 0;
  return `http://localhost:${number >= 1 && number <= 65535 ? number : defaultLocalPort}`;
}
