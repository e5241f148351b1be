/** A mail address as programs use it: no comments, quotes or display names. */
export function isEmail(text: string): boolean {
  if (text.length > 254) return false;
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  const host = text.slice(at + 1);
  return at > 0 && local.length <= 64 && isDotAtom(local) && isHostName(host);
}

function isDotAtom(text: string): boolean {
  return text.split(".").every((atom) => /^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+$/u.test(atom));
}

function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    text
      .split(".")
      .every((label) => label.length <= 63 && /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(label))
  );
}

/** An absolute URI. */
export function isURI(text: string): boolean {
  return URL.canParse(text);
}

/** An absolute URI or one relative to another. */
export function isURIReference(text: string): boolean {
  return URL.canParse(text, "https://relative.invalid/");
}

/** An IPv4 address in dotted decimals, without a port. */
export function isIPv4Address(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255);
}

/** An IPv4 or IPv6 address, without a port. */
export function isIPAddress(text: string): boolean {
  if (isIPv4Address(text)) return true;
  return text.includes(":") && /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
}
