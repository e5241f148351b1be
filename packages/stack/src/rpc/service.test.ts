import { test } from "node:test";
import { Events, Right } from "@skylark/api";
import { anyone, application, implement } from "./service.ts";

const stream = {
  requires: () => anyone,
  async *handle() {
    yield { name: "one" };
  },
};
const findRelated = { later: "events with history" };

test("a service that lacks a method, a requirement or a part of its answer does not compile", () => {
  implement(Events, { stream, findRelated });
  // @ts-expect-error a method is missing
  implement(Events, { stream });
  // @ts-expect-error `requires` is missing
  implement(Events, { stream: { handle: stream.handle }, findRelated });
  // @ts-expect-error there is no such method
  implement(Events, { stream, findRelated, more: findRelated });
  implement(Events, {
    stream,
    findRelated: {
      requires: ({ correlationId }) => application(correlationId, Right.APPLICATION_TRAFFIC_READ),
      // @ts-expect-error events have names of text
      handle: () => ({ events: [{ name: 1 }] }),
    },
  });
});
