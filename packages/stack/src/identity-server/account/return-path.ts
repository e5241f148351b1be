/** Where a browser goes when nobody said. */
export const accountPath = "/oauth/";

/** Where a user chooses a new password, to go on with what it came for. */
export function passwordPath(userId: string, next: string): string {
  const user = new URLSearchParams({ user: userId });
  if (next !== accountPath) user.set("n", next);
  return `/oauth/update-password?${user}`;
}

/** A path of this server that a request asked to come back to; the account's page for anything else. */
export function returnPath(asked: string | null): string {
  if (asked === null || !asked.startsWith("/") || asked.length > 4096) return accountPath;
  // Browsers take a backslash for a slash and drop tabs and line ends, so that a path could become a host.
  if (/[\\\p{Cc}]/u.test(asked) || asked.startsWith("//")) return accountPath;
  const url = URL.parse(asked, "http://here.invalid");
  if (url === null || url.origin !== "http://here.invalid" || url.pathname.startsWith("//"))
    return accountPath;
  return url.pathname + url.search;
}
