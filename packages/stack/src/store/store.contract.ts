import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SkylarkError } from "../errors/errors.ts";
import { type Migrations, type Store, statement } from "./store.ts";

/** The schema that the suite works on; give it to the store under test. */
export const contractMigrations: Migrations = {
  contract: [
    {
      version: 1,
      description: "one table of each kind",
      statements: [
        "CREATE TABLE counters (id INTEGER PRIMARY KEY, f_cnt INTEGER NOT NULL, state BLOB)",
        "CREATE TABLE gateways (tenant_id TEXT NOT NULL, gateway_id TEXT NOT NULL, eui TEXT UNIQUE, PRIMARY KEY (tenant_id, gateway_id))",
      ],
    },
    {
      version: 2,
      description: "a later column",
      statements: ["ALTER TABLE gateways ADD COLUMN note TEXT"],
    },
  ],
};

const putCounter = statement(
  "INSERT INTO counters (id, f_cnt, state) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET f_cnt = excluded.f_cnt, state = excluded.state",
);
const insertCounter = statement("INSERT INTO counters (id, f_cnt) VALUES (?, ?)");
const advanceCounter = statement("UPDATE counters SET f_cnt = ? WHERE id = ? AND f_cnt = ?");
const selectCounter = statement("SELECT f_cnt, state FROM counters WHERE id = ?");
const selectCounters = statement("SELECT id, f_cnt FROM counters ORDER BY id");
const insertGateway = statement(
  "INSERT INTO gateways (tenant_id, gateway_id, eui, note) VALUES (?, ?, ?, ?)",
);
const selectGateways = statement("SELECT gateway_id, eui, note FROM gateways ORDER BY gateway_id");

function isError(name: string, constraint?: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SkylarkError, String(error));
    assert.equal(error.name, `skylark/store:${name}`);
    if (constraint !== undefined) assert.equal(error.attributes.constraint, constraint);
    return true;
  };
}

/** What every engine of the store must do. `open` gives an empty store with `contractMigrations`. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  const contractTest = (title: string, run: (store: Store) => Promise<void>) =>
    test(title, { timeout: 30_000 }, async () => {
      const store = await open();
      try {
        await run(store);
      } finally {
        await store.close();
      }
    });

  describe(`${name} as a store`, () => {
    describe("reading and writing", () => readingAndWriting(contractTest));
    describe("transactions", () => transactions(contractTest));
    describe("failures", () => failures(contractTest));
    describe("closing", () => closing(open));
  });
}

type ContractTest = (title: string, run: (store: Store) => Promise<void>) => void;

function readingAndWriting(contractTest: ContractTest): void {
  contractTest("gives back what was written", async (store) => {
    await store.write((writer) => writer.run(putCounter, 7, 42, new Uint8Array([0, 1, 254, 255])));
    const rows = await store.query(selectCounter, 7);
    assert.deepEqual(rows, [{ f_cnt: 42, state: new Uint8Array([0, 1, 254, 255]) }]);
  });

  contractTest("answers a query for nothing with no rows", async (store) => {
    assert.deepEqual(await store.query(selectCounter, 1), []);
  });

  contractTest("keeps every kind of value", async (store) => {
    const notes = ["", "plain", "ümlaut and 🛰", "x".repeat(100_000), "\u0000inside\u0000", "ä".repeat(30)];
    for (const [index, note] of notes.entries()) {
      await store.write((writer) => writer.run(insertGateway, "t", `g${index}`, null, note));
    }
    const rows = await store.query(selectGateways);
    assert.deepEqual(
      rows.map((row) => row.note),
      notes,
    );
    assert.equal(rows[0]?.eui, null);
  });

  contractTest("keeps integers of 64 bits, as bigint only beyond 2^53", async (store) => {
    const numbers = [
      0,
      -1,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 53 - 1,
      2n ** 53n + 1n,
      -(2n ** 63n),
      2n ** 63n - 1n,
    ];
    await store.write((writer) => {
      for (const [id, number] of numbers.entries()) writer.run(putCounter, id, number, null);
    });
    for (const [id, number] of numbers.entries()) {
      assert.deepEqual(await store.query(selectCounter, id), [{ f_cnt: number, state: null }]);
    }
    const all = await store.query(selectCounters);
    assert.deepEqual(
      all.map((row) => row.f_cnt),
      numbers,
    );
  });

  contractTest("keeps an empty blob apart from null", async (store) => {
    await store.write((writer) => writer.run(putCounter, 1, 1, new Uint8Array(0)));
    assert.deepEqual(await store.query(selectCounter, 1), [{ f_cnt: 1, state: new Uint8Array(0) }]);
  });

  contractTest("takes what a change encodes at once: the caller may reuse its bytes", async (store) => {
    const bytes = new Uint8Array([1, 2, 3]);
    const written = store.write((writer) => writer.run(putCounter, 1, 1, bytes));
    bytes.fill(9);
    await written;
    assert.deepEqual((await store.query(selectCounter, 1))[0]?.state, new Uint8Array([1, 2, 3]));
  });

  contractTest("shows a query every write issued before it, without waiting", async (store) => {
    const answers: Promise<unknown>[] = [];
    for (let fCnt = 1; fCnt <= 50; fCnt++) {
      const written = store.write((writer) => writer.run(putCounter, 1, fCnt, null));
      const read = store.query(selectCounter, 1).then((rows) => Number(rows[0]?.f_cnt));
      answers.push(
        written,
        read.then((seen) => assert.ok(seen >= fCnt, `${seen} after writing ${fCnt}`)),
      );
      if (fCnt % 7 === 0) await read;
    }
    await Promise.all(answers);
  });

  contractTest("resolves writes in the order they were issued", async (store) => {
    const order: number[] = [];
    const writes = Array.from({ length: 200 }, (_, index) =>
      store.write((writer) => writer.run(putCounter, index, index, null)).then(() => order.push(index)),
    );
    await Promise.all(writes);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
  });

  contractTest("takes a change larger than any buffer it starts with", async (store) => {
    const big = new Uint8Array(3_000_000).fill(7);
    await store.write((writer) => {
      writer.run(putCounter, 1, 1, big);
      writer.run(putCounter, 2, 2, big);
    });
    const [row] = await store.query(selectCounter, 2);
    assert.deepEqual(row?.state, big);
  });

  contractTest("takes ten thousand writes of one tick", async (store) => {
    const writes = Array.from({ length: 10_000 }, (_, id) =>
      store.write((writer) => writer.run(putCounter, id, id, null)),
    );
    await Promise.all(writes);
    assert.equal((await store.query(selectCounters)).length, 10_000);
  });
}

function transactions(contractTest: ContractTest): void {
  contractTest("undoes a transaction that breaks a constraint, as a whole and alone", async (store) => {
    await store.transact((writer) => writer.run(insertGateway, "t", "g1", "E1", null));
    const outcomes = await Promise.allSettled([
      store.write((writer) => writer.run(putCounter, 1, 1, null)),
      store.transact((writer) => {
        writer.run(insertGateway, "t", "g2", "E2", null);
        writer.run(insertGateway, "t", "g3", "E1", null);
      }),
      store.transact((writer) => writer.run(insertGateway, "t", "g4", "E4", null)),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    const rows = await store.query(selectGateways);
    assert.deepEqual(
      rows.map((row) => row.gateway_id),
      ["g1", "g4"],
    );
  });

  contractTest("names the constraint that was broken", async (store) => {
    await store.transact((writer) => writer.run(insertGateway, "t", "g1", "E1", null));
    await assert.rejects(
      store.transact((writer) => writer.run(insertGateway, "t", "g2", "E1", null)),
      isError("conflict", "gateways.eui"),
    );
    await assert.rejects(
      store.transact((writer) => writer.run(insertGateway, "t", "g1", "E2", null)),
      isError("conflict", "gateways.tenant_id, gateways.gateway_id"),
    );
  });

  contractTest(
    "fails as stale when an expected row is gone or changed, and undoes the rest",
    async (store) => {
      await store.write((writer) => writer.run(putCounter, 1, 10, null));
      const advance = () =>
        store.transact((writer) => {
          writer.run(putCounter, 2, 1, null);
          writer.runExpectingRow(advanceCounter, 11, 1, 10);
        });
      await advance();
      await store.write((writer) => writer.run(putCounter, 2, 99, null));
      await assert.rejects(advance(), isError("stale"));
      assert.deepEqual(await store.query(selectCounters), [
        { id: 1, f_cnt: 11 },
        { id: 2, f_cnt: 99 },
      ]);
    },
  );

  contractTest("lets one of many concurrent transactions win", async (store) => {
    await store.write((writer) => writer.run(putCounter, 1, 0, null));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        store.transact((writer) => writer.runExpectingRow(advanceCounter, 1, 1, 0)),
      ),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  });
}

function failures(contractTest: ContractTest): void {
  contractTest("adds nothing of a change that throws while it is collected", async (store) => {
    const boom = new Error("boom");
    await assert.rejects(
      store.write((writer) => {
        writer.run(putCounter, 1, 1, null);
        throw boom;
      }),
      boom,
    );
    await store.write((writer) => writer.run(putCounter, 2, 2, null));
    assert.deepEqual(await store.query(selectCounters), [{ id: 2, f_cnt: 2 }]);
  });

  contractTest(
    "rejects only the write that breaks a constraint, not those it shares a commit with",
    async (store) => {
      await store.write((writer) => writer.run(insertCounter, 1, 1));
      const outcomes = await Promise.allSettled([
        store.write((writer) => writer.run(insertCounter, 2, 2)),
        store.write((writer) => writer.run(insertCounter, 1, 3)),
        store.write((writer) => writer.run(insertCounter, 3, 3)),
        store.transact((writer) => writer.run(insertCounter, 2, 9)),
        store.query(selectCounters),
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
      );
      assert.deepEqual(await store.query(selectCounters), [
        { id: 1, f_cnt: 1 },
        { id: 2, f_cnt: 2 },
        { id: 3, f_cnt: 3 },
      ]);
    },
  );

  contractTest("rejects a wrong statement alone and works on", async (store) => {
    const outcomes = await Promise.allSettled([
      store.write((writer) => writer.run(putCounter, 1, 1, null)),
      store.write((writer) => writer.run(statement("INSERT INTO nowhere VALUES (?)"), 1)),
      store.query(statement("SELECT nothing FROM nowhere")),
      store.query(selectCounters),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "rejected", "fulfilled"],
    );
  });

  contractTest("refuses values a column cannot hold and wrong numbers of them", async (store) => {
    const wrong = undefined as unknown as null;
    await assert.rejects(
      store.write((writer) => writer.run(putCounter, 1, wrong, null)),
      TypeError,
    );
    await assert.rejects(
      store.write((writer) => writer.run(putCounter, 1)),
      TypeError,
    );
    await assert.rejects(
      store.write((writer) => writer.run(putCounter, 2n ** 64n, 1, null)),
      RangeError,
    );
    await assert.rejects(store.query(selectCounter), TypeError);
    assert.deepEqual(await store.query(selectCounters), []);
  });

  contractTest("refuses a query that would change something", async (store) => {
    await assert.rejects(store.query(statement("INSERT INTO counters VALUES (1, 1, NULL) RETURNING id")));
    await assert.rejects(store.query(statement("DELETE FROM counters")));
    await store.write((writer) => writer.run(putCounter, 1, 1, null));
    assert.equal((await store.query(selectCounters)).length, 1);
  });

  contractTest("refuses to be used within a change", async (store) => {
    const refusals: Promise<void>[] = [];
    await store.write((writer) => {
      refusals.push(assert.rejects(store.write((other) => other.run(putCounter, 5, 5, null))));
      writer.run(putCounter, 1, 1, null);
    });
    await Promise.all(refusals);
    assert.deepEqual(await store.query(selectCounters), [{ id: 1, f_cnt: 1 }]);
  });

  contractTest("expects rows in transactions only", async (store) => {
    await assert.rejects(store.write((writer) => writer.runExpectingRow(advanceCounter, 1, 1, 0)));
  });
}

function closing(open: () => Promise<Store>): void {
  test("commits what is pending, then refuses", { timeout: 30_000 }, async () => {
    const store = await open();
    const pending = store.write((writer) => writer.run(putCounter, 1, 1, null));
    const read = store.query(selectCounters);
    await store.close();
    await pending;
    assert.equal((await read).length, 1);
    await assert.rejects(
      store.write((writer) => writer.run(putCounter, 1, 1, null)),
      isError("unavailable"),
    );
    await assert.rejects(store.query(selectCounters), isError("unavailable"));
    await store.close();
  });
}
