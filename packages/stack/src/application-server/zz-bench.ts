import { openSqliteStore } from "/work/main/packages/stack/src/store/sqlite-store.ts";
import { commit } from "/work/main/packages/stack/src/store/store.ts";
import { openBench, call, endDeviceJson, sessionJson, uplink, ids } from "/work/main/packages/stack/src/application-server/application-server.fixture.ts";
import { applicationServerMigrations } from "/work/main/packages/stack/src/application-server/migrations.ts";
import { AsEndDeviceRegistry, As } from "/work/main/packages/api/src/index.ts";
import { rmSync, readFileSync, statSync } from "node:fs";
for (const f of ["", "-wal", "-shm"]) rmSync("/tmp/bench.db"+f, {force:true});
const store = await openSqliteStore({ path: "/tmp/bench.db", migrations: { "application-server": applicationServerMigrations } });
const bench = await openBench(store);
import { createApplicationServer } from "./application-server.ts";
import { createEventBus } from "../events/event-bus.ts"; import { systemClock } from "../clock/clock.ts"; import { createKeyVault } from "../component/key-vault.ts"; import { silentLogger } from "../log/log.ts"; import { loadConfiguration } from "../config/load.ts"; import { applicationServerOptions } from "./config.ts";
const server = await createApplicationServer({ store, clock: systemClock, log: silentLogger, events: createEventBus(systemClock), keyVault: createKeyVault(new Uint8Array(32)), identityServer: bench.identityServer, networkServer: () => bench.networkServer, options: loadConfiguration(applicationServerOptions, {args:[],env:{}}) });
const mode = process.argv[2] ?? "js";
await call(bench, As, "setLink", { application_ids: {application_id:"app1"}, link: { default_formatters: mode==="js" ? { up_formatter: "FORMATTER_JAVASCRIPT", up_formatter_parameter: `function decodeUplink(input) { var b=input.bytes; return { data: { temperature: ((b[0]<<8)|b[1])/100, humidity: b[2], battery: b[3]/10, counter: b[4], status: {ok: true, flags: [b[5],b[6]]}, name: "sensor" } } }` } : {up_formatter:"FORMATTER_NONE"} }, field_mask: { paths: ["default_formatters"] } });
const N = 2000; const all:any[] = [];
for (let i=0;i<N;i++) { const id = {...endDeviceJson.ids, device_id: "dev-"+i};
  await call(bench, AsEndDeviceRegistry, "set", { end_device: { ids: id, session: sessionJson }, field_mask: { paths: ["session.dev_addr","session.keys.app_s_key.key","session.keys.session_key_id"] } });
  all.push(Object.freeze({...ids, deviceId: "dev-"+i})); }
const base = uplink(5, new Uint8Array(24).fill(7));
bench.messages.length=0;
const cpu = () => { const u = process.threadCpuUsage(); return u.user+u.system; };
let delivered=0; server.messageLog.subscribe(ids, () => { delivered++; });
for (let round=0; round<6; round++) {
  const n=20000; const t=performance.now(), c=cpu();
  let done=0;
  for (let i=0;i<n;i+=200) {
    await Promise.all(Array.from({length:200},(_, k)=> { const r = {...base, ids: all[(i+k)%N], fCnt: 5}; return server.decodeUplink(r).then(d => commit(bench.store,[server.stageUplink(r as any,d)])); }));
    bench.messages.length=0; bench.events.length=0;
  }
  const ms=performance.now()-t; console.log(mode, "uplinks/s", n/ms*1000|0, "main us/uplink", ((cpu()-c)/n).toFixed(2), delivered);
}
console.log("db MB", statSync("/tmp/bench.db").size/1e6, JSON.stringify(server.counters));
// stage only
{ const d = await bench.server.decodeUplink({...base, ids: all[0]}); const r={...base, ids: all[0]}; const n=100000; const c=cpu(); for (let i=0;i<n;i++) bench.server.stageUplink(r as any,d); console.log("stage us", (cpu()-c)/n); }
await server.close(); await bench.close();
