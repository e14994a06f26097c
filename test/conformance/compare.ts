/**
 * node test/conformance/compare.ts [--of groups|logs|transactions] [--from 0] [--lives 50] [--steps 60]
 *                                   [--restarts 0] [--show]
 *
 * Plays random lives of groups, of partitions, or of transactions, against a real Kafka and against regroup side by
 * side, and tells the first line where they part. With restarts both brokers are killed (SIGKILL) and started again
 * that often, all lives at once; not for partitions, as a Kafka that is killed forgets more of a log than it need. What
 * Kafka leaves to the order of a hash map is not compared: who leads when the leader is gone. A life ends there.
 */
import { numberOf, oneOf, readFlags, refuse } from "../../src/bench/flags.ts";
import { GroupLife } from "./random/group-life.ts";
import { LogLife } from "./random/log-life.ts";
import { TransactionLife } from "./random/transaction-life.ts";
import { untilReady } from "./ready.ts";
import { startTarget, type Target } from "./targets.ts";
import { Connection } from "./wire/connection.ts";

const values = readFlags({
  of: { type: "string", default: "groups" },
  from: { type: "string", default: "0" },
  lives: { type: "string", default: "50" },
  steps: { type: "string", default: "60" },
  restarts: { type: "string", default: "0" },
  show: { type: "boolean", default: false },
});
const [from, count, steps, restarts] = (["from", "lives", "steps", "restarts"] as const).map((flag) =>
  numberOf(flag, values[flag]),
) as [number, number, number, number];
const what = oneOf("of", values.of, ["groups", "logs", "transactions"]);
if (what === "logs" && restarts > 0) refuse("--of logs: no restarts");
const topic = "lives";
/** Kafka asks its transaction coordinator for several producers at once, and tells all what the first of them knows. */
const atOnce = what === "transactions" ? 1 : 3;

const settings = { "group.initial.rebalance.delay.ms": 0, "num.partitions": 4 };
const targets = await Promise.all([
  startTarget("kafka", { settings, durable: true }),
  startTarget("regroup", { settings, durable: restarts > 0 }),
]);
try {
  const [kafka, regroup] = (await Promise.all(targets.map(tellAll))) as [string[][], string[][]];
  process.exitCode = report(kafka, regroup) > 0 ? 1 : 0;
} finally {
  await Promise.all(targets.map((target) => target.end()));
}

/** @returns what each life told. */
async function tellAll(target: Target): Promise<string[][]> {
  const { address } = target;
  await untilReady(address);
  const connection = await Connection.open(address);
  const topics = [{ name: topic, numPartitions: 3, replicationFactor: 1 }];
  await connection.ask("CreateTopics", { topics, timeoutMs: 10_000 });
  connection.close();
  const lives: Life[] = [];
  for (let seed = from; seed < from + count; seed++) lives.push(await begin(address, seed));
  for (let part = 0; part <= restarts; part++) {
    if (part > 0) {
      await target.killAndRestart();
      await untilReady(address);
      for (const life of lives) await life.reconnect?.();
    }
    const waiting = [...lives];
    const work = async () => {
      for (let life = waiting.shift(); life; life = waiting.shift()) {
        for (let step = 0; step < steps / (restarts + 1); step++) await life.step();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }
  return Promise.all(lives.map((life) => life.end()));
}

interface Life {
  step(): Promise<void>;
  /** After a restart of the broker. */
  reconnect?(): Promise<void>;
  /** @returns all that it told. */
  end(): string[] | Promise<string[]>;
}

function begin(address: string, seed: number): Promise<Life> {
  if (what === "logs") return LogLife.begin(address, seed);
  return what === "transactions" ? TransactionLife.begin(address, seed) : GroupLife.begin(address, seed, topic);
}

/** @returns the number of lives that differ. */
function report(kafka: string[][], regroup: string[][]): number {
  let [differing, ended] = [0, 0];
  kafka.forEach((told, index) => {
    if (values.show) console.log(told.join("\n"));
    const verdict = compare(told, regroup[index] as string[]);
    if (verdict === "other leader") ended++;
    else if (verdict) {
      differing++;
      console.log(`--- seed ${from + index}\n${verdict}`);
    }
  });
  console.log(`${count} lives: ${differing} differ, ${ended} end early with another leader`);
  return differing;
}

/** @returns where two lives part and what led there, or nothing. */
function compare(kafka: string[], regroup: string[]): string | undefined {
  const at = kafka.findIndex((line, index) => line !== regroup[index]);
  if (at < 0) return undefined;
  const [theirs, ours] = [kafka[at] as string, regroup[at] ?? "nothing"];
  const withoutLeader = (line: string) => line.replace(/ leader .*/, "");
  if (theirs.includes(" leader ") && withoutLeader(theirs) === withoutLeader(ours)) return "other leader";
  const before = kafka.slice(Math.max(0, at - 12), at);
  return [...before, `kafka   ${theirs}`, `regroup ${ours}`].join("\n");
}
