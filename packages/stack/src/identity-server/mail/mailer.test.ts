import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../clock/manual-clock.ts";
import { createKeyVault } from "../../component/key-vault.ts";
import { loadConfiguration } from "../../config/load.ts";
import { createEventBus } from "../../events/event-bus.ts";
import type { Event } from "../../events/events.ts";
import { createLogger } from "../../log/log.ts";
import { testCertificate } from "../../mqtt/tls-certificate.fixture.ts";
import { openMemoryStore } from "../../store/sqlite-store.ts";
import type { Store } from "../../store/store.ts";
import { statement } from "../../store/store.ts";
import { mailOptions } from "./config.ts";
import { mailFolder } from "./mail-folder.ts";
import { createMailStore, mailMigrations } from "./mail-store.ts";
import { MailWorker, type OutgoingMail } from "./mailer.ts";
import { startMailServer } from "./smtp-server.fixture.ts";
import { type MailTransport, type SmtpOptions, smtpTransport } from "./transport.ts";

const secret = "TOKEN2SECRET";
const mail: OutgoingMail = {
  tenantId: "default",
  template: "validate",
  receiver: { userId: "user1", name: "Änn\r\nBcc: x@example.com", address: "ann@example.com", admin: false },
  letter: {
    subject: "Grüße",
    greeting: "Dear Änn,",
    parts: [{ kind: "code", label: "Token", value: secret }],
  },
};

function transportTo(
  address: string,
  args: readonly string[] = [],
  options: SmtpOptions = {},
): MailTransport {
  const required = ["--is.email.smtp.address", address, "--is.email.sender-address", "net@example.com"];
  const configuration = loadConfiguration(mailOptions, { args: [...required, ...args], env: {} });
  return smtpTransport(configuration, { timeoutMs: 30_000, ...options });
}

interface Setup {
  readonly worker: MailWorker;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly log: string[];
  readonly failures: Event[];
  queue(): Promise<void>;
  restart(transport: MailTransport): MailWorker;
  left(): Promise<number>;
  /** Waits for a condition in real time: SMTP is no matter of the clock. */
  until(done: () => boolean | Promise<boolean>): Promise<void>;
}

async function setUp(t: TestContext, transport: MailTransport): Promise<Setup> {
  const store = await openMemoryStore({ mail: mailMigrations });
  const clock = new ManualClock();
  const log: string[] = [];
  const logger = createLogger({
    level: "debug",
    format: "text",
    write: (line) => log.push(line),
    now: () => clock.now(),
  });
  const events = createEventBus(clock);
  const failures: Event[] = [];
  const user = { kind: "user", tenantId: "default", userId: "user1" } as const;
  events.subscribe({ subjects: [user] }, (event) => failures.push(event));
  const vault = createKeyVault(randomBytes(32));
  const network = { name: "My network", consoleUrl: "", identityServerUrl: "" };
  const workers: MailWorker[] = [];
  const start = (by: MailTransport): MailWorker => {
    const mails = createMailStore(store);
    const worker = new MailWorker({ mails, transport: by, network, vault, clock, events, log: logger });
    workers.push(worker);
    return worker;
  };
  const worker = start(transport);
  t.after(async () => {
    for (const each of workers) await each.close();
    await store.close();
  });
  const count = statement("SELECT COUNT(*) AS total FROM mails");
  return {
    worker,
    store,
    clock,
    log,
    failures,
    queue: () => store.transact((writer) => worker.queue(writer, mail)),
    restart: start,
    left: async () => Number((await store.query(count))[0]?.total),
    async until(done) {
      const deadline = Date.now() + 30_000;
      while (!(await done())) {
        assert.ok(Date.now() < deadline, "waited too long");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

test("an e-mail goes out once its transaction is committed, with both bodies, and is forgotten", async (t) => {
  const server = await startMailServer(t);
  const { queue, until, left, log } = await setUp(t, transportTo(server.address));
  await queue();
  const [received] = await server.until(1);
  assert.equal(received?.from, "net@example.com");
  assert.deepEqual(received?.to, ["ann@example.com"]);
  assert.match(received?.source ?? "", /Content-Type: text\/plain[\s\S]*Dear Änn,[\s\S]*Token: TOKEN2SECRET/);
  assert.match(received?.source ?? "", /Content-Type: text\/html[\s\S]*<code>TOKEN2SECRET<\/code>/);
  assert.match(received?.source ?? "", /^To: =\?UTF-8\?Q\?=C3=84nn_Bcc\S+ <ann@example\.com>\r$/m);
  assert.doesNotMatch(received?.source ?? "", /^Bcc:/m);
  await until(async () => (await left()) === 0);
  assert.doesNotMatch(log.join(""), /TOKEN2SECRET|ann@example/);
  assert.match(log.join(""), /e-mail sent .*template=validate/);
});

test("an e-mail of a transaction that fails is never sent", async (t) => {
  const server = await startMailServer(t);
  const { worker, store, queue } = await setUp(t, transportTo(server.address));
  const impossible = statement("UPDATE mails SET attempts = 0 WHERE mail_id = 'nothing'");
  await assert.rejects(
    store.transact((writer) => {
      worker.queue(writer, mail);
      writer.runExpectingRow(impossible);
    }),
  );
  await queue();
  await server.until(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(server.received.length, 1);
});

test("what waits in the store is sealed, and is sent by the next process", async (t) => {
  const server = await startMailServer(t);
  const nowhere = transportTo("127.0.0.1:1");
  const { worker, store, queue, until, left, log, restart, clock } = await setUp(t, nowhere);
  await queue();
  await until(() => log.some((line) => line.includes("trying again later")));
  await worker.close();
  const [row] = await store.query(statement("SELECT data FROM mails"));
  const data = Buffer.from(row?.data as Uint8Array).toString("latin1");
  assert.doesNotMatch(data, /TOKEN2SECRET|example/);
  await clock.advance(60_000);
  restart(transportTo(server.address));
  await server.until(1);
  await until(async () => (await left()) === 0);
});

test("a server that says not now is asked again, later and later, and not for ever", async (t) => {
  let asked = 0;
  const server = await startMailServer(t, {
    onRcptTo(_address, _session, callback) {
      asked++;
      callback(Object.assign(new Error(`come back, ${secret}`), { responseCode: 451 }));
    },
  });
  const { queue, until, left, failures, clock, log } = await setUp(t, transportTo(server.address));
  await queue();
  for (let attempt = 1; attempt <= 8; attempt++) {
    await until(() => log.filter((line) => line.includes("not sent")).length === attempt);
    assert.equal(asked, attempt);
    // The last refusal leaves nothing to wait for.
    if (attempt < 8) await until(() => clock.advanceToNextTimer());
  }
  await until(async () => (await left()) === 0);
  assert.equal(asked, 8);
  assert.deepEqual(
    failures.map(({ definition, data }) => [definition.name, data?.json]),
    [["user.email.fail", { template: "validate", reason: "EENVELOPE 451" }]],
  );
  assert.doesNotMatch(log.join(""), /TOKEN2SECRET|ann@example/);
});

test("a server that says never is not asked again", async (t) => {
  const server = await startMailServer(t, {
    onRcptTo(_address, _session, callback) {
      callback(Object.assign(new Error("no such user ann@example.com"), { responseCode: 550 }));
    },
  });
  const { queue, until, left, failures, log } = await setUp(t, transportTo(server.address));
  await queue();
  await until(async () => (await left()) === 0 && failures.length === 1);
  assert.match(log.join(""), /given up .*EENVELOPE 550/);
  assert.doesNotMatch(log.join(""), /ann@example/);
});

test("a refused login leaves the e-mails waiting until the configuration is mended", async (t) => {
  const server = await startMailServer(t, {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, callback) => callback(Object.assign(new Error("wrong"), { responseCode: 535 })),
  });
  const args = [
    "--is.email.smtp.username",
    "u",
    "--is.email.smtp.password",
    "pass-word",
    "--is.email.smtp.security",
    "none",
  ];
  const { queue, until, left, log } = await setUp(t, transportTo(server.address, args));
  await queue();
  await until(() => log.some((line) => line.includes("trying again later")));
  assert.match(log.join(""), /EAUTH 535/);
  assert.doesNotMatch(log.join(""), /pass-word/);
  assert.equal(await left(), 1);
});

test("a password is never sent in the clear unless the configuration says so", async (t) => {
  let logins = 0;
  const server = await startMailServer(t, {
    allowInsecureAuth: true,
    onAuth(_auth, _session, callback) {
      logins++;
      callback(null, { user: "u" });
    },
  });
  const args = ["--is.email.smtp.username", "u", "--is.email.smtp.password", "pass-word"];
  const { queue, until, log } = await setUp(t, transportTo(server.address, args));
  await queue();
  await until(() => log.some((line) => line.includes("trying again later")));
  assert.equal(logins, 0);
  assert.equal(server.received.length, 0);
});

test("a certificate that nobody vouches for is refused", async (t) => {
  // Without a certificate of its own the server shows one that it signed itself.
  const server = await startMailServer(t, { secure: true });
  const args = ["--is.email.smtp.security", "tls"];
  const { queue, until, log } = await setUp(t, transportTo(server.address, args));
  await queue();
  await until(() => log.some((line) => line.includes("trying again later")));
  assert.match(log.join(""), /ETLS|ESOCKET/);
  assert.equal(server.received.length, 0);
});

test("a server whose certificate is vouched for gets the password, and the e-mail, over TLS", async (t) => {
  const server = await startMailServer(t, {
    ...testCertificate,
    secure: true,
    authOptional: false,
    onAuth: ({ username, password }, _session, callback) =>
      password === "pass-word" ? callback(null, { user: username }) : callback(new Error("wrong")),
  });
  const address = server.address.replace("127.0.0.1", "localhost");
  const args = [
    "--is.email.smtp.security",
    "tls",
    "--is.email.smtp.username",
    "u",
    "--is.email.smtp.password",
    "pass-word",
  ];
  const { queue } = await setUp(t, transportTo(address, args, { ca: testCertificate.cert }));
  await queue();
  const [received] = await server.until(1);
  assert.deepEqual([received?.isSecure, received?.user], [true, "u"]);
});

async function silentServer(t: TestContext): Promise<{ readonly server: Server; readonly address: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test("a server that never answers holds up neither the requests nor the end of the process", async (t) => {
  const { address } = await silentServer(t);
  const { worker, queue, until, log } = await setUp(t, transportTo(address, [], { timeoutMs: 60_000 }));
  const began = performance.now();
  await queue();
  assert.ok(performance.now() - began < 20_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await worker.close();
  assert.ok(performance.now() - began < 50_000);
  assert.deepEqual(log, []);
  await until(() => true);
});

test("a server that is too slow is given up for now", async (t) => {
  const { address } = await silentServer(t);
  const { queue, until, log, left } = await setUp(t, transportTo(address, [], { timeoutMs: 100 }));
  await queue();
  await until(() => log.some((line) => line.includes("trying again later")));
  assert.match(log.join(""), /ETIMEDOUT/);
  assert.equal(await left(), 1);
});

test("without an SMTP server an e-mail becomes a file that only its owner reads, and old ones go", async (t) => {
  const directory = join(await mkdtemp(join(tmpdir(), "skylark-mails-")), "mails");
  t.after(() => rm(join(directory, ".."), { recursive: true }));
  const { queue, until, left, log } = await setUp(t, mailFolder(directory));
  for (let count = 0; count < 203; count++) await queue();
  await until(async () => (await left()) === 0);
  const names = await readdir(directory);
  assert.equal(names.length, 200);
  const path = join(directory, names[0]!);
  const text = await readFile(path, "utf8");
  assert.match(text, /^To: Änn Bcc: x@example\.com <ann@example\.com>\nSubject: Grüße\n\nDear Änn,/);
  assert.match(text, /Token: TOKEN2SECRET/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.match(log.join(""), /e-mail kept in .*mails/);
  assert.doesNotMatch(log.join(""), /TOKEN2SECRET|ann@example/);
});

test("a wrong address of the server, or none of the sender, ends the start with the name of the option", () => {
  assert.throws(() => transportTo("mail.example.com"), /is\.email\.smtp\.address: expected host:port/);
  const configuration = loadConfiguration(mailOptions, {
    args: ["--is.email.smtp.address", "mail.example.com:25"],
    env: {},
  });
  assert.throws(() => smtpTransport(configuration), /is\.email\.sender-address/);
});
