/*
 * node test/transaction/side-by-side/run.ts [first seed] [how many]
 *
 * Asks a real Kafka 4.3.1 and regroup the same random things about transactions, step by step, and tells where their
 * answers, the states that come of them, or at last the partitions differ. Needs Java, as the conformance suite does.
 */
import { type ErrorCode, errorName } from "../../../src/protocol/errors.ts";
import { seededRng } from "../../../src/testing/seeded-rng.ts";
import { untilReady } from "../../conformance/ready.ts";
import { type StartOptions, startTarget } from "../../conformance/targets.ts";
import { type Act, randomAct } from "./acts.ts";
import { Side } from "./side.ts";

const stepsPerSeed = 60;
const options: StartOptions = { settings: { "num.partitions": 1 }, durable: false };

const [firstSeed = 1, seeds = 10] = process.argv.slice(2).map(Number);
const targets = await Promise.all([startTarget("kafka", options), startTarget("regroup", options)]);
let differing = 0;
/** How often each answer was given, so that one sees what the seeds have reached. */
const answers = new Map<string, number>();
try {
  const addresses = targets.map(({ address }) => address);
  await Promise.all(addresses.map(untilReady));
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const difference = await compare(seed, addresses);
    if (difference !== undefined) differing++;
    console.log(difference ?? `seed ${seed}: the same`);
  }
} finally {
  await Promise.all(targets.map((target) => target.end()));
}
for (const [answer, times] of [...answers].sort()) console.log(`${String(times).padStart(6)}  ${answer}`);
process.exit(differing === 0 ? 0 : 1);

/** @returns undefined when both answered the same all the way. */
async function compare(seed: number, addresses: readonly string[]): Promise<string | undefined> {
  const rng = seededRng(seed);
  const pick = (below: number) => rng.bytes(2).reduce((sum, byte) => sum * 256 + byte, 0) % below;
  const run = `${process.pid}-${seed}`;
  const ids = [`tx-${run}`, `other-${run}`];
  const sides = await Promise.all(addresses.map((address) => Side.open(address, `topic-${run}`)));
  const acts: Act[] = [];
  try {
    for (let step = 0; step < stepsPerSeed; step++) {
      const act = step < ids.length ? begin(ids[step]!) : randomAct(pick, ids, `group-${run}`);
      acts.push(act);
      const [kafka, regroup] = await Promise.all(sides.map((side) => side.perform(act)));
      if (kafka !== regroup) return told(seed, acts, kafka!, regroup!);
      count(act, kafka!);
    }
    const left = sides.map(async (side) => [
      await side.contents(),
      ...(await Promise.all(ids.map((id) => side.records(id)))),
    ]);
    const [kafka, regroup] = (await Promise.all(left)).map((lines) => lines.join("\n"));
    return kafka === regroup ? undefined : told(seed, acts, kafka!, regroup!);
  } finally {
    for (const side of sides) side.close();
  }
}

function count({ api }: Act, answer: string): void {
  const name = `${api} ${errorName(Number(answer.split(" ")[0]) as ErrorCode)}`;
  answers.set(name, (answers.get(name) ?? 0) + 1);
}

function begin(id: string): Act {
  const who = { id, ago: 0, epochDelta: 0 };
  return { what: `InitProducerId of ${id}`, api: "InitProducerId", version: 5, who, set: { goesOn: false } };
}

function told(seed: number, acts: readonly Act[], kafka: string, regroup: string): string {
  const last = acts.slice(-12).map(({ what }) => `  ${what}`);
  return [`seed ${seed} differs after ${acts.length} acts:`, ...last, `Kafka   ${kafka}`, `regroup ${regroup}`].join(
    "\n",
  );
}
