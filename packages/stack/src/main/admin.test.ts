import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfiguration } from "../config/load.ts";
import { silentLogger } from "../log/log.ts";
import { runAdmin } from "./admin.ts";
import { options } from "./options.ts";
import { startStack } from "./stack.ts";

const listeners = [
  "http.listen",
  "grpc.listen",
  "as.mqtt.listen",
  "gs.udp.listen",
  "v2.discovery.listen",
  "v2.handler.listen",
] as const;

async function installation(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), "skylark-admin-"));
  const running: { close(): Promise<void> }[] = [];
  t.after(async () => {
    for (const stack of running) await stack.close();
    await rm(directory, { recursive: true, force: true });
  });
  const start = async (http = "") => {
    const off = listeners.map((name) => `--${name}=${name === "http.listen" ? http : ""}`);
    const args = [`--data-dir=${directory}`, ...off];
    return startStack(loadConfiguration(options, { args, env: {} }), silentLogger);
  };
  /** Until the end of the test. */
  const run = async (http?: string) => {
    const stack = await start(http);
    running.push(stack);
    return stack;
  };
  const admin = async (...args: readonly string[]) => {
    let output = "";
    let errors = "";
    const code = await runAdmin([...args, "--data-dir", directory], {
      readConfiguration: (flags) => loadConfiguration(options, { args: flags, env: {} }),
      write: (text) => {
        output += text;
      },
      writeError: (text) => {
        errors += text;
      },
    });
    return { code, output, errors };
  };
  return { directory, start, run, admin };
}

test("users and keys made at the command line work, and a password is another one after its reset", async (t) => {
  const { directory, start, run, admin } = await installation(t);
  await (await start()).close();
  const made = await admin("create-user", "--id", "user1", "--email=ann@example.com", "--admin");
  assert.deepEqual([made.code, made.errors], [0, "created admin user1\n"]);
  assert.match(made.output, /^S7\w{22}\n$/);
  await writeFile(join(directory, "password"), "Secret Words 7\nnot this\n");
  const reset = await admin("reset-password", "--user=user1", "--password-file", join(directory, "password"));
  assert.deepEqual([reset.code, reset.output], [0, ""]);
  const key = await admin("create-api-key", "--user", "user1", "--rights", "all", "--expires", "30d");
  assert.match(key.output, /^NNSXS\.[A-Z2-7]+\.[A-Z2-7]+\n$/, key.errors);
  const listed = await admin("list-users");
  assert.equal(listed.output, "admin\tapproved\tadmin\t-\nuser1\tapproved\tadmin\tann@example.com\n");

  const stack = await run("127.0.0.1:0");
  const call = (method: string, path: string, body?: object) =>
    fetch(`http://127.0.0.1:${stack.ports.http}/api/v3${path}`, {
      method,
      headers: { authorization: `Bearer ${key.output.trim()}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  assert.equal((await call("GET", "/users?field_mask=admin")).status, 200);
  const wrong = await call("PUT", "/users/user1/password", { old: made.output.trim(), new: "Other Words 8" });
  assert.equal(wrong.status, 401);
  const right = await call("PUT", "/users/user1/password", { old: "Secret Words 7", new: "Other Words 8" });
  assert.equal(right.status, 200);
});

test("refuses while the server runs, and says what to do", async (t) => {
  const { run, admin } = await installation(t);
  await run();
  const { code, output, errors } = await admin("list-users");
  assert.deepEqual([code, output], [1, ""]);
  assert.match(errors, /in use by another process; stop Skylark first/);
});

test("a directory without an installation is not made into one", async (t) => {
  const { directory, admin } = await installation(t);
  const { code, errors } = await admin("create-user", "--id", "user1");
  assert.equal(code, 2);
  assert.match(errors, /there is no installation in/);
  await assert.rejects(rm(join(directory, "skylark.db")));
});

test("wrong usage is told before anything is touched, refusals with the reason alone", async (t) => {
  const { directory, start, admin } = await installation(t);
  await (await start()).close();
  const usage = [
    [["destroy"], /unknown command "destroy"/],
    [["constructor"], /unknown command "constructor"/],
    [["create-user"], /--id is missing/],
    [["create-user", "--id"], /--id needs a value/],
    [["create-user", "--id", "a", "--emial", "x"], /unknown option --emial/],
    [["create-api-key", "--rights", "ALL"], /one of --user/],
    [["create-api-key", "--user", "admin", "--rights", "FLY"], /no right "FLY"/],
    [["create-api-key", "--user", "admin", "--rights", "ALL", "--expires", "soon"], /--expires/],
    [["create-user", "--id", "user1", "--admin=false"], /--admin takes no value/],
    [["create-api-key", "--user", "admin", "--rights", "ALL", "--expires", "+99999-01-01"], /year 9999/],
    [["list-users", "--tenant", "other"], /no tenant "other"/],
  ] as const;
  for (const [args, message] of usage) {
    const { code, output, errors } = await admin(...args);
    assert.deepEqual([code, output], [2, ""], errors);
    assert.match(errors, message);
    assert.match(errors, /Usage: npm start -- admin/);
  }
  await writeFile(join(directory, "weak"), "weak\n");
  const refusals = [
    [["create-user", "--id", "admin"], /`admin` can not be registered/],
    [["create-user", "--id", "Not An Id"], /user_id/],
    [["create-user", "--id", "double--dash"], /user_id/],
    [["create-user", "--id", "user1", "--name", "x".repeat(51)], /name/],
    [["create-api-key", "--user", "admin", "--rights", "ALL", "--name", "x".repeat(51)], /name/],
    [["create-user", "--id", "a1", "--password-file", join(directory, "weak")], /at least/],
    [["reset-password", "--user", "nobody"], /user `nobody` not found/],
    [["create-api-key", "--application", "app1", "--rights", "ALL"], /application `app1` not found/],
  ] as const;
  for (const [args, message] of refusals) {
    const { code, output, errors } = await admin(...args);
    assert.deepEqual([code, output], [1, ""], errors);
    assert.match(errors, message);
    assert.doesNotMatch(errors, /Usage|weak/);
  }
});

test("help goes to standard output", async (t) => {
  const { admin } = await installation(t);
  const { code, output } = await admin("help");
  assert.equal(code, 0);
  assert.match(output, /create-api-key --user\|--application/);
});
