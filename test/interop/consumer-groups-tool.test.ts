/**
 * Kafka's kafka-consumer-groups and ours side by side on one broker: the same rows, to the blank. What differs on
 * purpose is brought to one form by the same means as with the captures (test/cli/kafka-consumer-groups).
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { regroup } from "../cli/groups/support/regroup.ts";
import { makeScenario, type Scenario } from "../cli/groups/support/scenario.ts";
import { normal, withOurLag, withoutMessages } from "../cli/kafka-consumer-groups/normal.ts";
import { kit, startBroker } from "./support/broker.ts";
import { until } from "./support/until.ts";

interface Printed {
  readonly exitCode: number | null;
  readonly stdout: string;
}

/** Whatever its exit code. */
function kafkaConsumerGroups(args: readonly string[]): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, KAFKA_HEAP_OPTS: "-Xmx128m -XX:TieredStopAtLevel=1" };
    const child = spawn(kit, ["consumer-groups", ...args], { env, timeout: 60_000 });
    let stdout = "";
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.resume();
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, stdout }));
  });
}

/** What both print, and the offsets that both leave behind. */
const calls = [
  "--list --state --type",
  "--describe --all-groups",
  "--describe --all-groups --verbose",
  "--describe --group checkout --members --verbose",
  "--describe --group billing --state --verbose",
  "--reset-offsets --all-groups --all-topics --to-earliest --dry-run",
  "--reset-offsets --group reports --topic orders --to-datetime 2026-01-01T01:00:00.000 --execute",
  "--reset-offsets --group reports --topic orders:0,1,2 --shift-by -20 --execute",
  "--reset-offsets --group reports --group archive --all-topics --by-duration PT1H --dry-run --export",
  "--delete-offsets --group reports --topic orders:0,3",
  "--delete-offsets --group billing --topic orders",
  "--delete --group archive --group billing",
];

test("Kafka's kafka-consumer-groups and ours print the same and do the same", async (t) => {
  const broker = await startBroker();
  t.after(() => broker.end());
  await using scenario = await makeScenario(broker.bootstrap);
  for (const call of calls) {
    await t.test(call, async () => {
      const args = ["--bootstrap-server", broker.bootstrap, ...call.split(" ")];
      const theirs = await kafkaConsumerGroups(args);
      const afterTheirs = await committedByAll(scenario);
      await scenario.restore();
      const ours = await regroup(["kafka-consumer-groups", ...args]);
      assert.equal(normal(ours.stdout), normal(withOurLag(withoutMessages(theirs.stdout))), ours.stderr);
      assert.equal(await committedByAll(scenario), afterTheirs);
      await scenario.restore();
    });
  }
});

// What our broker does not have yet: groups of the consumer protocol, and share groups.
if (process.env.INTEROP_AGAINST === "kafka") {
  test("groups of the consumer protocol are described as by the tool; share groups are left alone", async (t) => {
    const broker = await startBroker();
    t.after(() => broker.end());
    await using scenario = await makeScenario(broker.bootstrap, false);
    const at = ["--bootstrap-server", broker.bootstrap];
    const search = ["--group", "search", "--consumer-property", "group.protocol=consumer"];
    const members = [1, 2].map(() => kafkaProcess(["console-consumer", ...at, "--topic", "orders", ...search]));
    members.push(kafkaProcess(["console-share-consumer", ...at, "--topic", "payments", "--group", "packers"]));
    t.after(() => members.map((member) => member.kill()));
    await using admin = scenario.kafka.admin();
    await until("search is shared by two, and packers are at work", async () => {
      const groups = new Map((await admin.listGroups()).map((group) => [group.groupId, group.type]));
      if (!groups.has("search") || !groups.has("packers")) return false;
      const [group] = await admin.describeGroups(["search"]);
      return group?.state === "Stable" && group.members.every(({ assignment }) => assignment.length === 3);
    });
    for (const form of ["--offsets", "--verbose", "--members", "--members --verbose", "--state", "--state --verbose"]) {
      const args = [...at, "--describe", "--group", "search", ...form.split(" ")];
      const theirs = await kafkaConsumerGroups(args);
      const ours = await regroup(["kafka-consumer-groups", ...args]);
      assert.equal(ours.stdout, withOurLag(theirs.stdout), `${form}\n${ours.stderr}`);
    }
    const our = (...args: string[]) => regroup(["kafka-consumer-groups", ...at, ...args]);
    assert.doesNotMatch((await our("--list")).stdout, /packers/);
    for (const args of [
      ["--describe", "--group", "packers"],
      ["--delete", "--group", "packers"],
      ["--reset-offsets", "--group", "packers", "--topic", "payments", "--to-earliest", "--dry-run"],
      ["--reset-offsets", "--group", "search", "--all-topics", "--to-earliest", "--execute"],
    ]) {
      const { exitCode, stdout, stderr } = await our(...args);
      assert.deepEqual([exitCode, stdout], [1, ""], stderr);
    }
    const listed = await regroup(["groups", "list", "-b", broker.bootstrap, "--type", "share", "-o", "csv"]);
    assert.equal(listed.stdout, "group,type,state,protocol\npackers,share,Stable,share\n");
  });
}

/** One that runs until it is killed. */
function kafkaProcess(args: readonly string[]) {
  const env = { ...process.env, KAFKA_HEAP_OPTS: "-Xmx96m -XX:TieredStopAtLevel=1" };
  return spawn(kit, args, { env, stdio: "ignore" });
}

async function committedByAll(scenario: Scenario): Promise<string> {
  const groups = ["reports", "archive", "billing"].map(async (group) => `${group} ${await scenario.committed(group)}`);
  return (await Promise.all(groups)).join("\n");
}
