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

async function committedByAll(scenario: Scenario): Promise<string> {
  const groups = ["reports", "archive", "billing"].map(async (group) => `${group} ${await scenario.committed(group)}`);
  return (await Promise.all(groups)).join("\n");
}
