import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { atMost } from "../../../component/at-most.ts";

/** A formatter script of one application; scripts with the same text of different applications share nothing. */
export interface Script {
  /** Of the application and the text. */
  readonly key: string;
  readonly applicationKey: string;
  readonly source: string;
  /** Monotonic time until which it may not run, since it ended a process. */
  quarantinedUntilMs: number;
}

const maxScripts = 10_000;

/** One object for each script, so that what is learned of it is kept with it. */
export class ScriptRegistry {
  readonly #scripts = new LRUCache<string, Script>(atMost(maxScripts));

  get(applicationKey: string, source: string): Script {
    const key = `${applicationKey} ${createHash("sha256").update(source).digest("base64")}`;
    const known = this.#scripts.get(key);
    if (known !== undefined) return known;
    const script: Script = { key, applicationKey, source, quarantinedUntilMs: 0 };
    this.#scripts.set(key, script);
    return script;
  }
}
