import type { Method } from "./method.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** What a list holds: the items of the one array that its answer has. */
export type ItemOf<Response> =
  NonNullable<Response[keyof Response]> extends infer Value
    ? Value extends readonly (infer Item)[]
      ? Item
      : never
    : never;

/** A list that is read page by page while it is walked through. */
export interface List<Item> extends AsyncIterable<Item> {
  /** All of it at once. */
  all(): Promise<Item[]>;
  /** How many items there are on all pages. */
  count(): Promise<number>;
}

export interface PageRequest {
  page?: number;
  limit?: number;
}

const defaultPageSize = 100;

/** The items of a method that answers in pages. */
export function listOf<Request extends PageRequest, Response extends object>(
  transport: Transport,
  method: Method<Request, Response>,
  request: Request,
  options?: CallOptions,
): List<ItemOf<Response>> {
  const limit = request.limit ?? defaultPageSize;
  async function* items(): AsyncGenerator<ItemOf<Response>, void, undefined> {
    for (let page = request.page ?? 1, seen = (page - 1) * limit; ; page++) {
      const { body, totalCount } = await transport.call(method, { ...request, page, limit }, options);
      const found = itemsOf(body);
      yield* found;
      seen += found.length;
      if (found.length === 0 || seen >= (totalCount ?? Number.POSITIVE_INFINITY)) return;
    }
  }
  return {
    [Symbol.asyncIterator]: items,
    async all() {
      const all: ItemOf<Response>[] = [];
      for await (const item of items()) all.push(item);
      return all;
    },
    async count() {
      const { body, totalCount } = await transport.call(method, { ...request, page: 1, limit: 1 }, options);
      return totalCount ?? itemsOf(body).length;
    },
  };
}

function itemsOf<Response extends object>(body: Response): ItemOf<Response>[] {
  return (Object.values(body).find(Array.isArray) ?? []) as ItemOf<Response>[];
}
