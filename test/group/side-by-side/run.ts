/*
 * node test/group/side-by-side/run.ts [first seed] [how many]
 *
 * Asks a real Kafka 4.3.1 and regroup the same random things, step by step, and tells where their answers differ.
 * Time plays no part: no session and no rebalance timeout runs out. Needs Java, as the conformance suite does.
 */

import { seededRng } from "../../../src/testing/seeded-rng.ts";
import { untilReady } from "../../conformance/ready.ts";
import { type StartOptions, startTarget } from "../../conformance/targets.ts";
import { Connection } from "../../conformance/wire/connection.ts";
import { type Act, randomAct } from "./acts.ts";
import { Side } from "./side.ts";

const stepsPerSeed = 40;
/** How long an answer may take on a busy machine before it counts as parked. */
const patienceMs = 15_000;

const options: StartOptions = {
  settings: { "group.initial.rebalance.delay.ms": 0, "num.partitions": 3 },
  durable: false,
};

const [firstSeed = 1, count = 10] = process.argv.slice(2).map(Number);
const targets = await Promise.all([startTarget("kafka", options), startTarget("regroup", options)]);
let differing = 0;
try {
  const addresses = targets.map(({ address }) => address);
  await Promise.all(addresses.map(prepare));
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const difference = await compare(seed, addresses);
    if (difference !== undefined) differing++;
    console.log(difference ?? `seed ${seed}: the same`);
  }
} finally {
  await Promise.all(targets.map((target) => target.end()));
}
process.exit(differing === 0 ? 0 : 1);

async function prepare(address: string): Promise<void> {
  await untilReady(address);
  const connection = await Connection.open(address);
  const topic = { name: "orders", numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] };
  await connection.ask("CreateTopics", { topics: [topic], timeoutMs: 10_000, validateOnly: false });
  connection.close();
}

/** @returns undefined when both answered the same all the way. */
async function compare(seed: number, addresses: readonly string[]): Promise<string | undefined> {
  const rng = seededRng(seed);
  const pick = (below: number) => rng.bytes(2).reduce((sum, byte) => sum * 256 + byte, 0) % below;
  const group = `group-${process.pid}-${seed}`;
  const sides = addresses.map((address) => new Side(address));
  const [kafka, regroup] = sides as [Side, Side];
  const acts: Act[] = [];
  for (let step = 0; step < stepsPerSeed; step++) {
    const act = randomAct(pick, group, step);
    acts.push(act);
    for (const side of sides) await side.perform(step, act);
    await untilQuiet(kafka, regroup);
    if (kafka.answersText() === regroup.answersText()) continue;
    // Whom Kafka lets lead when the leader is gone depends on the hashes of random member ids.
    if (kafka.answersText({ leaders: false }) === regroup.answersText({ leaders: false })) return undefined;
    return [
      `seed ${seed} differs:`,
      ...acts.slice(-8).map(({ what }) => `  ${what}`),
      ...kafka.answersWithout(regroup).map((answer) => `Kafka   ${answer}`),
      ...regroup.answersWithout(kafka).map((answer) => `regroup ${answer}`),
    ].join("\n");
  }
  return undefined;
}

/** Until both have answered the same, and nothing more comes for a moment; or until patience ends. */
async function untilQuiet(kafka: Side, regroup: Side): Promise<void> {
  const end = performance.now() + patienceMs;
  do await pause(60);
  while (kafka.answersText() !== regroup.answersText() && performance.now() < end);
  await pause(60);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
