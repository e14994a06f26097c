/** Who has what under each of the four assignors, before and after a consumer fails. */
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type GroupDescription, Kafka, type KafkaError } from "regroup";
import { answeringBroker } from "../bootstrap-servers.ts";
import { assignors, joinGroups, topics } from "./members.ts";

const numPartitions = 4;
const kafka = new Kafka({ bootstrapServers: await answeringBroker() });
await using admin = kafka.admin();
const newTopics = topics.map((topic) => ({ topic, numPartitions, replicationFactor: 1 }));
await admin.createTopics(newTopics).catch((error: KafkaError) => {
  if (error.code !== "TOPIC_ALREADY_EXISTS") throw error;
});

// One after the other, since what is sticky depends on who was there before.
const first = new Worker(new URL("members.ts", import.meta.url), { workerData: "consumer-1" });
await settled(1);
const second = await joinGroups("consumer-2");
await settled(2);
const third = await joinGroups("consumer-3");
const before = await settled(3);
await first.terminate(); // without a word to the broker, which waits for session.timeout.ms
const after = await settled(2);
await Promise.all([...second, ...third].map((consumer) => consumer.close()));

for (const [index, assignor] of assignors.entries()) tellOf(assignor, before[index]!, after[index]!);

/** Awaits that each group has so many members, and each partition an owner. */
async function settled(memberCount: number): Promise<GroupDescription[]> {
  for (;;) {
    const groups = await admin.describeGroups(assignors).catch(() => []); // a group exists from its first member on
    if (groups.length > 0 && groups.every((group) => isSettled(group, memberCount))) return groups;
    await pause(100);
  }
}

function isSettled({ state, members }: GroupDescription, memberCount: number): boolean {
  const owned = members.flatMap(({ assignment }) => assignment);
  return state === "Stable" && members.length === memberCount && owned.length === topics.length * numPartitions;
}

function tellOf(assignor: string, before: GroupDescription, after: GroupDescription): void {
  const [ownersBefore, ownersAfter] = [ownersOf(before), ownersOf(after)];
  console.log(`\n${assignor.padEnd(20)}${"before".padEnd(28)}after consumer-1 has failed`);
  for (const name of ["consumer-1", "consumer-2", "consumer-3"]) {
    console.log(`${name.padEnd(20)}${had(name, ownersBefore).padEnd(28)}${had(name, ownersAfter)}`);
  }
  const moved = [...ownersBefore].filter(([partition, owner]) => ownersAfter.get(partition) !== owner);
  const orphans = moved.filter(([, owner]) => owner === "consumer-1");
  console.log(
    `${moved.length} partitions moved: ${orphans.length} of consumer-1, ${moved.length - orphans.length} of others`,
  );
}

/** The owner of each partition, `fruits 0` and so on. */
function ownersOf({ members }: GroupDescription): Map<string, string> {
  return new Map(
    members.flatMap(({ clientId, assignment }) =>
      assignment.map(({ topic, partition }) => [`${topic} ${partition}`, clientId] as const),
    ),
  );
}

function had(name: string, owners: Map<string, string>): string {
  const theirs = topics.map((topic) => {
    const numbers = Array.from({ length: numPartitions }, (_, n) => n).filter(
      (n) => owners.get(`${topic} ${n}`) === name,
    );
    return numbers.length === 0 ? "" : `${topic} ${numbers.join(" ")}`;
  });
  return theirs.filter((text) => text !== "").join(", ") || "-";
}
