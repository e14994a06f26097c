/**
 * npm run soak [-- --seconds 300] [--seed 1] [--against kafka] [--group kafkajs]
 * Members in six libraries join, leave, die and sleep; the broker dies and starts again; then the audit.
 */
import { setTimeout as pause } from "node:timers/promises";
import { numberOf, oneOf, readFlags, refuse } from "../../src/bench/flags.ts";
import { seeded } from "../conformance/random/draw.ts";
import {
  confluent,
  java,
  kafkajs,
  kafkaPython,
  kcat,
  type Library,
  platformatic,
  type Strategy,
} from "../interop/support/libraries.ts";
import type { Member } from "../interop/support/member.ts";
import { startWorld, type World } from "../interop/support/world.ts";
import { conflictingPlans, disordered, lost, sharedPartitions, uncommitted } from "./audit.ts";
import { readPlans } from "./plans.ts";

const values = readFlags({
  seconds: { type: "string", default: "300" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  against: { type: "string", default: "regroup" },
  group: { type: "string" },
});
process.env.INTEROP_AGAINST = oneOf("against", values.against, ["regroup", "kafka"]);
const seconds = numberOf("seconds", values.seconds);
const random = seeded(numberOf("seed", values.seed));
const topic = "soak";
const partitions = 6;
const mostMembers = 3;
const sessionTimeoutMs = 4_000;

class Group {
  readonly name: string;
  readonly libraries: readonly Library[];
  readonly strategy: Strategy;
  /** All there ever were, and those that should be there now. */
  readonly ever: Member[] = [];
  readonly now = new Set<Member>();
  readonly onlyKilled = new Set<Member>();

  constructor(name: string, libraries: readonly Library[], strategy: Strategy = "range") {
    this.name = name;
    this.libraries = libraries;
    this.strategy = strategy;
  }

  join(world: World): void {
    const { name: group, strategy } = this;
    const library = random.oneOf(this.libraries);
    const member = world.join(library, topic, { group, strategy, sessionTimeoutMs });
    this.ever.push(member);
    if (!library.features.leavesCleanly) this.onlyKilled.add(member);
    this.now.add(member);
    say(`${group}: ${member.name} joins`);
  }

  get givesOnce(): boolean {
    return this.libraries.every(({ features }) => features.givesOnce);
  }

  /** Those that should be there and are: kcat ends when no broker answers. */
  alive(): Member[] {
    for (const member of this.now) if (!member.alive) this.now.delete(member);
    return [...this.now];
  }
}

const several = [kcat, confluent, kafkaPython, java];
const groups = [
  new Group("range", several),
  new Group("cooperative", several, "cooperative-sticky"),
  new Group("kafkajs", [kafkajs]),
  new Group("platformatic", [platformatic]),
].filter(({ name }) => values.group === undefined || values.group === name);
if (groups.length === 0) refuse(`--group ${values.group}: there is no such group`);

const startMs = Date.now();
function say(what: string): void {
  console.log(`${((Date.now() - startMs) / 1000).toFixed(1).padStart(6)} s  ${what}`);
}

/** Things that happen, each to a random group; a group keeps one member that nothing happens to. */
const happenings: ((world: World, group: Group) => Promise<void>)[] = [
  async (world, group) => {
    if (group.now.size < mostMembers) group.join(world);
  },
  async (_, group) => {
    const member = taken(group);
    if (!member) return;
    if (group.onlyKilled.has(member)) return kill(group, member);
    say(`${group.name}: ${member.name} leaves`);
    await member.close();
  },
  async (_, group) => {
    const member = taken(group);
    if (member) await kill(group, member);
  },
  async (_, group) => {
    const member = taken(group);
    if (!member) return;
    say(`${group.name}: ${member.name} sleeps`);
    member.pause();
    await pause(sessionTimeoutMs * 1.5);
    member.resume();
    group.now.add(member);
    say(`${group.name}: ${member.name} wakes`);
  },
];

function kill(group: Group, member: Member): Promise<void> {
  say(`${group.name}: ${member.name} is killed`);
  return member.kill();
}

function taken(group: Group): Member | undefined {
  const member = group.alive()[1];
  if (member) group.now.delete(member);
  return member;
}

async function chaos(world: World, endMs: number): Promise<void> {
  const underWay: Promise<void>[] = [];
  let nextRestartMs = Date.now() + 10_000;
  while (Date.now() < endMs) {
    if (Date.now() >= nextRestartMs) {
      say("the broker is killed");
      await world.broker.kill();
      await world.broker.start();
      say("the broker is back");
      nextRestartMs = Date.now() + 10_000 + random.below(15_000);
    }
    underWay.push(random.oneOf(happenings)(world, random.oneOf(groups)));
    await pause(300 + random.below(1_500));
  }
  await Promise.all(underWay);
}

async function produceAllTheTime(world: World, endMs: number): Promise<void> {
  while (Date.now() < endMs) {
    await world.produce(topic, partitions, 2).catch((error) => say(`not acknowledged: ${error.message}`));
    await pause(100);
  }
}

async function soak(world: World): Promise<string[]> {
  await world.createTopic(topic, partitions);
  await world.produce(topic, partitions, 1);
  for (const group of groups) group.join(world);
  for (const group of groups) await world.consumed(topic, group.ever);
  const endMs = Date.now() + seconds * 1000;
  await Promise.all([chaos(world, endMs), produceAllTheTime(world, endMs)]);

  say("quiet: every group settles and reads to the end");
  await world.produce(topic, partitions, 1);
  const breaches: string[] = [];
  for (const group of groups) {
    if (group.alive().length === 0) group.join(world);
    const settled = world.shared(group.alive(), partitions, group.name).then(() => world.consumed(topic, group.ever));
    await settled.catch((error) => breaches.push(`${group.name}: ${error.message}`));
    const found = [
      ...lost(world.produced(topic), group.ever),
      ...sharedPartitions(group.ever),
      ...(group.givesOnce ? [...disordered(group.ever), ...uncommitted(group.ever)] : []),
    ];
    breaches.push(...found.map((it) => `${group.name}: ${it}`));
    say(`${group.name}: ${group.ever.length} members, ${found.length} breaches`);
  }
  const plans = await readPlans(world.broker.bootstrap, topic);
  say(`${plans.length} rounds were written`);
  return [...breaches, ...conflictingPlans(plans)];
}

const endings: (() => unknown)[] = [];
let breaches: string[] = [];
try {
  say(`seed ${values.seed}, ${seconds} s, against ${values.against}`);
  const world = await startWorld({ after: (ending) => endings.push(ending as () => unknown) });
  breaches = await soak(world);
  say(`${world.produced(topic).size} records acknowledged`);
} finally {
  for (const ending of endings) await ending();
}
for (const breach of breaches.slice(0, 20)) console.log(`✖ ${breach}`);
if (breaches.length === 0) console.log("✔ nothing lost, all in order, one owner of a partition in a generation");
process.exitCode = breaches.length === 0 ? 0 : 1;
