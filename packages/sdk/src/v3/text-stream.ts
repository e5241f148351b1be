/** The lines of a body, without their ends, as they come in. Letting go of it cancels the body. */
export async function* lines(
  body: ReadableStream<Uint8Array> | null,
): AsyncGenerator<string, void, undefined> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const complete = rest.split("\n");
      rest = complete.pop() ?? "";
      for (const line of complete) yield line.replace(/\r$/, "");
      if (done) break;
    }
    if (rest !== "") yield rest;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** One of Server-Sent Events. */
export interface ServerSentEvent {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** Reads Server-Sent Events, as browsers do it. `onLine` hears of comments too. */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array> | null,
  onLine: () => void = () => undefined,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let type = "message";
  let id: string | undefined;
  let data: string[] = [];
  for await (const line of lines(body)) {
    onLine();
    if (line === "") {
      if (data.length > 0) yield { type, id, data: data.join("\n") };
      type = "message";
      data = [];
      continue;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") type = value;
    else if (name === "id") id = value;
  }
}
