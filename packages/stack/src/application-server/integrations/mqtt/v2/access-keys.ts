/** Access keys of V2 begin with the name of their issuer; its clients know only one code for a refused key. */
const v2AccessKey = /^ttn-account[^.]*/;

/** Whether a password looks as if a client of V2 had sent it. */
export function isV2AccessKey(password: string): boolean {
  return v2AccessKey.test(password);
}

/** The API key in a password: any key serves, also in the form that V2 gave to its own. */
export function readV2AccessKey(password: string): string {
  const dot = password.indexOf(".");
  return isV2AccessKey(password) && dot >= 0 ? password.slice(dot + 1) : password;
}
