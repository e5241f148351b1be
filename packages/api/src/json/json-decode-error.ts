/** Thrown for JSON that does not fit the schema: where, by the API's field names, and why. */
export class JSONDecodeError extends Error {
  readonly reason: string;
  #path: string;

  constructor(reason: string, path = "") {
    super(reason);
    this.name = "JSONDecodeError";
    this.reason = reason;
    this.#path = path;
    this.message = this.#text();
  }

  /** Such as `end_device.locations.user.latitude` or `downlinks[0].f_port`; empty for the whole. */
  get path(): string {
    return this.#path;
  }

  /** Puts the error one level deeper; the reader does so while it unwinds, so that reading pays nothing for it. */
  within(parent: string): this {
    const separator = this.#path === "" || this.#path.startsWith("[") ? "" : ".";
    this.#path = `${parent}${separator}${this.#path}`;
    this.message = this.#text();
    return this;
  }

  #text(): string {
    return this.#path === "" ? this.reason : `${this.#path}: ${this.reason}`;
  }
}

/** What a JSON value is, in the words of the error message. */
export function kindOf(json: unknown): string {
  if (json === null) return "null";
  return Array.isArray(json) ? "array" : typeof json;
}
