/** The crash test finds what it looks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { auditCommits, auditTopics, PartitionAudit, promisesNow } from "./audit.ts";
import { Ledger, recordValue } from "./ledger.ts";

/** Producer 0 wrote records 0, 1, 2 of partition 0; each was acknowledged, and shown to a consumer. */
function kept(): Ledger {
  const ledger = new Ledger(1, 2);
  ledger.sent[0]![0] = 3;
  for (const sequence of [0, 1, 2]) {
    ledger.stored(0, 0, sequence, sequence);
    ledger.show(0, sequence, recordValue(0, sequence, 5));
  }
  return ledger;
}

/** @returns breaches when the log of partition 0 holds these sequences of producer 0, from offset 0 on. */
function breachesOf(sequences: readonly number[], ledger = kept(), offsets = sequences.keys()): string[] {
  const audit = new PartitionAudit(ledger, 0);
  const at = [...offsets];
  for (const [index, sequence] of sequences.entries()) audit.read(at[index]!, recordValue(0, sequence, 7));
  audit.end();
  return ledger.breaches;
}

test("the crash test has nothing against a log that kept everything", () => {
  assert.deepEqual(breachesOf([0, 1, 2]), []);
});

test("the crash test finds records that are lost, come twice, or change places", () => {
  assert.match(breachesOf([0, 1]).join(), /producer 0 wrote 3 records, 2 are there/);
  assert.match(breachesOf([0, 2]).join(), /but 1 is missing/);
  assert.match(breachesOf([0, 1, 1, 2]).join(), /record 1 of producer 0 again/);
  assert.match(breachesOf([1, 0, 2]).join(), /but 0 is missing.*record 0 of producer 0 again/);
});

test("the crash test finds a gap in offsets, and a record that moved", () => {
  assert.match(breachesOf([0, 1, 2], kept(), [0, 1, 3].values()).join(), /expected offset 2/);
  const ledger = kept();
  ledger.stored(0, 0, 2, 1);
  assert.match(breachesOf([0, 1, 2], ledger).join(), /record 2 of producer 0 was acknowledged at 1/);
});

test("the crash test finds that consumers saw what is not in the log", () => {
  const twice = kept();
  twice.show(0, 1, recordValue(1, 9, 0));
  assert.match(twice.breaches.join(), /another record before/);
  assert.match(breachesOf([0, 1, 2], twice).slice(1).join(), /a consumer saw another record there/);
  const more = kept();
  more.show(0, 3, recordValue(1, 0, 0));
  assert.match(breachesOf([0, 1, 2], more).join(), /consumers saw 4 records, 3 are there/);
});

test("the crash test finds a commit that is lost, goes back, or was never made", () => {
  const ledger = kept();
  ledger.committing("group/0", 5);
  ledger.committed("group/0", 5);
  ledger.committing("group/0", 6);
  const promises = promisesNow(ledger);
  ledger.committed("group/0", 6);
  for (const offset of [5, 6]) auditCommits(ledger, promises, new Map([["group/0", offset]]));
  assert.equal(ledger.breaches.length, 0);
  auditCommits(ledger, promises, new Map());
  auditCommits(ledger, promises, new Map([["group/0", 4]]));
  auditCommits(ledger, promises, new Map([["group/0", 7]]));
  assert.deepEqual(
    ledger.breaches.map((breach) => breach.replace(/^group\/0: /, "")),
    [
      "the commit of 5 was acknowledged, -1 is there",
      "the commit of 5 was acknowledged, 4 is there",
      "7 is committed, nobody committed more than 6",
    ],
  );
});

test("the crash test finds a topic that is gone, and one that came back", () => {
  const ledger = kept();
  const promises = { created: new Set(["a", "b"]), deleted: new Set(["c"]) };
  ledger.deleting.add("b");
  auditTopics(ledger, promises, new Set(["a"]));
  assert.deepEqual(ledger.breaches, []);
  auditTopics(ledger, promises, new Set(["c"]));
  assert.deepEqual(ledger.breaches, ["topic a was created and is gone", "topic c was deleted and came back"]);
});
