/** `regroup groups …` on a broker in this process. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { startTestBroker } from "../../client/broker.ts";
import { until } from "../../interop/support/until.ts";
import { withFolder } from "../../server/running.ts";
import { type RunOptions, regroup } from "./support/regroup.ts";
import { makeScenario } from "./support/scenario.ts";
import { warmRegroup } from "./support/warm-regroup.ts";

const bootstrap = await startTestBroker();
const scenario = await makeScenario(bootstrap);
after(() => scenario[Symbol.asyncDispose]());
const warm = warmRegroup();
after(() => warm.close());

const groups = (args: string, options?: RunOptions) => {
  return warm.run(["groups", ...args.split(" "), "-b", bootstrap], options);
};
const rowsOf = async (args: string) => JSON.parse((await groups(`${args} -o json`)).stdout);
const columnOf = async (args: string, name: string) => (await rowsOf(args)).map((row: never) => row[name]);
const nightly = "nightly-reconciliation-of-orders-with-payments";

suite("groups list", () => {
  test("names, states and types choose", async () => {
    assert.deepEqual(await columnOf("list", "group"), [
      "ahead",
      "archive",
      "billing",
      "checkout",
      nightly,
      "refunds",
      "reports",
      "stuck",
    ]);
    assert.deepEqual(await columnOf("list --match .*s", "group"), [nightly, "refunds", "reports"]);
    assert.deepEqual(await columnOf("list --state stable --type Classic", "group"), ["billing", "checkout", "refunds"]);
    const [first] = await rowsOf("list --match billing");
    assert.deepEqual(first, { group: "billing", type: "classic", state: "Stable", protocol: "consumer" });
  });

  test("no such group is an empty list, an unknown state is misuse", async () => {
    const none = await groups("list --match nothing");
    assert.deepEqual([none.exitCode, none.stdout, none.stderr], [0, "", "There are no such groups.\n"]);
    assert.equal((await groups("list --match nothing -o json")).stdout, "[]\n");
    assert.equal((await groups("list --state asleep")).exitCode, 2);
    assert.equal((await groups("list --match (")).exitCode, 2);
  });
});

suite("groups describe", () => {
  test("a table with a heading, by member, and members without partitions below", async () => {
    const { exitCode, stdout, stderr } = await groups("describe refunds");
    assert.equal(exitCode, 0, stderr);
    assert.equal(
      stdout.replaceAll(/(refunds-\d)-[0-9a-f-]{36}/g, "$1-id").replaceAll(/CONSUMER-ID +/g, "CONSUMER-ID   "),
      `refunds: Stable, classic, range, members 4, lag 30
GROUP    TOPIC     PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID   HOST       CLIENT-ID
refunds  payments          0              50              50    0  refunds-1-id  127.0.0.1  refunds-1
refunds  payments          1              40              50   10  refunds-2-id  127.0.0.1  refunds-2
refunds  payments          2              30              50   20  refunds-3-id  127.0.0.1  refunds-3

refunds: members without partitions
GROUP    CONSUMER-ID   GROUP-INSTANCE-ID  HOST       CLIENT-ID  #PARTITIONS  ASSIGNMENT
refunds  refunds-4-id                  -  127.0.0.1  refunds-4            0  -
`,
    );
  });

  test("JSON holds all there is of a group", async () => {
    const [billing] = await rowsOf("describe billing");
    assert.equal(billing.lag, 150, "20 and 40 behind what is committed, 90 of which nothing is");
    assert.equal(billing.coordinator, bootstrap);
    assert.deepEqual(
      billing.members.map((member: { clientId: string; assignment: unknown }) => [
        member.clientId,
        member.assignment,
      ])[0],
      ["billing-1", [0, 1].map((partition) => ({ topic: "orders", partition }))],
    );
    const { consumerId, ...partition } = billing.partitions[1];
    assert.match(consumerId, /^billing-1-/);
    assert.deepEqual(partition, {
      topic: "orders",
      partition: 1,
      currentOffset: 90,
      logEndOffset: 110,
      lag: 20,
      host: "127.0.0.1",
      clientId: "billing-1",
      groupInstanceId: null,
      logStartOffset: 10,
      leaderEpoch: null,
    });
  });

  test("YAML and CSV hold the same, --offsets is a plain list, --match-topic thins it", async () => {
    assert.match((await groups("describe reports -o yaml")).stdout, /^- group: reports\n {2}type: classic\n/);
    const { stdout } = await groups("describe reports --match-topic pay.* -o csv");
    assert.equal(
      stdout,
      "group,topic,partition,currentOffset,logEndOffset,lag,consumerId,host,clientId,groupInstanceId,logStartOffset," +
        "leaderEpoch\nreports,payments,0,10,50,40,,,,,0,\n",
    );
    assert.deepEqual(await columnOf("describe reports archive --offsets", "lag"), [0, 0, 0, 0, 90, 100, 0, 40, 0, 40]);
  });

  test("an unknown group does not hide the others", async () => {
    const { exitCode, stdout, stderr } = await groups("describe archive gone --offsets");
    assert.equal(exitCode, 1);
    assert.match(stdout, /^archive +payments +2 +50 +50 +0 /m);
    assert.match(stderr, /^regroup: group gone: GROUP_ID_NOT_FOUND/m);
  });

  test("commits outside of the log are told", async () => {
    const { stderr } = await groups("describe reports ahead --offsets");
    assert.match(stderr, /^Without members: ahead, reports$/m);
    assert.match(stderr, /^Group reports has committed below the log start: orders:1\.$/m);
    assert.match(stderr, /^Group ahead has committed beyond the log end: payments:2\.$/m);
  });

  test("--fail-if-lag-over exits with 3, and shows all the same", async () => {
    assert.equal((await groups("describe refunds --fail-if-lag-over 30")).exitCode, 0);
    const over = await groups("describe refunds archive --fail-if-lag-over 29");
    assert.equal(over.exitCode, 3);
    assert.match(over.stdout, /^refunds: Stable/m);
    assert.equal(over.stderr.trim().split("\n").at(-1), "regroup: lag of refunds is 30, over 29");
    assert.equal((await groups("describe refunds gone --fail-if-lag-over 29")).exitCode, 1, "not all was looked at");
    assert.equal((await groups("describe refunds --fail-if-lag-over many")).exitCode, 2);
  });

  test("what does not go together is misuse", async () => {
    for (const args of [
      "describe",
      "describe billing --all-groups",
      "describe billing --members --state",
      "describe billing --members --fail-if-lag-over 3",
    ]) {
      assert.equal((await groups(args)).exitCode, 2, args);
    }
    assert.equal((await groups("describe --match nothing")).exitCode, 1);
  });
});

test("groups members: who has what; describe --members is the same", async () => {
  const rows = await rowsOf("members checkout");
  assert.deepEqual(
    rows.map((row: Record<string, unknown>) => [row.groupInstanceId, row.host, row.partitions]),
    [
      ["checkout-a", "127.0.0.1", 5],
      ["checkout-b", "127.0.0.1", 4],
    ],
  );
  assert.deepEqual(await rowsOf("describe checkout --members"), rows);
  assert.match((await groups("members checkout")).stdout, /checkout-a +5 +orders:0,2,4;payments:0,2$/m);
});

test("groups state: state, assignor and coordinator; describe --state is the same", async () => {
  const rows = await rowsOf("state billing archive");
  assert.deepEqual(rows[1], {
    group: "billing",
    type: "classic",
    state: "Stable",
    assignor: "range",
    members: 3,
    coordinator: bootstrap,
    coordinatorId: 1,
    protocol: "consumer",
    groupEpoch: null,
    targetAssignmentEpoch: null,
  });
  assert.deepEqual(await rowsOf("describe billing archive --state"), rows);
});

suite("groups reset-offsets", () => {
  const reports = "orders:0=30 orders:1=5 orders:2=100 orders:3=50 orders:4=80 payments:0=10";

  test("shows prior and new offsets, and what is skipped and replayed, and changes nothing", async () => {
    const { exitCode, stdout, stderr } = await groups("reset-offsets reports --topic orders --shift-by 15");
    assert.equal(exitCode, 1, "orders:5 cannot be shifted");
    assert.equal(
      stdout,
      `GROUP    TOPIC   PARTITION  PRIOR-OFFSET  NEW-OFFSET  SKIPPED  REPLAYED
reports  orders          0            30          45       15         0
reports  orders          1             5          20       10         0
reports  orders          2           100         100        0         0
reports  orders          3            50          65       15         0
reports  orders          4            80          80        0         0
`,
    );
    assert.equal(
      stderr,
      `Note: group reports, orders:2,4: beyond the log end, which is taken instead
Dry run: nothing was changed. Add --execute to do it.
regroup: group reports, orders:5: nothing is committed, so there is nothing to shift
`,
    );
    assert.equal(await scenario.committed("reports"), reports);
  });

  test("--execute does it, an export brings it back", async () => {
    await withFolder(async (folder) => {
      const saved = await groups("reset-offsets reports --all-topics --to-current --export");
      assert.equal(saved.stderr, "", "who exports does not ask for more");
      await writeFile(join(folder, "before.csv"), saved.stdout);
      const done = await groups("reset-offsets reports --match-topic ord.* --to-latest --execute");
      assert.deepEqual([done.exitCode, done.stderr], [0, ""]);
      const latest = "orders:0=120 orders:1=110 orders:2=100 orders:3=90 orders:4=80 payments:0=10";
      assert.equal(await scenario.committed("reports"), latest);
      // 5 is below the log start, 10, which is where it goes: no record is lost by that.
      const back = await groups("reset-offsets reports --from-file before.csv --execute", { folder });
      assert.match(back.stderr, /^Note: group reports, orders:1: before the log start, which is taken instead\n$/);
      assert.equal(await scenario.committed("reports"), reports.replace("orders:1=5", "orders:1=10"));
    });
    await scenario.restore();
  });

  test("a group with members is refused, and the others are done", async () => {
    const ran = await groups("reset-offsets billing archive --topic payments:1 --to-earliest --execute");
    assert.equal(ran.exitCode, 1);
    assert.match(
      ran.stderr,
      /^regroup: group billing is Stable with 3 members: its offsets can be reset when it has /m,
    );
    assert.match(await scenario.committed("archive"), /payments:1=0/);
    assert.doesNotMatch(await scenario.committed("billing"), /payments/);
    await scenario.restore();
  });

  test("a group that does not exist is made by --create only", async () => {
    const args = "reset-offsets never-seen --topic payments --to-earliest --execute";
    const refused = await groups(args);
    assert.deepEqual([refused.exitCode, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /group never-seen does not exist/);
    assert.equal(await scenario.committed("never-seen"), "");
    assert.equal((await groups(`${args} --create`)).exitCode, 0);
    assert.equal(await scenario.committed("never-seen"), "payments:0=0 payments:1=0 payments:2=0");
    await scenario.restore();
  });

  test("--match and --all-groups choose groups; an export of several names them", async () => {
    const { stdout, stderr, exitCode } = await groups("reset-offsets --match a.* --all-topics --to-earliest --export");
    assert.equal(exitCode, 0, stderr);
    assert.equal(
      stdout,
      "ahead,payments,2,0\narchive,orders,5,0\narchive,payments,0,0\narchive,payments,1,0\narchive,payments,2,0\n",
    );
    assert.equal(
      (await groups("reset-offsets --all-groups --all-topics --to-latest")).exitCode,
      1,
      "some have members",
    );
  });
});

suite("groups delete, delete-offsets", () => {
  test("--dry-run deletes nothing, and neither does --match without --execute", async () => {
    for (const args of ["delete archive --dry-run", "delete --match arch.*"]) {
      const { exitCode, stdout, stderr } = await groups(args);
      assert.deepEqual([exitCode, stdout], [0, "GROUP    DELETED\narchive  false\n"], stderr);
      assert.match(stderr, /^Dry run: nothing was deleted\./);
    }
    assert.notEqual(await scenario.committed("archive"), "");
  });

  test("groups are deleted, those that cannot be are told", async () => {
    const ran = await groups("delete archive billing gone");
    assert.deepEqual([ran.exitCode, ran.stdout], [1, "GROUP    DELETED\narchive  true\n"]);
    assert.match(ran.stderr, /group billing: NON_EMPTY_GROUP/);
    assert.match(ran.stderr, /group gone: GROUP_ID_NOT_FOUND/);
    assert.equal((await groups("delete archive --if-exists")).exitCode, 0);
    await scenario.restore();
  });

  test("offsets are deleted by topic and partition", async () => {
    const dry = await groups("delete-offsets reports --topic orders:0 --dry-run -o json");
    assert.deepEqual(JSON.parse(dry.stdout), [
      { group: "reports", topic: "orders", partition: 0, priorOffset: 30, deleted: false },
    ]);
    assert.match(await scenario.committed("reports"), /orders:0=30/);
    assert.equal((await groups("delete-offsets reports --topic orders:0,3 --topic payments")).exitCode, 0);
    assert.equal(await scenario.committed("reports"), "orders:1=5 orders:2=100 orders:4=80");
    assert.equal((await groups("delete-offsets reports --match-topic ord.* --execute")).exitCode, 0);
    assert.equal(await scenario.committed("reports"), "");
    await scenario.restore();
  });

  test("offsets of a topic that is read stay", async () => {
    const ran = await groups("delete-offsets billing --topic orders:0 --topic payments");
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, /^regroup: group billing, orders:0: GROUP_SUBSCRIBED_TO_TOPIC \(stop the consumers/m);
    assert.match(await scenario.committed("billing"), /orders:0=120/);
    for (const args of ["delete-offsets billing", "delete-offsets billing --topic a --match-topic b"]) {
      assert.equal((await groups(args)).exitCode, 2, args);
    }
    assert.equal((await groups("delete-offsets gone --topic orders")).exitCode, 1);
  });
});

test("groups remove-member: a static member goes, and the group does without it", async () => {
  const dry = await groups("remove-member checkout checkout-b --dry-run -o json");
  assert.equal(JSON.parse(dry.stdout)[0].removed, false);
  await scenario.close("checkout-b");
  assert.equal((await rowsOf("members checkout")).length, 2, "its session lasts");
  const ran = await groups("remove-member checkout checkout-b --reason maintenance -o json");
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.deepEqual(
    JSON.parse(ran.stdout).map((row: Record<string, unknown>) => [row.groupInstanceId, row.removed]),
    [["checkout-b", true]],
  );
  await until("checkout-a has all", async () => {
    const rows = await rowsOf("members checkout");
    return rows.length === 1 && rows[0].partitions === 9;
  });
  const unknown = await groups("remove-member checkout stranger");
  assert.deepEqual([unknown.exitCode, unknown.stdout], [1, ""]);
  assert.match(unknown.stderr, /group checkout has no member stranger/);
  for (const args of ["remove-member checkout", "remove-member checkout checkout-a --all"]) {
    assert.equal((await groups(args)).exitCode, 2, args);
  }
});

test("the launcher: one call of each kind, with its exit code", async () => {
  const at = ["-b", bootstrap];
  const listed = await regroup(["groups", "list", ...at, "-o", "csv"]);
  assert.deepEqual([listed.exitCode, listed.stderr], [0, ""]);
  assert.match(listed.stdout, /^group,type,state,protocol\nahead,classic,Empty,\n/);
  const plan = ["groups", "reset-offsets", "reports", "--from-file", "-", "--export", ...at];
  const planned = await regroup(plan, { input: "orders,0,50\n" });
  assert.deepEqual([planned.exitCode, planned.stdout], [0, "orders,0,50\n"]);
  assert.equal((await regroup(["groups", "describe", "gone", ...at])).exitCode, 1);
  assert.equal((await regroup(["groups", "describe", ...at])).exitCode, 2);
  assert.equal((await regroup(["groups", "describe", "reports", "--fail-if-lag-over", "1", ...at])).exitCode, 3);
});
