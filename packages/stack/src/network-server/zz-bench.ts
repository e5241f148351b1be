import { aesKey, devAddr, expandKey, parseEUI64 } from "/work/main/packages/lorawan/src/index.ts";
import { createNetworkServer } from "/work/main/packages/stack/src/network-server/network-server.ts";
import { networkServerOptions } from "/work/main/packages/stack/src/network-server/config.ts";
import { loadConfiguration } from "/work/main/packages/stack/src/config/load.ts";
import { createKeyVault } from "/work/main/packages/stack/src/component/key-vault.ts";
import { openMemoryStore, openSqliteStore } from "/work/main/packages/stack/src/store/sqlite-store.ts";
import { networkServerMigrations } from "/work/main/packages/stack/src/network-server/storage/migrations.ts";
import { systemClock } from "/work/main/packages/stack/src/clock/clock.ts";
import { createEventBus } from "/work/main/packages/stack/src/events/event-bus.ts";
import { silentLogger } from "/work/main/packages/stack/src/log/log.ts";
import { abpSettings, gatewayUplink, sf7 } from "/work/main/packages/stack/src/network-server/network-server.fixture.ts";
import { personalizedMACState } from "/work/main/packages/stack/src/network-server/join/join-parameters.ts";
import { freshCounters } from "/work/main/packages/stack/src/network-server/device.ts";
import { uplinkFrame, keysOf } from "/work/main/packages/stack/src/network-server/simulated-device.fixture.ts";
import { randomBytes } from "node:crypto";
const N = Number(process.argv[2] ?? 20000), rounds = Number(process.argv[3] ?? 4), G = Number(process.argv[4] ?? 1), path = process.argv[5];
const m = { "network-server": networkServerMigrations };
const store = path ? await openSqliteStore({ path, migrations: m }) : await openMemoryStore(m);
let delivered = 0;
const any = { write() {}, committed() {} };
const server = createNetworkServer({
  clock: systemClock, random: (n) => randomBytes(n), store, vault: createKeyVault(new Uint8Array(32)),
  events: createEventBus(systemClock), logger: silentLogger, deviceKnown: () => true,
  options: loadConfiguration(networkServerOptions, { args: [], env: {} }),
  gatewayServer: { leadTimeMs: () => 100, reserve() { throw new Error("x"); } },
  joinServer: { async handleJoin() { throw new Error(); } },
  applicationServer: {
    decodeUplink: async () => 1, stageUplink: () => ({ write() {}, committed() { delivered++; } }),
    stageJoinAccept: async () => any, hasDownlink: () => false, nextDownlink: async () => ({}),
    stageTransmissionResult: async () => any, stageAcknowledgment: async () => any,
  },
});
const fills = [7, 7, 7] as const; const keys = keysOf(fills);
const sched = expandKey(aesKey(new Uint8Array(16).fill(7)));
const mac = personalizedMACState(abpSettings, { rx1Delay: 1 });
for (let from = 0; from < N; from += 1000) {
  await store.write((to) => {
    for (let i = from; i < Math.min(N, from + 1000); i++) {
      const ids = { tenantId: "default", applicationId: "app1", deviceId: `dev${i}`, devEui: parseEUI64(i.toString(16).padStart(16, "0")) };
      const d = { deviceNo: i + 1, ids, settings: abpSettings, state: {}, registration: new Uint8Array(0), createdAt: 0, updatedAt: 0 };
      server.devices.writer.create(to, d);
      const session = { ids: { ...ids, devAddr: devAddr(i) }, devAddr: devAddr(i), sessionKeyId: new Uint8Array(0), startedAt: Date.now(), fNwkSIntKey: sched, sNwkSIntKey: sched, nwkSEncKey: sched };
      server.devices.writer.putSession(to, d, "current", { session, counters: freshCounters, mac });
    }
  });
}
globalThis.gc?.();
console.log("registered, rss", Math.round(process.memoryUsage().rss / 1e6));
const payload = randomBytes(20);
const batch = 100;
for (let r = 1; r <= rounds; r++) {
  const frames = Array.from({ length: N }, (_, i) => uplinkFrame(devAddr(i), keys, { fCnt: r, fPort: 1, payload }));
  const cpu0 = process.cpuUsage(); const th0 = process.threadCpuUsage(); const t0 = performance.now(); const elu0 = performance.eventLoopUtilization();
  const before = delivered;
  for (let i = 0; i < N; i += batch) {
    const at = Date.now();
    for (let g = 0; g < G; g++) for (let j = i; j < Math.min(N, i + batch); j++) server.handleUplink({ rawPayload: frames[j]!, frequency: 868100000, dataRate: sf7, correlationId: "gs:uplink:1", receptions: [recs(g, at)] });
    await new Promise((x) => setImmediate(x));
  }
  while (delivered - before < N) await new Promise((x) => setTimeout(x, 1));
  const ms = performance.now() - t0; const th = process.threadCpuUsage(th0); const cpu = process.cpuUsage(cpu0); const elu = performance.eventLoopUtilization(elu0);
  console.log(`round ${r}: ${(N / ms * 1000).toFixed(0)}/s  mainthread ${((th.user+th.system) / N).toFixed(1)} us/uplink  cpu ${((cpu.user + cpu.system) / N).toFixed(1)} us  rss ${Math.round(process.memoryUsage().rss / 1e6)} heap ${Math.round(process.memoryUsage().heapUsed/1e6)}`, JSON.stringify(server.counters.uplinks));
}
function recs(g: number, at: number) { return gatewayUplink(new Uint8Array(0), { gatewayId: `gtw${g}` }, at).receptions[0]; }
server.close(); await store.close();
