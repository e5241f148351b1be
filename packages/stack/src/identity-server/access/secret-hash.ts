import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { defineErrors } from "../../errors/errors.ts";

const errors = defineErrors("skylark/identity-server");
const tooManyLogins = errors.resourceExhausted(
  "too_many_logins",
  "too many logins are being verified, try again",
);
const unreadableHash = errors.internal("unreadable_hash", "a stored secret hash cannot be read");

/**
 * How hard a hash is to compute, as log2 of scrypt's N (r is 8): 12 takes 4 MiB and some 10 ms, 15 eight times that.
 * The secrets of API keys are 256 random bits, which no amount of guessing finds, so theirs can be cheap: after a
 * restart every client logs in at once. What people choose needs the other.
 */
export const hashCosts = { randomSecret: 12, password: 15 } as const;

const checkLength = 2;
const maximumConcurrency = 2;
/** Passwords take long, and anyone may send some: who waits behind so many would wait for seconds. */
const passwordsWaiting = 100;

/** Hashes secrets, never more than two at once: the pool's threads also serve the files. */
export interface SecretHasher {
  hash(secret: string, costLog2: number): Promise<string>;
  /** False as soon as the check bytes differ, which costs nothing and refuses all but one guess of 65536. */
  verify(secret: string, hash: string): Promise<boolean>;
}

/** Hashes of one kind, in the order in which they came. */
interface Lane {
  running: number;
  readonly waiting: (() => void)[];
  readonly mostWaiting: number;
}

/** The secrets of keys go before passwords, which anyone may send. */
export function createSecretHasher(maximumWaiting = 1000): SecretHasher {
  const keys: Lane = { running: 0, waiting: [], mostWaiting: maximumWaiting };
  const passwords: Lane = {
    running: 0,
    waiting: [],
    mostWaiting: Math.min(maximumWaiting, passwordsWaiting),
  };
  const running = (): number => keys.running + passwords.running;
  const startWaiting = (): void => {
    while (running() < maximumConcurrency) {
      const lane = keys.waiting.length > 0 ? keys : passwords;
      const next = lane.waiting.shift();
      if (next === undefined) return;
      lane.running++;
      next();
    }
  };

  const derive = async (secret: string, salt: Uint8Array, costLog2: number): Promise<Buffer> => {
    const lane = costLog2 > hashCosts.randomSecret ? passwords : keys;
    if (running() >= maximumConcurrency) {
      if (lane.waiting.length >= lane.mostWaiting) throw tooManyLogins();
      await new Promise<void>((resolve) => lane.waiting.push(resolve));
    } else lane.running++;
    try {
      return await deriveKey(secret, salt, costLog2);
    } finally {
      lane.running--;
      startWaiting();
    }
  };

  return {
    async hash(secret, costLog2) {
      const salt = randomBytes(16);
      const key = await derive(secret, salt, costLog2);
      const withCheck = costLog2 === hashCosts.randomSecret;
      const check = withCheck ? checkBytes(secret) : Buffer.alloc(0);
      return ["scrypt", costLog2, ...[salt, key, check].map((part) => part.toString("base64"))].join("$");
    },
    async verify(secret, hash) {
      const [method, cost, salt, key, check] = hash.split("$");
      if (method !== "scrypt" || !salt || !key || check === undefined) throw unreadableHash();
      if (check !== "" && checkBytes(secret).toString("base64") !== check) return false;
      const derived = await derive(secret, Buffer.from(salt, "base64"), Number(cost));
      const expected = Buffer.from(key, "base64");
      return expected.length === derived.length && timingSafeEqual(expected, derived);
    },
  };
}

function deriveKey(secret: string, salt: Uint8Array, costLog2: number): Promise<Buffer> {
  const options = { N: 2 ** costLog2, r: 8, p: 1, maxmem: 2 ** (costLog2 + 11) };
  return new Promise((resolve, reject) =>
    scrypt(secret, salt, 32, options, (error, key) => (error === null ? resolve(key) : reject(error))),
  );
}

/** 16 of a random secret's 256 bits, known to whoever reads the store: it stays beyond guessing. Never for passwords. */
function checkBytes(secret: string): Buffer {
  return createHash("sha256").update("skylark check ").update(secret).digest().subarray(0, checkLength);
}
