/** Items go to the broker that is in office for them; a broker that cannot be reached fails its own items only. */
import { ErrorCode } from "../../protocol/errors.ts";
import type { Cluster, Coordinated } from "../cluster.ts";
import { brokerError, KafkaError } from "../errors.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { type AdminOptions, type Attempt, forEach, type Outcome } from "./attempts.ts";
import { codeOfTopic } from "./fresh-topics.ts";

type AskNode<Item, Result> = (nodeId: number, items: readonly Item[]) => Promise<readonly Outcome<Item, Result>[]>;
type AskCoordinator<Item, Result> = (
  nodeId: number,
  items: readonly Item[],
  attempt: Attempt,
) => Promise<readonly Outcome<Item, Result>[]>;

const coordinatorGone: ReadonlySet<number | undefined> = new Set([
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
]);

/** All items are of this group. */
export const ofGroup = (groupId: string) => (): Coordinated => ({ group: groupId });

/**
 * Each coordinator is asked for those items that are its own, again for those whose error passes by itself.
 * @throws as `forEach` does.
 */
export function atCoordinators<Item, Result>(
  cluster: Cluster,
  items: readonly Item[],
  whose: (item: Item) => Coordinated,
  options: AdminOptions,
  ask: AskCoordinator<Item, Result>,
): Promise<Result[]> {
  return forEach(cluster, items, options, async (pending, attempt) => {
    const coordinatorOf = (item: Item) => cluster.coordinatorOf(whose(item), attempt);
    const outcomes = await routed(pending, coordinatorOf, (nodeId, theirs) => ask(nodeId, theirs, attempt));
    for (const { item, error } of outcomes) {
      if (error !== undefined && (error.errorCode === undefined || coordinatorGone.has(error.errorCode))) {
        cluster.coordinatorGone(whose(item));
      }
    }
    return outcomes;
  });
}

/** What is known of the topics is asked for anew in each attempt, as leaders may have moved. */
export async function byLeader<Item extends TopicPartition, Result>(
  cluster: Cluster,
  items: readonly Item[],
  attempt: Attempt,
  ask: AskNode<Item, Result>,
): Promise<Outcome<Item, Result>[]> {
  const { topics } = await cluster.metadata([...new Set(items.map(({ topic }) => topic))], attempt);
  return routed(
    items,
    async ({ topic, partition }) => {
      const described = topics.get(topic);
      const found = described?.partitions[partition];
      const told = described?.errorCode || (found === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : 0);
      const code = described?.partitions.length ? told : codeOfTopic(cluster, topic, told);
      if (code !== ErrorCode.NONE) throw brokerError(code, `${topic}/${partition}`);
      if (found!.leaderId < 0) throw brokerError(ErrorCode.LEADER_NOT_AVAILABLE, `${topic}/${partition}`);
      return found!.leaderId;
    },
    ask,
  );
}

async function routed<Item, Result>(
  items: readonly Item[],
  nodeOf: (item: Item) => Promise<number>,
  ask: AskNode<Item, Result>,
): Promise<Outcome<Item, Result>[]> {
  const nodes = await Promise.allSettled(items.map(nodeOf));
  const outcomes: Outcome<Item, Result>[] = [];
  const byNode = new Map<number, Item[]>();
  nodes.forEach((node, index) => {
    const item = items[index]!;
    if (node.status === "rejected") outcomes.push({ item, error: kafkaError(node.reason) });
    else if (byNode.has(node.value)) byNode.get(node.value)!.push(item);
    else byNode.set(node.value, [item]);
  });
  const answers = [...byNode].map(async ([nodeId, theirs]) => {
    try {
      return await ask(nodeId, theirs);
    } catch (error) {
      return theirs.map((item) => ({ item, error: kafkaError(error) }));
    }
  });
  for (const answered of await Promise.all(answers)) outcomes.push(...answered);
  return outcomes;
}

/** What is no error of Kafka's, such as the reason of a signal, ends the call. */
function kafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  throw error;
}

/** `[{ name, partitions: [...] }]`, as requests have it. */
export function byTopic<Item extends TopicPartition, Part>(
  items: readonly Item[],
  part: (item: Item) => Part,
): { name: string; partitions: Part[] }[] {
  return [...Map.groupBy(items, ({ topic }) => topic)].map(([name, those]) => ({ name, partitions: those.map(part) }));
}
