import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { RebalanceDescription } from "../../../src/client/admin/groups.ts";
import { eventsOf, linesOf, looks, type Short } from "./looks.ts";

const cases: [name: string, looks: readonly Short[], lines: string[]][] = [
  ["nothing changes: nothing is told", [{ members: ["a: 0 1 2 3"] }, { members: ["a: 0 1 2 3"] }], []],
  [
    "a member joins a group that has none",
    [{}, { members: ["a: 0 1 2 3"] }],
    [
      "rebalance: a joined (inferred)",
      "    took ≤ 1.0 s, 1 member in Stable",
      "    joined a at 10.0.0.1",
      "    moved  orders 0-3: nobody → a",
    ],
  ],
  [
    "a cooperative join: what is given up has no owner until the second round",
    [
      { members: ["a: 0 1 2 3"] },
      { members: ["a: 0 1 2 3", "b:"], state: "PreparingRebalance" },
      { members: ["a: 0 1", "b:"] },
      { members: ["a: 0 1", "b:"] },
      { members: ["a: 0 1", "b: 2 3"] },
    ],
    [
      "rebalance: b joined (inferred)",
      "    took ≤ 2.0 s, 2 members in Stable",
      "    joined b at 10.0.0.1",
      "    moved  orders 2-3: a → nobody, without an owner from now on",
      "    kept   2 partitions, without a pause",
      "rebalance: what was given up in the round before is handed out (inferred)",
      "    took ≤ 1.0 s, 2 members in Stable",
      "    moved  orders 2-3: nobody → b, without an owner 1.0 s–4.0 s",
      "    kept   2 partitions, without a pause",
    ],
  ],
  [
    "an eager group stands still as a whole, at least as long as it was seen to",
    [
      { members: ["a: 0 1 2 3"], assignor: "range" },
      { members: ["a: 0 1 2 3", "b:"], state: "PreparingRebalance", assignor: "" },
      { members: ["a:", "b:"], state: "CompletingRebalance", assignor: "" },
      { members: ["a: 0 1", "b: 2 3"], assignor: "range" },
    ],
    [
      "rebalance: b joined (inferred)",
      "    took 1.0 s–3.0 s, 2 members in Stable",
      "    joined b at 10.0.0.1",
      "    moved  orders 2-3: a → b, without an owner 1.0 s–3.0 s",
      "    kept   2 partitions, stood still 1.0 s–3.0 s",
    ],
  ],
  [
    "a member that committed all along has left, or its session has expired: nobody can see which",
    [{ members: ["a: 0 1", "b: 2 3"] }, { members: ["a: 0 1 2 3"] }],
    [
      "rebalance: b left, or its session expired (inferred)",
      "    took ≤ 1.0 s, 1 member in Stable",
      "    left   b at 10.0.0.1",
      "    moved  orders 2-3: b → a, without an owner ≤ 1.0 s",
      "    kept   2 partitions, without a pause",
    ],
  ],
  [
    "a member that committed nothing for long though records waited has crashed, most likely",
    [
      { members: ["a: 0 1", "b: 2 3"], committed: [5, 5, 5, 5], ends: [5, 5, 6, 5] },
      { at: 10_000, members: ["a: 0 1", "b: 2 3"], committed: [5, 5, 5, 5], ends: [5, 5, 9, 5] },
      { at: 44_000, members: ["a: 0 1", "b: 2 3"], committed: [5, 5, 5, 5], ends: [5, 5, 90, 5] },
      { at: 45_000, members: ["a: 0 1 2 3"], committed: [5, 5, 20, 5], ends: [5, 5, 91, 5] },
    ],
    [
      "rebalance: b left, or its session expired (inferred)",
      "    took ≤ 1.0 s, 1 member in Stable",
      "    left   b at 10.0.0.1; it had committed nothing for 44 s though records waited: crashed, or stuck",
      "    moved  orders 2: b → a, without an owner ≤ 1.0 s, no progress for 44 s before",
      "    moved  orders 3: b → a, without an owner ≤ 1.0 s",
      "    kept   2 partitions, without a pause",
    ],
  ],
  [
    "gone and back from the same client and host",
    [{ members: ["a-1: 0 1 2 3", "b-1:"] }, { members: ["a-2: 0 1 2 3", "b-1:"] }],
    [
      "rebalance: a-2 is gone and back under another member id: it restarted, or it was put out (inferred)",
      "    took ≤ 1.0 s, 2 members in Stable",
      "    joined a-2 at 10.0.0.1",
      "    left   a-1 at 10.0.0.1",
      "    moved  orders 0-3: a-1 → a-2, without an owner ≤ 1.0 s",
    ],
  ],
  [
    "a static member that comes back moves nothing: no rebalance (KIP-345)",
    [{ members: ["a-1/first: 0 1", "b: 2 3"] }, { members: ["a-2/first: 0 1", "b: 2 3"] }],
    ["first is back under another member id, nothing moved (inferred)"],
  ],
  [
    "a static member that comes back with another subscription",
    [{ members: ["a-1/first: 0 1", "b: 2 3"] }, { members: ["a-2/first: @returns", "b: 0 1 2 3"] }],
    [
      "rebalance: first came back under another member id; first subscribes to other topics (inferred)",
      "    took ≤ 1.0 s, 2 members in Stable",
      "    moved  orders 0-1: first → b, without an owner ≤ 1.0 s",
      "    kept   2 partitions, without a pause",
    ],
  ],
  [
    "a topic has grown, and the leader has noticed",
    [
      { members: ["a: 0 1", "b: 2 3"] },
      { members: ["a: 0 1", "b: 2 3"], partitions: 6 },
      { members: ["a: 0 1 4", "b: 2 3 5"], partitions: 6 },
    ],
    [
      "rebalance: topic orders has 2 more partitions (inferred)",
      "    took ≤ 1.0 s, 2 members in Stable",
      "    moved  orders 4: nobody → a",
      "    moved  orders 5: nobody → b",
      "    kept   4 partitions, without a pause",
    ],
  ],
  [
    "a new topic matches a pattern",
    [{ members: ["a: 0 1 2 3"] }, { members: ["a: 0 1 2 3 returns-0@orders,returns"] }],
    [
      "rebalance: a subscribes to other topics; topic returns is read from now on (inferred)",
      "    took ≤ 1.0 s, 1 member in Stable",
      "    moved  returns 0: nobody → a",
      "    kept   4 partitions, without a pause",
    ],
  ],
  [
    "a topic that was read is deleted",
    [{ members: ["a: 0 returns-0@orders,returns"] }, { members: ["a: 0@orders,returns"] }],
    [
      "rebalance: topic returns is gone (inferred)",
      "    took ≤ 1.0 s, 1 member in Stable",
      "    moved  returns 0: a → nobody, without an owner from now on",
      "    kept   1 partition, without a pause",
    ],
  ],
  [
    "the assignor changes",
    [
      { members: ["a: 0 1 2 3"], assignor: "range" },
      { members: ["a: 0 1 2 3"], assignor: "cooperative-sticky" },
    ],
    [
      "rebalance: the assignor is cooperative-sticky, it was range (inferred)",
      "    took ≤ 1.0 s, 1 member in Stable",
      "    kept   4 partitions, without a pause",
    ],
  ],
  [
    "a group of the consumer protocol tells its epoch, and members keep what stays theirs (KIP-848)",
    [
      { members: ["a: 0 1 2 3"], assignor: "uniform", epoch: 1 },
      { members: ["a: 0 1 2 3", "b:"], assignor: "uniform", epoch: 2, state: "Reconciling" },
      { members: ["a: 0 1", "b: 2 3"], assignor: "uniform", epoch: 2 },
    ],
    [
      "rebalance: b joined (inferred)",
      "    generation 1 to 2, took ≤ 2.0 s, 2 members in Stable",
      "    joined b at 10.0.0.1",
      "    moved  orders 2-3: a → b, without an owner ≤ 2.0 s",
      "    kept   2 partitions, without a pause",
    ],
  ],
  [
    "a rebalance that changes nothing is only told when it was seen",
    [{ members: ["a: 0 1 2 3"] }, { state: "PreparingRebalance", members: ["a:"] }, { members: ["a: 0 1 2 3"] }],
    [
      "rebalance: no cause can be seen from outside: a member joined again by itself (inferred)",
      "    took ≤ 2.0 s, 1 member in Stable",
      "    kept   4 partitions, without a pause",
    ],
  ],
  [
    "a group appears as soon as it is seen, before its first generation, and may be gone again without one",
    [
      { state: "Dead", coordinator: 1 },
      { state: "PreparingRebalance", members: ["a:"] },
      { state: "Dead", coordinator: 1 },
    ],
    ["group billing is there now", "group billing is gone: deleted, or expired"],
  ],
  [
    "a group appears, moves to another coordinator, and is deleted",
    [{ state: "Dead", coordinator: -1 }, {}, { coordinator: 2 }, { state: "Dead", coordinator: -1 }],
    [
      "group billing is there now",
      "the coordinator is node 2 now, it was node 1",
      "group billing is gone: deleted, or expired",
    ],
  ],
];

suite("what two looks tell", () => {
  for (const [name, seen, lines] of cases) test(name, () => assert.deepEqual(linesOf(...seen), lines));
});

const second = (after: number) => Date.parse("2026-11-21T03:00:00.000Z") + after * 1000;
const first: RebalanceDescription = {
  reason: "new member a; client reason: not provided",
  fromGeneration: 0,
  toGeneration: 1,
  completedMs: second(-60),
  durationMs: 3,
  members: 1,
  joined: ["a"],
  left: [],
};
const join: RebalanceDescription = {
  ...first,
  reason: "new member b; client reason: the consumer subscribes",
  fromGeneration: 1,
  toGeneration: 2,
  completedMs: second(0.5),
  durationMs: 10,
  members: 2,
  joined: ["b"],
};
const handOut: RebalanceDescription = {
  ...join,
  reason: "member a rejoined; client reason: gave up orders-2, orders-3, as assigned",
  fromGeneration: 2,
  toGeneration: 3,
  completedMs: second(0.52),
  joined: [],
};

suite("what regroup's coordinator tells", () => {
  test("each rebalance between two looks has its reason, and partitions stood no longer than those took", () => {
    const lines = linesOf(
      { members: ["a: 0 1 2 3"], told: [first] },
      { members: ["a: 0 1", "b: 2 3"], told: [first, join, handOut] },
      { members: ["a: 0 1", "b: 2 3"], told: [first, join, handOut] },
    );
    assert.deepEqual(lines, [
      "rebalance: new member b; client reason: the consumer subscribes",
      "    generation 1 to 2, took 10 ms, 2 members in Stable",
      "    joined b at 10.0.0.1",
      "rebalance: member a rejoined; client reason: gave up orders-2, orders-3, as assigned",
      "    generation 2 to 3, took 10 ms, 2 members in Stable",
      "    moved  orders 2-3: a → b, without an owner ≤ 30 ms",
      "    kept   2 partitions, without a pause",
    ]);
  });

  test("a rebalance after which all is as before is told too", () => {
    const same = ["a: 0 1 2 3"];
    const again = { ...first, reason: "member a rejoined; client reason: not provided", toGeneration: 2, joined: [] };
    const [event, ...more] = eventsOf(
      looks({ members: same, told: [first] }, { members: same, told: [first, { ...again, completedMs: second(1) }] }),
    );
    assert.deepEqual(more, []);
    assert.ok(event?.type === "rebalance");
    assert.deepEqual([event.source, event.reasons[0]?.code, event.moved, event.kept], ["broker", "told", [], 4]);
  });

  test("codes are those that looks infer, and tell a session that expired from a member that left", () => {
    const codeOf = (told: Partial<RebalanceDescription>) => {
      const events = eventsOf(
        looks({ members: ["a: 0"], told: [] }, { members: ["a: 0"], told: [{ ...first, ...told }] }),
      );
      return events.flatMap((event) => (event.type === "rebalance" ? event.reasons.map(({ code }) => code) : []));
    };
    assert.deepEqual(codeOf({}), ["memberJoined"]);
    assert.deepEqual(codeOf({ joined: [], left: ["b"], reason: "session of member b timed out" }), ["sessionExpired"]);
    assert.deepEqual(codeOf({ joined: [], left: ["b"], reason: "left: b (client reason: bye)" }), ["memberLeft"]);
    assert.deepEqual(codeOf({ joined: [], reason: handOut.reason }), ["secondRound"]);
  });

  test("a coordinator that has restarted has forgotten, and tells nothing twice", () => {
    const two = ["a: 0 1", "b: 2 3"];
    const seen = looks(
      { members: two, told: [first, join] },
      { members: two, told: [] },
      { members: two, told: [join] },
    );
    assert.deepEqual(eventsOf(seen), []);
  });
});
