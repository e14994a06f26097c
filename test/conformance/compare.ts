import { parseArgs } from "node:util";
import { playLife } from "./random/life.ts";
import { untilReady } from "./ready.ts";
import { startTarget } from "./targets.ts";
import { Connection } from "./wire/connection.ts";

/*
 * node test/conformance/compare.ts [--from 0] [--lives 50] [--steps 60] [--show]
 *
 * Plays random lives of groups against a real Kafka and against regroup side by side, and tells the first line where
 * they part. What Kafka leaves to the order of a hash map is not compared: who leads when the leader is gone. A life
 * ends there.
 */

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "0" },
    lives: { type: "string", default: "50" },
    steps: { type: "string", default: "60" },
    show: { type: "boolean", default: false },
  },
});
const settings = { "group.initial.rebalance.delay.ms": 0, "num.partitions": 4 };
const targets = await Promise.all([
  startTarget("kafka", { settings, durable: true }),
  startTarget("regroup", { settings, durable: false }),
]);
try {
  process.exitCode = (await compareAll(targets.map(({ address }) => address))) > 0 ? 1 : 0;
} finally {
  await Promise.all(targets.map((target) => target.end()));
}

/** @returns the number of lives that differ. */
async function compareAll(addresses: string[]): Promise<number> {
  const topic = "lives";
  for (const address of addresses) {
    await untilReady(address);
    const connection = await Connection.open(address);
    const topics = [{ name: topic, numPartitions: 3, replicationFactor: 1 }];
    await connection.ask("CreateTopics", { topics, timeoutMs: 10_000 });
    connection.close();
  }
  const from = Number(values.from);
  const seeds = Array.from({ length: Number(values.lives) }, (_, index) => from + index);
  let [differing, ended] = [0, 0];
  const work = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const life = seed;
      const play = (address: string) => playLife(address, life, topic, Number(values.steps));
      const [kafka, regroup] = (await Promise.all(addresses.map(play))) as [string[], string[]];
      if (values.show) console.log(kafka.join("\n"));
      const verdict = compare(kafka, regroup);
      if (verdict === "other leader") ended++;
      else if (verdict) {
        differing++;
        console.log(`--- seed ${seed}\n${verdict}`);
      }
    }
  };
  await Promise.all([work(), work(), work()]);
  console.log(`${values.lives} lives: ${differing} differ, ${ended} end early with another leader`);
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
