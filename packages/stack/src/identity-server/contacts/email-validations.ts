import { timingSafeEqual } from "node:crypto";
import { timestampFromMs } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";
import type { Writer } from "../../store/store.ts";
import { conflict, stale } from "../../store/store-errors.ts";
import { formatBase32 } from "../access/base32.ts";
import type { SecretVault } from "../gateways/gateway-secrets.ts";
import type { Mailer } from "../mail/mailer.ts";
import { type Receiver, validateLetter } from "../mail/templates.ts";
import { readEntity, updateEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import { addressKey } from "../storage/email-addresses.ts";
import type { ValidationRow, ValidationStore } from "./validation-store.ts";

const storage = defineErrors("pkg/identityserver/store");
const tokenNotFound = storage.notFound("validation_token_not_found", "validation token not found");
const tokenUsed = storage.failedPrecondition(
  "validation_token_already_used",
  "validation token was used already",
);
const tokenExpired = storage.failedPrecondition("validation_token_expired", "validation token expired");
const noUserWithAddress = storage.notFound(
  "user_not_found_by_primary_email_address",
  "no user has this primary e-mail address any more",
);

/** How long tokens are good, and how soon another e-mail can be asked for. */
export interface ValidationTimes {
  readonly tokenLifetimeMs: number;
  readonly retryIntervalMs: number;
}

export interface EmailValidationsOptions
  extends Pick<Registries, "store" | "clock" | "randomBytes" | "users"> {
  readonly lifecycle: Pick<Registries, "store" | "clock" | "entityChanged" | "restoreWindowMs">;
  readonly validations: ValidationStore;
  readonly mailer: Mailer;
  readonly vault: SecretVault;
  readonly times: ValidationTimes;
}

/** A validation that is ready to be written, with its e-mail. */
export interface PreparedValidation {
  readonly row: ValidationRow;
  write(writer: Writer): void;
}

/** Asks people whether an e-mail address is theirs. */
export interface EmailValidations {
  readonly times: ValidationTimes;
  /** Undefined when the last e-mail is too recent. */
  prepare(user: EntityReference, receiver: Receiver): Promise<PreparedValidation | undefined>;
  /** In a transaction of its own; undefined when the last e-mail is too recent. */
  request(user: EntityReference, receiver: Receiver): Promise<ValidationRow | undefined>;
  /** Whoever has the token has read the e-mail. */
  validate(tenantId: string, id: string, token: string): Promise<void>;
}

export function createEmailValidations(options: EmailValidationsOptions): EmailValidations {
  const { clock, validations, mailer, vault, randomBytes, times } = options;

  const mail = (writer: Writer, user: EntityReference, receiver: Receiver, row: ValidationRow): void => {
    const letter = validateLetter(
      { network: mailer.network(user.tenantId), receiver },
      {
        topic: { type: "user", id: user.id, consolePath: "" },
        id: row.id,
        token: Buffer.from(vault.open(row.token)).toString(),
        lifetimeMs: times.tokenLifetimeMs,
      },
    );
    mailer.queue(writer, { tenantId: user.tenantId, template: "validate", receiver, letter });
  };

  const newRow = ({ tenantId, id: userId }: EntityReference, address: string): ValidationRow => {
    const now = clock.now();
    return {
      tenantId,
      id: formatBase32(randomBytes(24)),
      userId,
      address,
      token: vault.seal(Buffer.from(formatBase32(randomBytes(32)))),
      createdAt: now,
      updatedAt: now,
      expiresAt: now + times.tokenLifetimeMs,
      usedAt: undefined,
    };
  };

  const prepare = async (
    user: EntityReference,
    receiver: Receiver,
  ): Promise<PreparedValidation | undefined> => {
    const now = clock.now();
    const pending = await validations.pending(user.tenantId, user.id, receiver.address, now);
    if (pending === undefined) {
      const row = newRow(user, receiver.address);
      const write = (writer: Writer) => {
        validations.insert(writer, row);
        mail(writer, user, receiver, row);
      };
      return { row, write };
    }
    if (pending.updatedAt > now - times.retryIntervalMs) return undefined;
    const row = { ...pending, updatedAt: now, expiresAt: now + times.tokenLifetimeMs };
    const write = (writer: Writer) => {
      validations.refresh(writer, pending, row.updatedAt, row.expiresAt);
      mail(writer, user, receiver, row);
    };
    return { row, write };
  };

  return {
    times,
    prepare,
    async request(user, receiver) {
      const prepared = await prepare(user, receiver);
      if (prepared === undefined) return undefined;
      try {
        await options.store.transact((writer) => prepared.write(writer));
      } catch (error) {
        // Another request for the same address was faster.
        if (isOneOf(error, conflict, stale)) return undefined;
        throw error;
      }
      return prepared.row;
    },
    async validate(tenantId, id, token) {
      const row = await validations.get(tenantId, id);
      if (row === undefined || !isToken(vault, row, token)) throw tokenNotFound({ validation_id: id });
      await useValidation(options, row);
    },
  };
}

async function useValidation(options: EmailValidationsOptions, row: ValidationRow): Promise<void> {
  const { validations, users, lifecycle, clock } = options;
  const check = (current: ValidationRow): void => {
    const attributes = { validation_id: current.id };
    if (current.usedAt !== undefined) throw tokenUsed(attributes);
    if (current.expiresAt <= clock.now()) throw tokenExpired(attributes);
  };
  check(row);
  const user: EntityReference = { tenantId: row.tenantId, type: "user", id: row.userId };
  await readEntity(users, user);
  await updateEntity(lifecycle, users, user, async (stored, at, also) => {
    // Read anew at each attempt: the token may be what somebody else just used.
    check((await validations.get(row.tenantId, row.id)) ?? row);
    if (addressKey(stored.primaryEmailAddress) !== addressKey(row.address)) throw noUserWithAddress();
    also((writer) => validations.use(writer, row, at));
    const stamp = timestampFromMs(at);
    return { ...stored, updatedAt: stamp, primaryEmailAddressValidatedAt: stamp };
  });
}

function isToken(vault: SecretVault, row: ValidationRow, token: string): boolean {
  const expected = vault.open(row.token);
  const given = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function isOneOf(error: unknown, ...definitions: readonly { readonly definition: unknown }[]): boolean {
  return (
    error instanceof SkylarkError && definitions.some(({ definition }) => definition === error.definition)
  );
}
