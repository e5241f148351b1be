import type { At, Clock, Timer } from "../../clock/clock.ts";
import { ulid } from "../../domain/ulid.ts";
import { SkylarkError } from "../../errors/errors.ts";
import { defineEvent, type EventPublisher } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import type { Writer } from "../../store/store.ts";
import { stale } from "../../store/store-errors.ts";
import type { SecretVault } from "../gateways/gateway-secrets.ts";
import { type Letter, layOut, oneLine } from "./letter.ts";
import type { MailRow, MailStore } from "./mail-store.ts";
import { type Network, networkOfTenant, type Receiver } from "./templates.ts";
import { type Envelope, MailRefused, type MailTransport } from "./transport.ts";

const mailFailed = defineEvent("user.email.fail", "fail to send an e-mail to the user", ["RIGHT_USER_INFO"]);

export interface OutgoingMail {
  readonly tenantId: string;
  readonly template: string;
  readonly receiver: Receiver;
  readonly letter: Letter;
}

/** Where the services of this server leave e-mails. */
export interface Mailer {
  /** As a tenant's users know it. */
  network(tenantId: string): Network;
  /** The e-mail goes out once the transaction is committed, and not at all if it is not. Waits for nothing. */
  queue(writer: Writer, mail: OutgoingMail): void;
}

export interface MailerOptions {
  readonly mails: MailStore;
  readonly transport: MailTransport;
  readonly network: Network;
  readonly vault: SecretVault;
  readonly clock: Clock;
  readonly events: EventPublisher;
  readonly log: Logger;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** From one attempt to the next; after the last one the e-mail is given up, by then its token has mostly expired. */
const waits = [30 * second, 2 * minute, 10 * minute, 30 * minute, 2 * hour, 4 * hour, 8 * hour, 12 * hour];
const takenAtOnce = 20;

/** A mail as it is kept: the envelope, and whose it is. */
interface KeptMail extends Envelope {
  readonly userId?: string;
}

/**
 * Sends what is queued, from the store, so that neither a crash nor a mail server that is away loses an e-mail. A
 * crash between the hand-over and the note of it sends an e-mail again, with the same message id.
 */
export class MailWorker implements Mailer {
  readonly #options: MailerOptions;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #wakeScheduled = false;
  #wokenMeanwhile = false;
  #closed = false;

  constructor(options: MailerOptions) {
    this.#options = options;
    // What an earlier process left.
    this.#wakeSoon();
  }

  network(tenantId: string): Network {
    return networkOfTenant(this.#options.network, tenantId);
  }

  queue(writer: Writer, { tenantId, template, receiver, letter }: OutgoingMail): void {
    if (receiver.address === "") return;
    const { mails, vault, clock, network } = this.#options;
    const createdAt = clock.now();
    const id = ulid(createdAt);
    const to = { name: oneLine(receiver.name), address: receiver.address };
    const userId = receiver.userId === undefined ? {} : { userId: receiver.userId };
    const kept: KeptMail = { id, template, to, ...layOut(letter, network.name), ...userId };
    const data = vault.seal(Buffer.from(JSON.stringify(kept)));
    mails.insert(writer, { tenantId, id, createdAt, data });
    this.#wakeSoon();
  }

  /** Gives up waiting for a mail server after a moment: what is not noted as sent stays queued. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#options.transport.close();
    if (this.#running === undefined) return;
    const patience = Promise.withResolvers<void>();
    const timeout = setTimeout(patience.resolve, 2 * second);
    await Promise.race([this.#running, patience.promise]);
    clearTimeout(timeout);
  }

  /** A query sees every transaction that was issued before it, so one turn later is late enough. */
  #wakeSoon(): void {
    if (this.#wakeScheduled || this.#closed) return;
    this.#wakeScheduled = true;
    setImmediate(() => {
      this.#wakeScheduled = false;
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#closed) return;
    if (this.#running !== undefined) {
      this.#wokenMeanwhile = true;
      return;
    }
    this.#timer?.cancel();
    this.#running = this.#run()
      .catch((error: unknown) => {
        if (this.#closed) return;
        this.#options.log.error("could not look for e-mails to send", { error });
        this.#timer = this.#options.clock.after(minute, () => this.#wake());
      })
      .finally(() => {
        this.#running = undefined;
        if (this.#wokenMeanwhile) {
          this.#wokenMeanwhile = false;
          this.#wake();
        }
      });
  }

  async #run(): Promise<void> {
    const { mails, clock, transport } = this.#options;
    for (;;) {
      const due = await mails.due(clock.now(), takenAtOnce);
      if (this.#closed) return;
      if (due.length === 0) break;
      const rest = due.values();
      const lane = async () => {
        for (const mail of rest) if (!this.#closed) await this.#attempt(mail);
      };
      await Promise.all(Array.from({ length: transport.connections }, lane));
      if (this.#closed) return;
    }
    const dueAt = await mails.nextDueAt();
    if (dueAt !== undefined && !this.#closed) {
      this.#timer = clock.after(Math.max(0, dueAt - clock.now()), () => this.#wake());
    }
  }

  /** The next attempt is noted before this one, so that a mail that ends the process is not tried for ever. */
  async #attempt(mail: MailRow): Promise<void> {
    const { mails, clock, transport, log } = this.#options;
    const envelope = this.#open(mail);
    if (envelope === undefined) return mails.delete(mail);
    const isLast = mail.attempts + 1 >= waits.length;
    const nextDueAt: At = clock.now() + (waits[mail.attempts] ?? hour);
    try {
      await mails.claim(mail, nextDueAt);
    } catch (error) {
      if (error instanceof SkylarkError && error.definition === stale.definition) return;
      throw error;
    }
    const fields = { mail: mail.id, template: envelope.template, attempt: mail.attempts + 1 };
    try {
      await transport.send(envelope);
    } catch (error) {
      if (this.#closed) return;
      if (!isLast && !(error instanceof MailRefused)) {
        log.warn("e-mail not sent, trying again later", { ...fields, error });
        return;
      }
      log.error("e-mail not sent, given up", { ...fields, error });
      this.#tell(mail.tenantId, envelope, error);
      return mails.delete(mail);
    }
    if (this.#closed) return;
    log.info(transport.outcome, fields);
    await mails.delete(mail);
  }

  #open(mail: MailRow): KeptMail | undefined {
    try {
      return JSON.parse(Buffer.from(this.#options.vault.open(mail.data)).toString()) as KeptMail;
    } catch (error) {
      this.#options.log.error("a queued e-mail cannot be read and is dropped", { mail: mail.id, error });
      return undefined;
    }
  }

  #tell(tenantId: string, { userId, template }: KeptMail, error: unknown): void {
    if (userId === undefined) return;
    const reason = error instanceof Error ? error.message : "";
    this.#options.events.publish(mailFailed, { kind: "user", tenantId, userId }, () => ({
      data: { typeName: "google.protobuf.Value", json: { template, reason } },
    }));
  }
}
