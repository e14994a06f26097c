/**
 * Several nodes out of one broker: each has a listener and a view of the broker's services, in which it leads only
 * some of the partitions. Records, groups and metadata are one broker's, and so is its crash.
 */
import type { Answer, BrokerServices, Endpoint } from "../broker/context.ts";
import type { Interception } from "../broker/interceptor.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { coordinatorPartition, javaStringHash } from "../protocol/hash.ts";
import type { Api } from "../protocol/schema.ts";
import { viewOf } from "./view.ts";

export interface Node {
  readonly nodeId: number;
  readonly listener: string;
}

type Fields = Readonly<Record<string, unknown>>;
const offsetsTopic = "__consumer_offsets";
const stateTopic = "__transaction_state";

export class Nodes {
  readonly all: readonly Node[];
  /** Leaders that moved, by "topic-partition". */
  readonly #moved = new Map<string, number>();
  readonly #views = new Map<number, BrokerServices>();
  readonly #partitionsOfOffsets: number;

  /** @param partitionsOfOffsets offsets.topic.num.partitions */
  constructor(count: number, partitionsOfOffsets: number) {
    this.all = Array.from({ length: count }, (_, at) => ({
      nodeId: at + 1,
      listener: at === 0 ? "PLAINTEXT" : `NODE${at + 1}`,
    }));
    this.#partitionsOfOffsets = partitionsOfOffsets;
  }

  idOf(listener: string): number {
    return this.all.find((node) => node.listener === listener)?.nodeId ?? 1;
  }

  leaderOf(topic: string, partition: number): number {
    const first = Math.abs(javaStringHash(topic)) % this.all.length;
    return this.#moved.get(`${topic}-${partition}`) ?? 1 + ((first + partition) % this.all.length);
  }

  coordinatorOf(groupId: string): number {
    return this.leaderOf(offsetsTopic, coordinatorPartition(groupId, this.#partitionsOfOffsets));
  }

  /** @param to the next node if none is named. @returns the new leader. @throws {RangeError} */
  move(topic: string, partition: number, to?: number): number {
    const nodeId = to ?? 1 + (this.leaderOf(topic, partition) % this.all.length);
    if (!this.all.some((node) => node.nodeId === nodeId)) {
      throw new RangeError(`there is no node ${nodeId}: this broker has ${this.all.length} (startBroker's nodes)`);
    }
    this.#moved.set(`${topic}-${partition}`, nodeId);
    return nodeId;
  }

  /** The broker has started anew: its services are others. */
  forgetViews(): void {
    this.#views.clear();
  }

  /** Has the node decide at whose listener the request came in. */
  answer({ api, request, context, handle }: Interception): Answer<Api> | Promise<Answer<Api>> {
    if (this.all.length === 1) return handle(request, context);
    const broker = this.#viewOf(this.idOf(context.connection.listener), context.broker);
    const answer = handle(request, { ...context, broker });
    const rewrite = rewrites[api.name];
    if (rewrite === undefined) return answer;
    const rewritten = (response: Answer<Api>) =>
      response && (rewrite(response as Fields, this, context.broker, request as Fields) as Answer<Api>);
    return answer instanceof Promise ? answer.then(rewritten) : rewritten(answer);
  }

  #viewOf(nodeId: number, broker: BrokerServices): BrokerServices {
    const view = this.#views.get(nodeId) ?? this.#makeView(nodeId, broker);
    this.#views.set(nodeId, view);
    return view;
  }

  #makeView(nodeId: number, broker: BrokerServices): BrokerServices {
    const leads = (topic: string, partition: number) => this.leaderOf(topic, partition) === nodeId;
    const notLeader = { ok: false, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER } as const;
    const own: Partial<BrokerServices> = {
      nodeId,
      partition(topic, partition) {
        const found = broker.partition(topic, partition);
        return found.ok && !leads(topic, partition) ? notLeader : found;
      },
      partitionById(topicId, partition) {
        const found = broker.partitionById(topicId, partition);
        return found.ok && !leads(found.partition.topic.name, partition) ? notLeader : found;
      },
      groups: {
        rebalancesOf: (groupId) => broker.groups.rebalancesOf(groupId),
        submit: (partition, type, request) =>
          leads(offsetsTopic, partition)
            ? broker.groups.submit(partition, type, request)
            : Promise.resolve({ ok: false, errorCode: ErrorCode.NOT_COORDINATOR }),
      },
      transactions: {
        admit: (asked) => broker.transactions.admit(asked), // brokers ask the coordinator, wherever that is
        submit: (partition, type, request) =>
          leads(stateTopic, partition)
            ? broker.transactions.submit(partition, type, request)
            : Promise.resolve({ ok: false, errorCode: ErrorCode.NOT_COORDINATOR }),
      },
    };
    return viewOf(broker, own);
  }
}

type Rewrite = (response: Fields, nodes: Nodes, broker: BrokerServices, request: Fields) => Fields;
const lists = (fields: Fields, name: string) => (fields[name] ?? []) as readonly Fields[];

/** Answers that name brokers. */
const rewrites: Readonly<Record<string, Rewrite>> = {
  Metadata: (response, nodes, broker) => ({
    ...response,
    brokers: brokers(lists(response, "brokers"), nodes, broker, "nodeId"),
    controllerId: 1,
    topics: lists(response, "topics").map((topic) => withLeaders(topic, nodes)),
  }),
  DescribeTopicPartitions: (response, nodes) => ({
    ...response,
    topics: lists(response, "topics").map((topic) => withLeaders(topic, nodes)),
  }),
  DescribeCluster: (response, nodes, broker) => ({
    ...response,
    brokers: brokers(lists(response, "brokers"), nodes, broker, "brokerId"),
    controllerId: 1,
  }),
  FindCoordinator: (response, nodes, broker, request) => {
    const found = (coordinator: Fields, key: string): Fields => {
      if (coordinator.errorCode !== ErrorCode.NONE) return coordinator;
      const isOfTransactions = request.keyType === 1;
      const nodeId = isOfTransactions
        ? nodes.leaderOf(stateTopic, broker.transactionPartition(key))
        : nodes.coordinatorOf(key);
      return { ...coordinator, ...coordinatorAt(nodeId, nodes, broker) };
    };
    if (response.coordinators === undefined) return found(response, request.key as string);
    return {
      ...response,
      coordinators: lists(response, "coordinators").map((each) => found(each, each.key as string)),
    };
  },
};

function coordinatorAt(nodeId: number, nodes: Nodes, broker: BrokerServices): Endpoint & { nodeId: number } {
  return { nodeId, ...broker.endpoint(nodes.all[nodeId - 1]!.listener) };
}

/** An answer that was refused names no brokers. */
function brokers(told: readonly Fields[], nodes: Nodes, broker: BrokerServices, id: string): Fields[] {
  return told.flatMap((one) =>
    nodes.all.map(({ nodeId, listener }) => ({ ...one, [id]: nodeId, ...broker.endpoint(listener) })),
  );
}

function withLeaders(topic: Fields, nodes: Nodes): Fields {
  const partitions = lists(topic, "partitions").map((partition) => {
    const leaderId = nodes.leaderOf(topic.name as string, partition.partitionIndex as number);
    return { ...partition, leaderId, replicaNodes: [leaderId], isrNodes: [leaderId] };
  });
  return { ...topic, partitions };
}
