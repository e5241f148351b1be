import { freemem, loadavg, totalmem } from "node:os";
import { v2 } from "@skylark/api";
import type { InProcessCaller } from "../rpc/in-process.ts";
import { anyone, implement, type ServiceImplementation } from "../rpc/service.ts";
import { asKnownCaller } from "./device-addresses.ts";
import { createV2Call } from "./v2-call.ts";

const secondsOf = (microseconds: number) => microseconds / 1_000_000;

/** The process and its machine; rates of messages are among the metrics. */
export function handlerManager(caller: InProcessCaller): ServiceImplementation {
  return implement(v2.HandlerManager, {
    getStatus: {
      requires: () => anyone,
      handle: (_, context) => asKnownCaller(createV2Call(caller, context), async () => currentStatus()),
    },
  });
}

function currentStatus() {
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
  const [total, available] = [totalmem(), freemem()];
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    system: {
      load: { load1, load5, load15 },
      memory: { total: BigInt(total), available: BigInt(available), used: BigInt(total - available) },
    },
    component: {
      uptime: BigInt(Math.floor(process.uptime())),
      cpu: { user: secondsOf(user), system: secondsOf(system) },
      memory: { memory: BigInt(rss), heap: BigInt(heapUsed) },
    },
  };
}
