import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../src/cli/errors.ts";
import { durationMs, momentOf } from "../../../src/cli/groups/reset/moment.ts";
import { parsePlan, planCsv } from "../../../src/cli/groups/reset/plan-csv.ts";
import { rowsByGroup, scopeOf, targetOf } from "../../../src/cli/groups/reset/reset-request.ts";
import { planPartition, type ResetTarget } from "../../../src/cli/groups/reset/target.ts";
import { topicChoices } from "../../../src/cli/groups/topic-choice.ts";

const log = { start: 10, end: 100 };
const plan = (target: ResetTarget, committed: number | null, atTime: number | null = null) => {
  return planPartition("g", target, { topic: "t", partition: 0, committed, log, atTime });
};

test("every target, with what is skipped and replayed", () => {
  for (const [target, committed, atTime, newOffset, skipped, replayed, note] of [
    [{ kind: "earliest" }, 40, null, 10, 0, 30, undefined],
    [{ kind: "latest" }, 40, null, 100, 60, 0, undefined],
    [{ kind: "current" }, 40, null, 40, 0, 0, undefined],
    [{ kind: "current" }, 5, null, 5, 0, 0, undefined], // what was committed is kept, wherever it is
    [{ kind: "current" }, null, null, 100, null, null, "uncommitted"],
    [{ kind: "offset", offset: 50 }, 40, null, 50, 10, 0, undefined],
    [{ kind: "offset", offset: 500 }, 40, null, 100, 60, 0, "beyondEnd"],
    [{ kind: "offset", offset: -3 }, 40, null, 10, 0, 30, "beforeStart"],
    [{ kind: "shift", by: -20 }, 40, null, 20, 0, 20, undefined],
    [{ kind: "shift", by: 1000 }, 40, null, 100, 60, 0, "beyondEnd"],
    [{ kind: "shift", by: -1000 }, 40, null, 10, 0, 30, "beforeStart"],
    [{ kind: "time", timestampMs: 1 }, 40, 70, 70, 30, 0, undefined],
    [{ kind: "time", timestampMs: 1 }, 40, null, 100, 60, 0, "tooLate"],
    [{ kind: "earliest" }, null, null, 10, null, null, undefined],
    [{ kind: "earliest" }, 120, null, 10, 0, 90, undefined], // only records that exist count
    [{ kind: "latest" }, 5, null, 100, 90, 0, undefined],
  ] as const) {
    const planned = plan(target, committed, atTime);
    assert.ok("offset" in planned);
    const { offset } = planned;
    assert.deepEqual(
      [offset.priorOffset, offset.newOffset, offset.skipped, offset.replayed, planned.note],
      [committed, newOffset, skipped, replayed, note],
      `${JSON.stringify(target)} from ${committed}`,
    );
  }
});

test("nothing committed cannot be shifted", () => {
  assert.deepEqual(plan({ kind: "shift", by: 1 }, null), {
    problem: "nothing is committed, so there is nothing to shift",
  });
});

test("times are UTC unless they have a zone, as exact as one likes", () => {
  for (const [text, iso] of [
    ["2026-03-01", "2026-03-01T00:00:00.000Z"],
    ["2026-03-01T12:30", "2026-03-01T12:30:00.000Z"],
    ["2026-03-01 12:30:15", "2026-03-01T12:30:15.000Z"],
    ["2026-03-01T12:30:15.5", "2026-03-01T12:30:15.500Z"],
    ["2026-03-01T12:30:15.123456789Z", "2026-03-01T12:30:15.123Z"],
    ["2026-03-01T12:30:15.000+02:00", "2026-03-01T10:30:15.000Z"],
    ["2026-03-01T12:30:15.000-0530", "2026-03-01T18:00:15.000Z"],
    ["2026-03-01T00:30:00+01", "2026-02-28T23:30:00.000Z"],
  ] as const) {
    assert.equal(new Date(momentOf("--to-datetime", text)).toISOString(), iso, text);
  }
  for (const text of ["yesterday", "2026-02-30", "2026-13-01", "2026-03-01T25:00", "12:30", "1767229200000", ""]) {
    assert.throws(() => momentOf("--to-datetime", text), UsageError, text);
  }
});

test("durations are ISO 8601, or a number with a unit", () => {
  for (const [text, ms] of [
    ["PT1H", 3_600_000],
    ["P7D", 604_800_000],
    ["P1W", 604_800_000],
    ["P1DT2H3M4.5S", 93_784_500],
    ["PT0S", 0],
    ["pt90m", 5_400_000],
    ["12h", 43_200_000],
    ["90s", 90_000],
    ["250ms", 250],
  ] as const) {
    assert.equal(durationMs("--by-duration", text), ms, text);
  }
  for (const text of ["1 hour", "P", "PT", "P1DT", "P1M", "P1Y", "-PT1H", "PT-1H", "1", ""]) {
    assert.throws(() => durationMs("--by-duration", text), UsageError, text);
  }
});

test("partitions of topics, each once", () => {
  assert.deepEqual(topicChoices(["orders:2,0", "payments", "orders:0,1"]), [
    { topic: "orders", partitions: [0, 1, 2] },
    { topic: "payments", partitions: "all" },
  ]);
  assert.deepEqual(topicChoices(["orders:0", "orders"]), [{ topic: "orders", partitions: "all" }]);
  for (const text of [
    "",
    ":0",
    "orders:",
    "orders:x",
    "orders:0-2",
    "orders:-1",
    "a,b",
    "orders:0:1",
    "o:2147483648",
  ]) {
    assert.throws(() => topicChoices([text]), UsageError, text);
  }
});

test("exactly one target and one scope", () => {
  assert.deepEqual(targetOf({ toOffset: "5" }, 0), { kind: "offset", offset: 5 });
  assert.deepEqual(targetOf({ shiftBy: "-20" }, 0), { kind: "shift", by: -20 });
  assert.deepEqual(targetOf({ byDuration: "PT1S" }, 5000), { kind: "time", timestampMs: 4000 });
  assert.deepEqual(targetOf({ toDatetime: "1970-01-01T00:00:01Z" }, 0), { kind: "time", timestampMs: 1000 });
  assert.equal(targetOf({ fromFile: "plan.csv" }, 0), undefined);
  for (const flags of [{}, { toEarliest: true, toLatest: true }, { toOffset: "1.5" }, { shiftBy: "few" }]) {
    assert.throws(() => targetOf(flags, 0), UsageError, JSON.stringify(flags));
  }
  assert.deepEqual(scopeOf({ topic: ["orders"] }), { kind: "topics", topics: topicChoices(["orders"]) });
  assert.equal(scopeOf({ allTopics: true }).kind, "committed");
  for (const flags of [{}, { topic: ["orders"], allTopics: true }]) {
    assert.throws(() => scopeOf(flags), UsageError, JSON.stringify(flags));
  }
});

const longName = "nightly-reconciliation-of-orders";

test("the CSV of a plan quotes as the tool does, and is read back", () => {
  const rows = [
    { group: "reports", topic: "orders", partition: 0, newOffset: 60 },
    { group: longName, topic: "orders", partition: 1, newOffset: 7 },
    { group: 'odd, "name"', topic: "a.b_c-d", partition: 2, newOffset: 0 },
  ];
  const text = `reports,orders,0,60\n"${longName}",orders,1,7\n"odd, ""name""",a.b_c-d,2,0\n`;
  assert.equal(planCsv(rows, true), text);
  assert.deepEqual(
    parsePlan(text, "plan.csv"),
    rows.map(({ group, topic, partition, newOffset: offset }) => ({ group, topic, partition, offset })),
  );
  assert.equal(planCsv(rows.slice(0, 1), false), "orders,0,60\n");
});

test("a plan may have a header, empty lines and Windows' ends of lines, and no end of the last line", () => {
  const rows = [{ group: undefined, topic: "orders", partition: 0, offset: 50 }];
  for (const text of ["TOPIC,PARTITION,NEW-OFFSET\norders,0,50\n", "\uFEFForders,0,50\r\n\r\n", "orders,0,50"]) {
    assert.deepEqual(parsePlan(text, "plan.csv"), rows, JSON.stringify(text));
  }
});

test("a broken plan is refused with its line", () => {
  for (const [text, message] of [
    ["", /plan\.csv: holds no offsets/],
    ["\n\n", /holds no offsets/],
    ["orders,0,50\norders,0,fifty", /plan\.csv, line 2: offset "fifty"/],
    ["orders,x,50", /line 1: partition "x"/],
    ["orders,-1,50", /line 1: partition "-1"/],
    ["orders,0,-50", /line 1: offset "-50"/],
    ["orders,0,", /line 1: offset ""/],
    ["orders,0", /line 1: expected topic,partition,offset/],
    ["a,b,c,0,50", /line 1: expected topic,partition,offset/],
    ["orders,0,50\nreports,orders,0,50", /line 2: expected topic,partition,offset in each line/],
    ['"orders,0,50', /line 1: a quote that is not closed/],
    ["orders,0,9007199254740993", /line 1: offset/],
  ] as const) {
    assert.throws(() => parsePlan(text, "plan.csv"), { message }, JSON.stringify(text));
  }
});

test("rows are for the groups that they name; without names there must be one group", () => {
  const named = parsePlan("a,orders,0,1\nb,orders,0,2\n", "plan.csv");
  assert.deepEqual(rowsByGroup(named, ["b"], "plan.csv")("b"), [named[1]]);
  assert.throws(() => rowsByGroup(named, ["a", "c"], "plan.csv"), /plan\.csv: holds nothing for c/);
  const unnamed = parsePlan("orders,0,1\n", "plan.csv");
  assert.deepEqual(rowsByGroup(unnamed, ["a"], "plan.csv")("a"), unnamed);
  assert.throws(() => rowsByGroup(unnamed, ["a", "b"], "plan.csv"), /has no column for the group, and 2 groups/);
});
