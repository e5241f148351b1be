import type { IncomingMessage } from "node:http";
import type { HttpPlatform } from "../rpc/http-platform.ts";

const names = ["limit", "offset"] as const;

/** What is metadata of a call over gRPC comes in the query over HTTP. */
export function withPaging(platform: HttpPlatform): HttpPlatform {
  return {
    maxBodyBytes: platform.maxBodyBytes,
    get callsUnderWay() {
      return platform.callsUnderWay;
    },
    mount: (verb, path, handler) => platform.mount(verb, path, handler),
    mountUpgrade: (path, handler) => platform.mountUpgrade(path, handler),
    serve(request, response) {
      takePaging(request);
      platform.serve(request, response);
    },
    takesUpgrade: (request) => platform.takesUpgrade(request),
    serveUpgrade: (request, socket, head) => platform.serveUpgrade(request, socket, head),
    stop: () => platform.stop(),
  };
}

function takePaging({ url = "", headers }: IncomingMessage): void {
  const question = url.indexOf("?");
  if (question < 0) return;
  const query = new URLSearchParams(url.slice(question));
  for (const name of names) {
    const value = query.get(name);
    if (value !== null) headers[name] = value;
  }
}
