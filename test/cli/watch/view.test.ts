import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eventLines } from "../../../src/cli/watch/event-lines.ts";
import { type ViewState, view } from "../../../src/cli/watch/view.ts";
import { eventsOf, looks } from "./looks.ts";

const plain = { bold: (text: string) => text, dim: (text: string) => text };
const seen = looks(
  { members: ["app-1: 0 1 2 3"], committed: [0, 0, 0, 0], ends: [9, 9, 9, 9] },
  { members: ["app-1: 0 1", "app-2:"], committed: [5, 5, 5, 5], ends: [10, 10, 10, 10] },
  { members: ["app-1: 0 1", "app-2: 2"], committed: [9, 9, 9, 5], ends: [1510, 10, 10, 11] },
);
const state: ViewState = {
  group: "billing",
  intervalMs: 1000,
  look: seen[2],
  before: seen[1],
  events: eventsOf(seen),
  blind: undefined,
  recording: "billing.jsonl",
};

/** Local time depends on where the test runs. */
const drawn = (of: ViewState, columns: number, rows: number) =>
  view(of, { columns, rows, ...plain }).map((line) => line.replaceAll(/\d\d:\d\d:\d\d/g, "hh:mm:ss").trimEnd());

suite("the screen of groups watch", () => {
  test("members with partitions, lag and rate; partitions without an owner; rebalances, the last one first", () => {
    assert.deepEqual(drawn(state, 120, 40), [
      "group billing  Stable  cooperative-sticky  2 members  lag 1,509  12/s committed  1,501/s produced  hh:mm:ss",
      "",
      "MEMBER      HOST        LAG  RATE/s  PARTITIONS",
      "app-1       10.0.0.1  1,502       8  orders 0-1",
      "app-2       10.0.0.1      1       4  orders 2",
      "(no owner)                6       0  orders 3",
      "",
      "REBALANCES  reasons are inferred from looks every 1.0 s",
      "hh:mm:ss  rebalance: what was given up in the round before is handed out (inferred)",
      "          took ≤ 1.0 s, 2 members in Stable",
      "          moved  orders 2: nobody → app-2, without an owner ≤ 2.0 s",
      "          kept   2 partitions, without a pause",
      "hh:mm:ss  rebalance: app-2 joined (inferred)",
      "          took ≤ 1.0 s, 2 members in Stable",
      "          joined app-2 at 10.0.0.1",
      "          moved  orders 2-3: app-1 → nobody, without an owner from now on",
      "          kept   2 partitions, without a pause",
      "recording to billing.jsonl  q or Ctrl-C: quit",
    ]);
  });

  test("what regroup's coordinator remembers from before the watch", () => {
    const told = { reason: "new member app-1; client reason: it starts", fromGeneration: 0, toGeneration: 1 };
    const counts = { completedMs: 0, durationMs: 11, members: 1, joined: ["app-1"], left: [] };
    const seenThen = { state: "Stable", assignor: "range", members: [], lag: 0, rebalances: [{ ...told, ...counts }] };
    const at = "2026-11-21T03:00:00.000Z";
    const started = { type: "watchStarted", at, group: "billing", intervalMs: 1000, ...seenThen } as const;
    const line = "earlier: new member app-1; client reason: it starts; generation 0 to 1, took 11 ms";
    assert.ok(drawn({ ...state, events: [started] }, 120, 40).includes(`hh:mm:ss  ${line}`));
    const [look] = looks({ members: ["app-1: 0"], told: [] });
    assert.ok(drawn({ ...state, look }, 120, 40).includes("REBALANCES"), "the coordinator tells: nothing is inferred");
    const [first, second = ""] = eventLines(started);
    assert.equal(first, "watching group billing every 1.0 s: Stable, range, 0 members, lag 0");
    assert.ok(second.endsWith(line));
  });

  test("whatever the size, it fits", () => {
    for (const [columns, rows] of [
      [80, 24],
      [40, 12],
      [20, 3],
      [1, 1],
    ] as const) {
      const lines = drawn(state, columns, rows);
      assert.ok(lines.length <= rows, `${lines.length} lines in ${rows} rows`);
      for (const line of lines) assert.ok(line.length <= columns, `${line} in ${columns} columns`);
    }
  });

  test("of many members as many as leave room for rebalances", () => {
    const members = Array.from({ length: 100 }, (_, index) => `app-${index}:`);
    const lines = drawn({ ...state, look: looks({ members })[0] }, 80, 24);
    assert.ok(lines.includes("… and 91 more members"), lines.join("\n"));
    assert.ok(lines.some((line) => line.includes("rebalance:")));
    assert.equal(lines.length, 24);
  });

  test("before the first look, without a group, and when the cluster is away", () => {
    const none = { ...state, look: undefined, before: undefined, events: [] };
    assert.deepEqual(drawn(none, 60, 9).slice(0, 3), ["group billing", "", "looking …"]);
    const dead = drawn({ ...none, look: looks({ state: "Dead" })[0] }, 60, 20);
    assert.equal(dead[0], "group billing  does not exist");
    assert.ok(dead.includes("none since the watch began"));
    assert.equal(drawn({ ...state, blind: "no broker answers" }, 60, 9)[0], "group billing  blind: no broker answers");
  });

  test("a member id cannot steer the terminal", () => {
    const lines = drawn({ ...state, look: looks({ members: ["evil\x1b[2J: 0"] })[0], events: [] }, 80, 20);
    assert.ok(!lines.join("").includes("\x1b"));
  });
});
