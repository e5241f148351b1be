import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import {
  activationOf,
  DeviceSession,
  deviceIdentity,
  registerAbpDevice,
  registerApplication,
  setFormatter,
  V3Client,
} from "@skylark/testkit";
import { metrics } from "./api-client.ts";
import { Arrivals } from "./arrivals.ts";
import { openInbox } from "./mqtt-inbox.ts";
import { nextFrame, PacketForwarder } from "./packet-forwarder.ts";
import { runCommand, shell } from "./shell.ts";
import { spawnMain, startFailingStack, startStackProcess, temporaryDirectory } from "./stack-process.ts";

// Starting, watching and stopping the stack, as its operator does.

describe("an operator", () => {
  it("stops the stack under load: it drains and ends with 0, and nothing that was delivered is forgotten", async (t) => {
    const stack = await startStackProcess();
    const api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
    await registerApplication(api, "app1");
    await setFormatter(api, "app1", {
      uplink: "function decodeUplink(i) { return { data: { n: i.bytes[0] } }; }",
    });
    const sessions: DeviceSession[] = [];
    for (let index = 0; index < 20; index++) {
      const identity = deviceIdentity(51, index);
      const device = { applicationId: "app1", version: "1.0.3", frequencyPlanId: "EU_863_870_TTN" } as const;
      await registerAbpDevice(api, { ...device, identity });
      const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
      assert.ok("abp" in activation);
      sessions.push(new DeviceSession({ ...activation.abp, is11: false }));
    }
    api.close();
    const inbox = await openInbox(stack, { username: "app1", password: stack.adminKey });
    const idle = await openInbox(stack, {
      username: "app1",
      password: stack.adminKey,
      clientId: "keeps",
      qos: 1,
    });
    const events = runCommand("curl", [
      ...["--silent", "--no-buffer", "-H", `Authorization: Bearer ${stack.adminKey}`],
      ...["-d", '{"identifiers":[{"application_ids":{"application_id":"app1"}}]}'],
      `http://127.0.0.1:${stack.httpPort}/api/v3/events`,
    ]);
    await events.line((line) => line.includes("events.stream.start"));
    const forwarder = await PacketForwarder.open(stack, "02534C0000000051");
    let sending = true;
    t.after(() => {
      sending = false;
      events.stop();
      return Promise.all([inbox.stop(), idle.stop(), forwarder.close()]);
    });
    const traffic = (async () => {
      for (let turn = 0; sending; turn++) {
        // As much as it can take and not more, or draining takes as long as the machine is slow.
        while (sending && turn - inbox.messages.length > 300)
          await new Promise((resolve) => setTimeout(resolve, 2));
        void forwarder.pushFrames(nextFrame(sessions[turn % 20]!, { payload: Uint8Array.of(turn & 0xff) }));
        if (turn % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    await inbox.message("/up", ({ uplink_message }) => uplink_message.f_cnt === 20);
    const stoppedAt = performance.now();
    const code = await stack.stop();
    const tookMs = performance.now() - stoppedAt;
    sending = false;
    await traffic;
    assert.equal(code, 0, stack.log.slice(-5).join("\n"));
    assert.ok(tookMs < 10_000, `it took ${tookMs} ms`);
    const grave = stack.log.filter((line) => /"level":"(error|warn)"/.test(line));
    assert.deepEqual(grave, []);
    const again = await startStackProcess({ dataDirectory: stack.dataDirectory });
    const back = await openInbox(again, {
      username: "app1",
      password: again.adminKey,
      clientId: "keeps",
      qos: 1,
    });
    const keyOf = ({ topic, body }: { topic: string; body: { uplink_message: { f_cnt?: number } } }) =>
      `${topic}/${body.uplink_message.f_cnt ?? 0}`;
    const missing = () => {
      const kept = new Set([...idle.messages, ...back.messages].map(keyOf));
      return inbox.messages.map(keyOf).filter((key) => !kept.has(key));
    };
    for (let waited = 0; waited < 300 && missing().length > 0; waited++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(missing(), [], "what one subscriber got, the durable one gets too");
    await back.stop();
    assert.equal(await again.stop(), 0);
  });

  it("is told which option names a port that is taken", async () => {
    const tcp = createServer().listen(0, "127.0.0.1");
    const udp = createSocket("udp4");
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    const { port } = tcp.address() as { port: number };
    for (const [option, taken] of [
      ["http.listen", port],
      ["grpc.listen", port],
      ["as.mqtt.listen", port],
      ["v2.discovery.listen", port],
      ["v2.handler.listen", port],
      ["gs.udp.listen", udp.address().port],
    ] as const) {
      const { code, stderr } = await startFailingStack([`--${option}=127.0.0.1:${taken}`]);
      assert.equal(code, 1);
      const told = `^skylark: .*${option.replaceAll(".", "\\.")}.*${taken}.*taken; .*choose another$`;
      assert.match(stderr, new RegExp(told, "m"));
      assert.doesNotMatch(stderr, /\n\s+at /, "no stack trace");
    }
    tcp.close();
    udp.close();
  });

  it("is told in one line what is wrong with the data directory or an address", async () => {
    const parent = temporaryDirectory();
    const file = join(parent, "file");
    writeFileSync(file, "");
    const damaged = join(parent, "damaged");
    const keyless = join(parent, "keyless");
    for (const directory of [damaged, keyless]) mkdirSync(directory);
    writeFileSync(join(damaged, "installation-key"), "0".repeat(64));
    for (const directory of [damaged, keyless])
      writeFileSync(join(directory, "skylark.db"), "no store".repeat(1000));
    const cases: [string, string[], RegExp][] = [
      [file, [], /^skylark: the data directory .* cannot be used: .*--data-dir\n$/],
      [join(file, "below"), [], /^skylark: the data directory .* cannot be used: .*--data-dir\n$/],
      [damaged, [], /^skylark: the store .*skylark\.db` cannot be opened: .* from a backup\n$/],
      [keyless, [], /^skylark: .*installation-key` is missing, .* from a backup\n$/],
      [
        join(parent, "new"),
        ["--http.listen=no.such.host.invalid:80"],
        /^skylark: http\.listen: .* no host of this name$/m,
      ],
    ];
    for (const [dataDirectory, flags, told] of cases) {
      const { code, stderr } = await startFailingStack(flags, { dataDirectory });
      assert.match(stderr, told);
      assert.equal(code, 1);
    }
  });

  it("is told what near options there are, and what a value should be", async () => {
    const cases: [string[], Record<string, string>, RegExp][] = [
      [["--http.listn=:1"], {}, /unknown option --http\.listn; did you mean --http\.listen/],
      [["--log.level=loud"], {}, /--log\.level: .*"loud"/],
      [["--http.listen=nowhere"], {}, /--http\.listen: .*"nowhere"/],
      [["--http.listen=:99999"], {}, /--http\.listen: .*99999/],
      [["--ns.net-id=xyz"], {}, /--ns\.net-id: /],
      [["--as.formatters.timeout=fast"], {}, /--as\.formatters\.timeout: /],
      [["--tenancy.admin-keys=short"], {}, /^skylark: --tenancy\.admin-keys: .*at least 32 characters\n$/],
      [["--gs.fallback-frequency-plan=MARS"], {}, /gs\.fallback-frequency-plan.*MARS/],
      [["start", "something"], {}, /unexpected argument/],
      [[], { SKYLARK_HTTP_LISTN: ":1" }, /SKYLARK_HTTP_LISTN; did you mean SKYLARK_HTTP_LISTEN/],
      [[], { SKYLARK_NS_NET_ID: "q" }, /SKYLARK_NS_NET_ID: /],
    ];
    const ended = await Promise.all(cases.map(async ([flags, env]) => startFailingStack(flags, { env })));
    for (const [index, { code, stderr }] of ended.entries()) {
      assert.match(stderr, cases[index]![2]);
      assert.equal(code, 1, stderr);
      assert.doesNotMatch(stderr, /\n\s+at /, "no stack trace");
    }
  });

  it("switches listeners off with an empty option", async () => {
    const stack = await startStackProcess({ flags: ["--as.mqtt.listen=", "--gs.udp.listen="] });
    assert.ok(Number.isNaN(stack.mqttPort) && Number.isNaN(stack.udpPort));
    assert.ok(stack.httpPort > 0);
    assert.equal(await stack.stop(), 0);
    const silent = await startStackProcess({ flags: ["--http.listen=", "--gs.udp.listen="] });
    assert.ok(Number.isNaN(silent.httpPort) && silent.mqttPort > 0);
    assert.equal(await silent.stop(), 0);
  });

  it("cannot start two on one data directory, and the first one lives on", async () => {
    const stack = await startStackProcess();
    const { code, stderr } = await startFailingStack([], { dataDirectory: stack.dataDirectory });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^skylark: .*(in use|locked|another|already)/im);
    const ready = await fetch(`http://127.0.0.1:${stack.httpPort}/healthz/ready`);
    assert.equal(ready.status, 200);
    assert.equal(await stack.stop(), 0);
  });

  it("sees health and metrics, and secrets that only the owner can read", async () => {
    const stack = await startStackProcess({ dataDirectory: join(temporaryDirectory(), "deep", "data") });
    for (const path of ["", "/live", "/ready"]) {
      assert.equal((await fetch(`http://127.0.0.1:${stack.httpPort}/healthz${path}`)).status, 200);
    }
    const text = await (await fetch(`http://127.0.0.1:${stack.httpPort}/metrics`)).text();
    for (const line of text.trim().split("\n")) {
      assert.match(
        line,
        /^(# (TYPE|HELP) [a-zA-Z0-9_:]+ .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? -?[0-9.e+-]+)$/,
      );
    }
    const { skylark_process_resident_memory_bytes: rss } = await metrics(stack);
    assert.ok(rss! > 1e6);
    assert.equal(statSync(stack.dataDirectory).mode & 0o777, 0o700);
    for (const file of readdirSync(stack.dataDirectory)) {
      assert.equal(statSync(join(stack.dataDirectory, file)).mode & 0o777, 0o600, file);
    }
    for (const file of ["admin-api-key", "admin-password"]) {
      const secret = readFileSync(join(stack.dataDirectory, file), "utf8");
      assert.match(secret, /^\S+\n$/);
      assert.equal(
        stack.log.some((line) => line.includes(secret.trim())),
        false,
        "not in the log",
      );
    }
    assert.equal(await stack.stop(), 0);
  });
});

/** `--demo` with what it prints. */
async function startDemo(
  dataDirectory: string,
): Promise<{ readonly printed: Arrivals<string>; stop(): Promise<number | null> }> {
  const listeners = ["http", "grpc", "as.mqtt", "gs.udp"].map((name) => `--${name}.listen=127.0.0.1:0`);
  const child = spawnMain(["--demo", `--data-dir=${dataDirectory}`, ...listeners]);
  const printed = new Arrivals<string>();
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on("line", (line) => printed.add(line));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  void ended.then((code) =>
    printed.end(new Error(`the demo ended with ${code}:\n${printed.items.join("\n")}`)),
  );
  return {
    printed,
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

describe("the demo", () => {
  const dataDirectory = temporaryDirectory();
  const devices = ["thermometer-otaa", "thermometer-otaa-1-1", "thermometer-abp"];

  for (const start of ["on its first start", "on the same data directory again"]) {
    it(`shows decoded messages of three devices within 20 s, by the lines that it prints, ${start}`, async () => {
      const demo = await startDemo(dataDirectory);
      const line = (program: string, part = "") =>
        demo.printed.first((text) => text.trim().startsWith(program) && text.includes(part));
      const subscriber = runCommand("bash", [
        "-c",
        `exec stdbuf -oL ${(await line("mosquitto_sub")).trim()}`,
      ]);
      const stream = runCommand("bash", ["-c", `exec ${(await line("curl", "/events")).trim()} --silent`]);
      try {
        const since = performance.now();
        for (const device of devices) {
          const up = await subscriber.line((text) => text.startsWith(`v3/demo/devices/${device}/up `));
          const { decoded_payload: decoded } = JSON.parse(up.slice(up.indexOf("{"))).uplink_message;
          assert.ok(decoded.temperature > 10 && decoded.temperature < 30, JSON.stringify(decoded));
          assert.ok(decoded.humidity > 20 && decoded.battery > 3);
        }
        const tookMs = performance.now() - since;
        assert.ok(tookMs < 20_000, `it took ${tookMs} ms`);
        await stream.line((text) => text.includes('"as.up.data.forward"'));
        const device = await shell((await line("curl", "field_mask")).trim());
        assert.equal(JSON.parse(device.stdout).ids.device_id, "thermometer-abp", device.stdout);
        if (start !== "on its first start") return;
        const downlink = await shell((await line("curl", "down/push")).trim());
        assert.equal(downlink.stdout.trim(), "{}", downlink.stderr);
        await demo.printed.first((text) => /thermometer-abp received 003c on port 2/.test(text));
      } finally {
        subscriber.stop();
        stream.stop();
        assert.equal(await demo.stop(), 0, demo.printed.items.slice(-10).join("\n"));
      }
    });
  }
});
