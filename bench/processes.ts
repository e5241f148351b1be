import { readdirSync, readFileSync } from "node:fs";

// USER_HZ, the unit of times in /proc, is 100 on every Linux that Node runs on.
const microsecondsPerTick = 10_000;

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended between the listing and the reading.
    return "";
  }
}

/** A process and all its descendants. */
function processTree(pid: number): number[] {
  const found = [pid];
  for (let i = 0; i < found.length; i++) {
    let threads: string[] = [];
    try {
      threads = readdirSync(`/proc/${found[i]}/task`);
    } catch {
      continue;
    }
    for (const thread of threads) {
      const children = read(`/proc/${found[i]}/task/${thread}/children`).trim();
      if (children !== "") found.push(...children.split(" ").map(Number));
    }
  }
  return found;
}

/** CPU time of a process tree, all threads included, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  let ticks = 0;
  for (const member of processTree(pid)) {
    // Fields 14 and 15, counted after the command in parentheses, which may hold blanks.
    const fields = read(`/proc/${member}/stat`)
      .replace(/^.*\) /s, "")
      .split(" ");
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks * microsecondsPerTick;
}

/** Resident memory of a process tree in MB. */
export function residentMegabytes(pid: number): number {
  let kilobytes = 0;
  for (const member of processTree(pid)) {
    kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${member}/status`))?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

/** The same with pages that several processes share, such as the Node binary, counted once. */
export function proportionalMegabytes(pid: number): number {
  let kilobytes = 0;
  for (const member of processTree(pid)) {
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${member}/smaps_rollup`))?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

/** Datagrams that the kernel threw away on this machine because a receive buffer was full. */
export function droppedDatagrams(): number {
  const lines = read("/proc/net/snmp")
    .split("\n")
    .filter((line) => line.startsWith("Udp:"));
  const column = lines[0]?.split(" ").indexOf("RcvbufErrors") ?? -1;
  return Number(lines[1]?.split(" ")[column] ?? 0);
}
